"""The nodes' end of the collector: one stream per node, each driving a session that knows no I/O."""

from __future__ import annotations

import asyncio
import collections
import logging
import time
from typing import AsyncIterator, Callable, Counter, Dict, Optional, Sequence, Set, Tuple

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from ascend_doctor.collector.committer import Committer
from ascend_doctor.collector.fleet import Fleet
from ascend_doctor.collector.store import Entry
from ascend_doctor.report.printable import printable
from ascend_doctor.v1 import ingest_pb2, ingest_pb2_grpc
from ascend_doctor.wire.collector_session import DEFAULT_OFFER, CollectorSession, Offer
from ascend_doctor.wire.credentials import identity_from_context
from ascend_doctor.wire.effects import Close, Commit, Deliver, Effects, Reason, Send
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.frames import Hello
from ascend_doctor.wire.metadata import RETRY_AFTER
from ascend_doctor.wire.requests import RequestReader
from ascend_doctor.wire.responses import response_message

log = logging.getLogger(__name__)

TICK_S = 1.0
MAX_OUTGOING = 256
"""Frames that wait for one node; a peer that does not read them is cut off."""
WRITE_S = 60.0
"""How long a peer may leave a message unread."""
FAREWELL_S = 5.0
"""How long the status of a stream that was closed may take to go out."""
MAX_UNCOMMITTED = 64
"""Changes of one node that wait for the store; while it fails, a node that comes back with more has to wait."""
BEHIND_RETRY_S = 30.0
MAX_USURPERS = 4
"""So often within a minute may a stream of a node end one that comes from elsewhere; then two machines share a name."""
USURPERS_WITHIN_S = 60.0
DISPUTED_RETRY_S = 60.0

Context = grpc.aio.ServicerContext[ingest_pb2.ConnectRequest, ingest_pb2.ConnectResponse]

_DEAF = "the peer does not read what it is sent"
_STATUS = {
    Reason.DONE: grpc.StatusCode.OK,
    Reason.IDENTITY: grpc.StatusCode.PERMISSION_DENIED,
    Reason.PROTOCOL: grpc.StatusCode.FAILED_PRECONDITION,
    Reason.LIMIT: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Reason.SILENT: grpc.StatusCode.DEADLINE_EXCEEDED,
}


class _Stream:
    """One stream: its session, and the frames that wait to be sent."""

    def __init__(self, session: CollectorSession, peer: str) -> None:
        self.session = session
        self.peer = peer
        self.reader = RequestReader()
        self.outgoing: asyncio.Queue[Optional[ingest_pb2.ConnectResponse]] = asyncio.Queue()
        self.close: Optional[Close] = None
        self.usurped_at: Tuple[float, ...] = ()
        """When streams from elsewhere took over from each other, up to this one."""
        self.is_disputed = False
        """Whether the name is another machine's too: then this stream keeps it for as long as it lives."""

    def elsewhere(self, hello: Hello, peer: str) -> bool:
        """Tell whether a greeting comes from another machine: a node that returns has its address and its spool."""
        own = self.session.hello
        return own is not None and (own.epoch != hello.epoch or _host(self.peer) != _host(peer))


def _host(peer: str) -> str:
    """Return a peer without its port."""
    return peer.rpartition(":")[0]


class IngestService(ingest_pb2_grpc.IngestServiceServicer):
    """Takes in the streams of all nodes. With `secured` each may send under the names in its certificate only."""

    def __init__(
        self,
        fleet: Fleet,
        committer: Committer,
        *,
        secured: bool,
        offer: Offer = DEFAULT_OFFER,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._fleet = fleet
        self._committer = committer
        self._secured = secured
        self._offer = offer
        self._clock = clock
        self._streams: Set[_Stream] = set()
        self._by_node: Dict[str, _Stream] = {}
        self._uncommitted: Counter[str] = collections.Counter()
        self.refused: Dict[str, int] = {reason.value: 0 for reason in Reason if reason is not Reason.DONE}

    @property
    def connected(self) -> Sequence[str]:
        """The nodes that have a stream now."""
        return sorted(self._by_node)

    async def Connect(  # type: ignore[override] # noqa: N802 - the generated name; its stub knows generators only
        self, request_iterator: AsyncIterator[ingest_pb2.ConnectRequest], context: Context
    ) -> None:
        """Serve one node until either side ends the stream."""
        names = identity_from_context(context.auth_context()).names if self._secured else None
        session = CollectorSession(self._fleet.known, identities=names, now=time.monotonic(), offer=self._offer)
        stream = _Stream(session, printable(context.peer()))
        self._streams.add(stream)
        listening = asyncio.create_task(self._listen(stream, request_iterator))
        ticking = asyncio.create_task(self._tick(stream))
        try:
            await self._speak(stream, context)
        finally:
            for task in (listening, ticking):
                task.cancel()
            results = await asyncio.gather(listening, ticking, return_exceptions=True)
            self._leave(stream)
        for result in results:
            if isinstance(result, Exception):
                raise result
        await self._end(stream, context)

    async def _speak(self, stream: _Stream, context: Context) -> None:
        """Send what waits until the stream is over."""
        while True:
            message = await stream.outgoing.get()
            if message is None:
                return
            try:
                await asyncio.wait_for(context.write(message), WRITE_S)
            except asyncio.TimeoutError:
                self._do(stream, stream.session.close(Reason.LIMIT, _DEAF))
                return

    def drain(self, reason: str, retry_after_s: Optional[float] = None) -> None:
        """Ask every node to go and come back."""
        for stream in list(self._streams):
            self._do(stream, stream.session.drain(reason, retry_after_s))

    async def _listen(self, stream: _Stream, requests: AsyncIterator[ingest_pb2.ConnectRequest]) -> None:
        """Take in what comes until the stream is over, whatever ends it."""
        try:
            async for request in requests:
                frame = stream.reader.read(request)
                if frame is None:
                    continue
                if isinstance(frame, Hello) and self._is_usurper(stream, frame):
                    text = f"another machine is node {frame.node} too: give each its own name, or stop one"
                    self._do(stream, stream.session.close(Reason.IDENTITY, text, DISPUTED_RETRY_S))
                    return
                self._do(stream, stream.session.received(frame, time.monotonic()))
                if isinstance(frame, Hello) and stream.close is None:
                    self._enter(stream, frame)
                if stream.close is not None:
                    return
        except (WireError, DecodeError) as error:
            self._do(stream, stream.session.close(Reason.PROTOCOL, f"refused: {error}"))
        finally:
            stream.outgoing.put_nowait(None)

    async def _tick(self, stream: _Stream) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._do(stream, stream.session.tick(time.monotonic()))

    def _do(self, stream: _Stream, effects: Effects) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                stream.outgoing.put_nowait(response_message(effect.frame))  # type: ignore[arg-type]
                if stream.outgoing.qsize() > MAX_OUTGOING:
                    self._do(stream, stream.session.close(Reason.LIMIT, _DEAF))
            elif isinstance(effect, Commit):
                self._commit(stream, effect)
            elif isinstance(effect, Close):
                stream.close = effect
                stream.outgoing.put_nowait(None)
            elif isinstance(effect, Deliver):
                log.debug("%s answered %s", stream.peer, effect.frame)

    def _commit(self, stream: _Stream, commit: Commit) -> None:
        now = self._clock()
        transitions = self._fleet.accept(commit, now)

        self._uncommitted[commit.node] += 1

        def done(entry: Entry) -> None:
            self._uncommitted[commit.node] -= 1
            if not self._uncommitted[commit.node]:
                del self._uncommitted[commit.node]
            self._fleet.stored(entry.commit)
            # The node may have come back on another stream meanwhile: that one acknowledges.
            current = self._by_node.get(commit.node, stream)
            self._do(current, current.session.committed(commit.epoch, commit.sequence))

        self._committer.put(Entry(commit, transitions, now), done)

    def _is_usurper(self, stream: _Stream, hello: Hello) -> bool:
        """Tell whether a newcomer is one too many: else two machines of one name would end each other for ever."""
        older = self._by_node.get(hello.node)
        if older is None or older is stream or not older.elsewhere(hello, stream.peer):
            return False
        recent = [at for at in older.usurped_at if time.monotonic() - at < USURPERS_WITHIN_S]
        older.is_disputed = older.is_disputed or len(recent) >= MAX_USURPERS
        return older.is_disputed

    def _enter(self, stream: _Stream, hello: Hello) -> None:
        if self._uncommitted[hello.node] > MAX_UNCOMMITTED:
            self._do(stream, stream.session.close(Reason.LIMIT, "the store is behind", BEHIND_RETRY_S))
            return
        older = self._by_node.get(hello.node)
        if older is not None and older.elsewhere(hello, stream.peer):
            stream.usurped_at = (*older.usurped_at[-MAX_USURPERS:], time.monotonic())
        self._by_node[hello.node] = stream
        self._fleet.greeted(hello)
        log.info("node %s is here, from %s", hello.node, stream.peer)
        if older is not None and older is not stream:
            self._do(older, older.session.close(Reason.DONE, "a newer stream of the node is here"))

    def _leave(self, stream: _Stream) -> None:
        self._streams.discard(stream)
        hello = stream.session.hello
        if hello is not None and self._by_node.get(hello.node) is stream:
            del self._by_node[hello.node]
            log.info("node %s has gone", hello.node)

    async def _end(
        self,
        stream: _Stream,
        context: Context,
    ) -> None:
        close = stream.close
        if close is None or close.reason is Reason.DONE:
            return
        self.refused[close.reason.value] += 1
        log.warning("closed the stream of %s: %s", stream.peer, printable(close.text))
        trailers = () if close.retry_after_s is None else ((RETRY_AFTER, f"{close.retry_after_s:.0f}"),)
        try:
            await asyncio.wait_for(context.abort(_STATUS[close.reason], close.text, trailers), FAREWELL_S)
        except asyncio.TimeoutError:
            # A peer that reads nothing does not take the status either: let gRPC drop the call.
            raise asyncio.CancelledError from None
