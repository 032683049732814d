"""The nodes' end of the collector: one stream per node, each driving a session that knows no I/O."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import logging
import time
from typing import AsyncIterator, Callable, Counter, Deque, Dict, Optional, Sequence, Set, Tuple

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from ascend_doctor.collector.committer import Committer
from ascend_doctor.collector.fleet import Fleet
from ascend_doctor.collector.pace import Bucket, Pace
from ascend_doctor.collector.store import Entry
from ascend_doctor.report.printable import printable
from ascend_doctor.v1 import ingest_pb2, ingest_pb2_grpc
from ascend_doctor.wire.collector_session import DEFAULT_OFFER, CollectorSession, Offer
from ascend_doctor.wire.credentials import Role, identity_from_context
from ascend_doctor.wire.effects import Close, Commit, Deliver, Effects, Reason, Send
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.frames import Hello
from ascend_doctor.wire.requests import RequestReader
from ascend_doctor.wire.responses import response_message

log = logging.getLogger(__name__)

TICK_S = 5.0
"""How often a session is asked what is due; all its deadlines are longer than that by far."""
TICK_PARTS = 50
"""The streams are ticked in so many parts of a tick, so that thousands of them do not hold up the loop at once."""
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
MESSAGES = Pace(burst=64, per_s=1.0)
"""Messages of one stream. A node that looks every minute sends two in that time; one that flaps has to wait."""
BYTES = Pace(burst=24 << 20, per_s=128 << 10)
"""Bytes of one stream: a whole state at once, and then what a node under changes may need."""

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
    """One stream: its session, and the messages that wait to be sent."""

    __slots__ = (
        "bytes",
        "close",
        "context",
        "is_disputed",
        "messages",
        "outgoing",
        "peer",
        "reader",
        "session",
        "task",
        "usurped_at",
        "writing",
        "writing_since",
    )

    def __init__(self, session: CollectorSession, reader: RequestReader, context: Context, now: float) -> None:
        self.session = session
        self.reader = reader
        self.context = context
        self.peer = printable(context.peer())
        self.task = asyncio.current_task()
        self.messages = Bucket(MESSAGES, now)
        self.bytes = Bucket(BYTES, now)
        self.outgoing: Deque[ingest_pb2.ConnectResponse] = collections.deque()
        self.writing: Optional[asyncio.Task[None]] = None
        self.writing_since = 0.0
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
    """Takes in the streams of all nodes. With `secured` every peer has to show a node's certificate."""

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
        self.ignored = 0
        """How many frames came on streams that are over which this program does not know."""
        self.paced_s = 0.0
        """How long streams had to wait because they sent too much."""

    @property
    def connected(self) -> Sequence[str]:
        """The nodes that have a stream now."""
        return sorted(self._by_node)

    async def Connect(  # type: ignore[override] # noqa: N802 - the generated name; its stub knows generators only
        self, _requests: AsyncIterator[ingest_pb2.ConnectRequest], context: Context
    ) -> None:
        """Serve one node until either side ends the stream."""
        identity = identity_from_context(context.auth_context())
        if self._secured and not identity.may([Role.NODE]):
            self.refused[Reason.IDENTITY.value] += 1
            await context.abort(
                grpc.StatusCode.PERMISSION_DENIED, f"{identity} is no node; issue a certificate with --role node"
            )
        now = time.monotonic()
        names = identity.names if self._secured else None
        session = CollectorSession(self._fleet.known, identities=names, now=now, offer=self._offer)
        stream = _Stream(session, RequestReader(self._fleet.pool), context, now)
        self._streams.add(stream)
        try:
            await self._listen(stream)
            await self._drained(stream)
        except asyncio.CancelledError:
            # Either the peer is gone, or somebody here has closed the stream and wakes it in this way.
            if stream.close is None:
                raise
            await self._drained(stream)
        finally:
            self._leave(stream)
        await self._end(stream)

    def drain(self, reason: str, retry_after_s: Optional[float] = None) -> None:
        """Ask every node to go and come back."""
        for stream in list(self._streams):
            self._do(stream, stream.session.drain(reason, retry_after_s))

    async def keep_time(self) -> None:
        """Let every session do what is due, about once in a tick; for as long as the collector runs."""
        while True:
            streams = list(self._streams)
            size = -(-len(streams) // TICK_PARTS) or 1
            began = time.monotonic()
            for part in range(TICK_PARTS):
                now = time.monotonic()
                for stream in streams[part * size : (part + 1) * size]:
                    if stream.writing is not None and now - stream.writing_since > WRITE_S:
                        self._do(stream, stream.session.close(Reason.LIMIT, _DEAF))
                    self._do(stream, stream.session.tick(now))
                await asyncio.sleep(max(0.0, began + TICK_S * (part + 1) / TICK_PARTS - time.monotonic()))

    async def _listen(self, stream: _Stream) -> None:
        """Take in what comes until the stream is over, whatever ends it."""
        try:
            while stream.close is None:
                request = await stream.context.read()
                if request is grpc.aio.EOF:
                    return
                self._take(stream, request)
                await self._pace(stream, request.ByteSize())
        except (WireError, DecodeError) as error:
            self._do(stream, stream.session.close(Reason.PROTOCOL, f"refused: {error}"))

    def _take(self, stream: _Stream, request: ingest_pb2.ConnectRequest) -> None:
        frame = stream.reader.read(request)
        if frame is None:
            return
        if isinstance(frame, Hello) and self._is_usurper(stream, frame):
            text = f"another machine is node {frame.node} too: give each its own name, or stop one"
            self._do(stream, stream.session.close(Reason.IDENTITY, text, DISPUTED_RETRY_S))
            return
        self._do(stream, stream.session.received(frame, time.monotonic()))
        if isinstance(frame, Hello) and stream.close is None:
            self._enter(stream, frame)

    async def _pace(self, stream: _Stream, size: int) -> None:
        """Let a peer wait that sends too much, and all of them while the store has too much to do."""
        now = time.monotonic()
        wait_s = max(stream.messages.take(1, now), stream.bytes.take(size, now))
        if wait_s > 0:
            self.paced_s += wait_s
            await asyncio.sleep(wait_s)
        await self._committer.room()

    def _do(self, stream: _Stream, effects: Effects) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                stream.outgoing.append(response_message(effect.frame))  # type: ignore[arg-type]
                if len(stream.outgoing) > MAX_OUTGOING:
                    stream.outgoing.clear()
                    self._do(stream, stream.session.close(Reason.LIMIT, _DEAF))
                elif stream.writing is None:
                    stream.writing = asyncio.ensure_future(self._write(stream))
            elif isinstance(effect, Commit):
                self._commit(effect)
            elif isinstance(effect, Close):
                stream.close = effect
                if stream.task is not None and stream.task is not asyncio.current_task():
                    stream.task.cancel()
            elif isinstance(effect, Deliver):
                log.debug("%s answered %s", stream.peer, effect.frame)

    async def _write(self, stream: _Stream) -> None:
        """Send what waits. A stream at rest has no such task."""
        try:
            while stream.outgoing:
                stream.writing_since = time.monotonic()
                await stream.context.write(stream.outgoing.popleft())
        except (grpc.aio.UsageError, grpc.aio.BaseError, asyncio.InvalidStateError):
            stream.outgoing.clear()  # the peer is gone; its stream finds that out by itself
        finally:
            stream.writing = None

    async def _drained(self, stream: _Stream) -> None:
        """Wait until everything has been sent that was said before the end."""
        writing = stream.writing
        if writing is not None:
            await asyncio.wait((writing,), timeout=FAREWELL_S)
            writing.cancel()

    def _commit(self, commit: Commit) -> None:
        entry = self._fleet.accept(commit, self._clock())
        self._uncommitted[commit.node] += 1
        self._committer.put(entry, self._committed)

    def _committed(self, entry: Entry, kept: bool) -> None:
        self._uncommitted[entry.node] -= 1
        if not self._uncommitted[entry.node]:
            del self._uncommitted[entry.node]
        # The node may have come back on another stream meanwhile: that one acknowledges.
        stream = self._by_node.get(entry.node)
        if not kept:
            self.superseded(entry.node)
            return
        self._fleet.stored(entry)
        if stream is not None:
            self._do(stream, stream.session.committed(entry.standing.epoch, entry.standing.sequence))

    def superseded(self, node: str) -> None:
        """End the stream of a node that speaks to another collector by now."""
        stream = self._by_node.get(node)
        if stream is not None:
            self._do(stream, stream.session.close(Reason.DONE, "the node speaks to another collector"))

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
        self._committer.claim(hello.node)
        log.info("node %s is here, from %s", hello.node, stream.peer)
        if older is not None and older is not stream:
            self._do(older, older.session.close(Reason.DONE, "a newer stream of the node is here"))

    def _leave(self, stream: _Stream) -> None:
        self._streams.discard(stream)
        self.ignored += stream.session.ignored
        hello = stream.session.hello
        if hello is not None and self._by_node.get(hello.node) is stream:
            del self._by_node[hello.node]
            log.info("node %s has gone", hello.node)

    async def _end(self, stream: _Stream) -> None:
        close = stream.close
        if close is None or close.reason is Reason.DONE:
            return
        self.refused[close.reason.value] += 1
        log.warning("closed the stream of %s: %s", stream.peer, printable(close.text))
        trailers = () if close.retry_after_s is None else (("retry-after-s", f"{close.retry_after_s:.0f}"),)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stream.context.abort(_STATUS[close.reason], close.text, trailers), FAREWELL_S)
        # A peer that reads nothing does not take the status either: let gRPC drop the call.
        raise asyncio.CancelledError
