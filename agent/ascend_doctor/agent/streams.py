"""One stream to a collector, from the first try to its end: the only place of the agent that knows gRPC."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from typing import Any, Callable, Dict, Optional, Tuple

import attrs
import grpc
import grpc.aio

from ascend_doctor.report.printable import printable
from ascend_doctor.v1 import ingest_pb2_grpc
from ascend_doctor.wire.agent_session import AgentSession
from ascend_doctor.wire.caller import Caller, NotVettedError, Opened
from ascend_doctor.wire.credentials import Address, CredentialError, TlsFiles
from ascend_doctor.wire.diagnosis import diagnose
from ascend_doctor.wire.effects import Close, Reason
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.frames import AgentFrame, CollectorFrame
from ascend_doctor.wire.metadata import RETRY_AFTER, number
from ascend_doctor.wire.requests import request_messages
from ascend_doctor.wire.responses import read_response

logger = logging.getLogger(__name__)

CONNECT_S = 20.0
WRITE_S = 60.0
"""How long the collector may leave a message unread."""
FAREWELL_S = 1.0
"""How long each side has to say its last word."""
STAMP_S = 5.0
"""How often the files of the certificate are looked at."""
EXPLAIN_EVERY_S = 300.0
"""A failure is looked into with a handshake of its own; not so often that it burdens a collector in trouble."""
MAX_OUTGOING = 1_024
"""Frames that wait to be sent; a session keeps far fewer unless the collector does not read."""
LONGEST_HINT_S = 3600.0
CUT = "the stream was cut"

Received = Callable[[CollectorFrame], None]


@attrs.frozen
class Lost:
    """How a stream ended. `trouble` says what is wrong and what to do, empty when nothing is.

    `retry_after_s` is the collector's hint when to come again, None without one. Of a trouble that `is_vague` gRPC has
    hidden the cause: another stream that ended for the same may have told it.
    """

    trouble: str = ""
    retry_after_s: Optional[float] = None
    is_vague: bool = False


class Conversation:
    """What goes out on one stream: frames in their order, until it is closed."""

    def __init__(self) -> None:
        self._frames: asyncio.Queue[Optional[AgentFrame]] = asyncio.Queue()
        self.over = asyncio.Event()
        """Set when the stream is gone."""
        self.ending: Optional[Close] = None
        """Why this side ended it, None while it did not."""

    def send(self, frame: AgentFrame) -> None:
        """Put a frame behind those that wait."""
        if self._frames.qsize() >= MAX_OUTGOING:
            self.close(Close(Reason.LIMIT, "the collector does not read what it is sent"))
        elif self.ending is None:
            self._frames.put_nowait(frame)

    def close(self, ending: Close) -> None:
        """End the stream once what waits has been sent; only the first reason counts."""
        if self.ending is None:
            self.ending = ending
            self._frames.put_nowait(None)

    async def next(self) -> Optional[AgentFrame]:
        """Return the next frame to send, None when there will be none."""
        return await self._frames.get()


class Line:
    """The way to the collectors, with the certificate that opens it."""

    def __init__(self, tls: Optional[TlsFiles], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._tls = tls
        self.caller = Caller(tls)
        """What opens the way: the node's certificate, and whom it trusts."""
        self._warned = ""
        self._monotonic = monotonic
        self._explained_at: Dict[Address, float] = {}

    async def converse(
        self, address: Address, session: AgentSession, opened: Callable[[Conversation], None], received: Received
    ) -> Lost:
        """Open a stream and keep it until either side ends it; never raises for what network or collector do.

        `opened` is given the way out once the stream is there, `received` every frame that comes. A certificate that
        is replaced ends the stream, because a channel keeps the one it was made with.
        """
        conversation = Conversation()
        was_welcome = False
        trouble, is_vague, hint = "", False, None

        def heard(frame: CollectorFrame) -> None:
            nonlocal was_welcome
            received(frame)
            was_welcome = was_welcome or session.streaming

        try:
            await self._hold(address, session, conversation, opened, heard)
        except (CredentialError, NotVettedError) as error:
            trouble = str(error)
        except grpc.aio.AioRpcError as error:
            hint = _hint(error)
            trouble, is_vague = await self._trouble(address, error)
        except asyncio.InvalidStateError:
            # What a write to a stream that was cut raises instead of AioRpcError (seen with grpcio 1.80 and 1.85).
            trouble, is_vague = f"{address}: {CUT}", True
        except asyncio.TimeoutError:
            trouble = f"{address}: no answer in time; is the collector overloaded, or stopped?"
        except WireError as error:
            trouble = f"{address}: not understood, {printable(str(error))}; is the collector of a newer version?"
        finally:
            conversation.over.set()
        if not was_welcome:
            self.caller.doubt(address)
        ending = conversation.ending
        if ending is not None and ending.reason is not Reason.DONE:
            trouble, is_vague = f"{address}: {ending.text}", False
        return Lost(trouble, hint, is_vague)

    async def _hold(
        self,
        address: Address,
        session: AgentSession,
        conversation: Conversation,
        opened: Callable[[Conversation], None],
        received: Received,
    ) -> None:
        way = await self.caller.open(address)
        self._warn()
        async with way.channel as channel:
            call: Any = ingest_pb2_grpc.IngestServiceStub(channel).Connect()
            reading = asyncio.ensure_future(_read(call, received))
            writing = asyncio.ensure_future(_write(call, session, conversation))
            watching = asyncio.ensure_future(self._watch(way, conversation))
            try:
                await asyncio.wait_for(call.wait_for_connection(), CONNECT_S)
                opened(conversation)
                await asyncio.wait((reading, writing), return_when=asyncio.FIRST_COMPLETED)
                # Whatever ended first, the collector's last word tells the most.
                await asyncio.wait((reading,), timeout=FAREWELL_S)
                for task in (reading, writing):
                    if task.done():
                        task.result()
            finally:
                for task in (reading, writing, watching):
                    task.cancel()
                await asyncio.gather(reading, writing, watching, return_exceptions=True)
                call.cancel()

    async def _watch(self, opened: Opened, conversation: Conversation) -> None:
        """Close when the files of the certificate are replaced, or the collector's certificate is revoked."""
        while self._tls is not None:
            await asyncio.sleep(STAMP_S)
            if self.caller.is_outdated(opened):
                conversation.close(Close(Reason.DONE, "the certificates were replaced"))
                return
            self._warn()

    def _warn(self) -> None:
        """Tell once when the newest files are not in force."""
        if self.caller.trouble != self._warned:
            self._warned = self.caller.trouble
            if self._warned:
                logger.warning("%s", self._warned)

    async def _trouble(self, address: Address, error: grpc.aio.AioRpcError) -> Tuple[str, bool]:
        """Say why, and whether that is vague; after a look of one's own where gRPC says no more than UNAVAILABLE."""
        code = error.code()
        if code is grpc.StatusCode.INTERNAL:
            # What is left of any status that comes while a message is on its way out (grpc.aio 1.80).
            return f"{address}: {CUT}", True
        said = f"{address}: {code.name.lower().replace('_', ' ')}: {printable(error.details() or '')}"
        if code is not grpc.StatusCode.UNAVAILABLE:
            return said, False
        if self._monotonic() - self._explained_at.get(address, -math.inf) >= EXPLAIN_EVERY_S:
            self._explained_at[address] = self._monotonic()
            found = await asyncio.get_running_loop().run_in_executor(None, diagnose, address, self._tls)
            if found:
                return found, False
        return said, True


async def _read(call: Any, received: Received) -> None:
    async for message in call:
        received(read_response(message))


async def _write(call: Any, session: AgentSession, conversation: Conversation) -> None:
    while True:
        frame = await conversation.next()
        if frame is None:
            await call.done_writing()
            return
        for message in request_messages(frame, session.max_message_bytes):
            await asyncio.wait_for(call.write(message), WRITE_S)


def _hint(error: grpc.aio.AioRpcError) -> Optional[float]:
    """Return after how many seconds the collector wants to see the node again, None when it does not say."""
    hint_s = number(error.trailing_metadata(), RETRY_AFTER)
    return hint_s if hint_s is not None and 0 <= hint_s <= LONGEST_HINT_S else None
