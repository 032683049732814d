"""The nodes' end of the collector: one stream per node, each driving a session that knows no I/O."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import functools
import logging
import random
import time
from typing import AsyncIterator, Callable, Counter, Dict, Optional, Sequence, Set, Tuple

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from ascend_doctor.collector.committer import Committer
from ascend_doctor.collector.fleet import Fleet
from ascend_doctor.collector.node_stream import DEAF, MAX_AGE_S, Context, Purse, Stream
from ascend_doctor.collector.store import Entry, News
from ascend_doctor.report.printable import printable
from ascend_doctor.v1 import ingest_pb2, ingest_pb2_grpc
from ascend_doctor.wire import limits
from ascend_doctor.wire.collector_session import DEFAULT_OFFER, CollectorSession, Offer
from ascend_doctor.wire.credentials import identity_from_context
from ascend_doctor.wire.effects import Close, Commit, Deliver, Effects, Reason, Send
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.frames import Hello
from ascend_doctor.wire.metadata import RETRY_AFTER
from ascend_doctor.wire.requests import RequestReader
from ascend_doctor.wire.responses import response_message

log = logging.getLogger(__name__)

TICK_S = 15.0
"""How often a session is asked what is due; its deadlines may be late by that."""
TICK_PARTS = 60
"""The streams are ticked in so many parts of a tick, so that thousands of them do not hold up the loop at once."""
MAX_OUTGOING = 256
"""Frames that wait for one node; a peer that does not read them is cut off."""
FAREWELL_S = 5.0
"""How long the status of a stream that was closed may take to go out."""
CUT_S = 0.05
"""gRPC tells that nothing more comes a moment before it tells that the stream was cut (within 0.2 ms, grpcio 1.80)."""
MAX_NODES = limits.MAX_REPORT_NODE_COUNT
"""So many nodes at most, as a report can tell of: plaintext peers on loopback may give themselves any name."""
MAX_UNCOMMITTED = 64
"""Changes of one node that wait for the store; while it fails, a node that comes back with more has to wait."""
BEHIND_RETRY_S = 30.0
MAX_USURPERS = 4
"""So often within a minute may a stream of a node end one that comes from elsewhere; then two machines share a name."""
USURPERS_WITHIN_S = 60.0
DISPUTED_RETRY_S = 60.0
_ELSEWHERE = "another collector has the node, or the store misses something of it"
_STATUS = {
    Reason.DONE: grpc.StatusCode.OK,
    Reason.IDENTITY: grpc.StatusCode.PERMISSION_DENIED,
    Reason.PROTOCOL: grpc.StatusCode.FAILED_PRECONDITION,
    Reason.LIMIT: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Reason.SILENT: grpc.StatusCode.DEADLINE_EXCEEDED,
}


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
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._fleet = fleet
        self._committer = committer
        self._secured = secured
        self._offer = offer
        self._clock = clock
        self._chance = chance
        self._streams: Set[Stream] = set()
        self._by_node: Dict[str, Stream] = {}
        self._uncommitted: Counter[str] = collections.Counter()
        self._purses: Dict[str, Purse] = {}
        self._ignored = 0
        self.opened = 0
        """How many streams have been opened."""
        self.refused: Dict[str, int] = {reason.value: 0 for reason in Reason if reason is not Reason.DONE}
        """How many streams this side has closed, by the reason."""
        self.cut = 0
        """How many streams ended without a farewell: the peer is gone, or gRPC refused what it sent."""
        self.paced_s = 0.0
        """How long streams had to wait because they sent too much."""

    @property
    def connected(self) -> Sequence[str]:
        """The nodes that have a stream now."""
        return sorted(self._by_node)

    @property
    def ignored(self) -> int:
        """How many frames came which this program does not know."""
        return self._ignored + sum(stream.session.ignored for stream in self._streams)

    async def Connect(  # type: ignore[override] # noqa: N802 - the generated name; its stub knows generators only
        self, _requests: AsyncIterator[ingest_pb2.ConnectRequest], context: Context
    ) -> None:
        """Serve one node until either side ends the stream."""
        self.opened += 1
        now = time.monotonic()
        names = identity_from_context(context.auth_context()).names if self._secured else None
        session = CollectorSession(self._fleet.known, identities=names, now=now, offer=self._offer)
        # Those that came together do not go together.
        leaves_at = now + MAX_AGE_S * (1 + self._chance()) / 2
        stream = Stream(session, RequestReader(self._fleet.pool), context, now, leaves_at)
        self._streams.add(stream)
        try:
            await self._listen(stream)
            await self._drained(stream)
        except asyncio.CancelledError:
            # Either the peer is gone, or somebody here has closed the stream and wakes it in this way.
            if stream.close is None:
                self.cut += 1
                raise
            await self._drained(stream)
        finally:
            self._leave(stream)
        await self._end(stream)

    def drain(self, reason: str, retry_after_s: Optional[float] = None) -> None:
        """Ask every node to go and come back."""
        for stream in list(self._streams):
            self._aside(stream, functools.partial(stream.session.drain, reason, retry_after_s))

    def heard(self, news: News) -> None:
        """Take up what other collectors did: who speaks to them does not speak here any more."""
        for node in news.forgotten:
            self._close(node, "the node was forgotten")
            self._fleet.forget(node)
        for item in news.nodes:
            self._close(item.node, _ELSEWHERE)
        self._fleet.take_up(news.nodes)

    async def keep_time(self) -> None:
        """Let every session do what is due, about once in a tick; for as long as the collector runs."""
        while True:
            streams = list(self._streams)
            size = -(-len(streams) // TICK_PARTS) or 1
            began = time.monotonic()
            for part in range(TICK_PARTS):
                for stream in streams[part * size : (part + 1) * size]:
                    self._aside(stream, functools.partial(stream.due, time.monotonic()))
                await asyncio.sleep(max(0.0, began + TICK_S * (part + 1) / TICK_PARTS - time.monotonic()))
            now = time.monotonic()
            for node in [node for node, purse in self._purses.items() if all(item.is_full(now) for item in purse)]:
                del self._purses[node]

    async def _listen(self, stream: Stream) -> None:
        """Take in what comes until the stream is over, whatever ends it."""
        try:
            while stream.close is None:
                request = await stream.context.read()
                if request is grpc.aio.EOF:  # type: ignore[attr-defined] # the stubs do not know it
                    await asyncio.sleep(CUT_S)
                    return
                self._take(stream, request)
                if stream.close is None:
                    await self._pace(stream, request.ByteSize())
                del request  # or else each of thousands of streams keeps its last message until the next one
        except (WireError, DecodeError) as error:
            self._do(stream, stream.session.close(Reason.PROTOCOL, f"refused: {error}"))

    def _take(self, stream: Stream, request: ingest_pb2.ConnectRequest) -> None:
        if stream.session.hello is None and request.HasField("state"):
            # The parts of a state would be gathered before the session sees any: by as many streams as a peer opens.
            self._do(stream, stream.session.close(Reason.PROTOCOL, "the stream does not begin with Hello"))
            return
        frame = stream.reader.read(request)
        if frame is None:
            stream.session.listening(time.monotonic())
            return
        refusal = self._refusal(stream, frame) if isinstance(frame, Hello) else None
        if refusal is not None:
            # Before any welcome: a node that was not welcome goes to another collector.
            self._do(stream, stream.session.close(*refusal))
            return
        self._do(stream, stream.session.received(frame, time.monotonic()))
        if isinstance(frame, Hello) and stream.close is None:
            self._enter(stream, frame)

    async def _pace(self, stream: Stream, size: int) -> None:
        """Let a peer wait that sends too much, and all of them while the store has too much to do."""
        messages, size_left = stream.purse
        now = time.monotonic()
        wait_s = max(messages.take(1, now), size_left.take(size, now))
        if wait_s == 0 and self._committer.has_room:
            return
        self.paced_s += wait_s
        stream.is_held = True
        await asyncio.sleep(wait_s)
        await self._committer.room()
        stream.is_held = False
        stream.session.listening(time.monotonic())

    def _aside(self, stream: Stream, act: Callable[[], Effects]) -> None:
        """Let a session act outside the task of its own stream.

        A bug that one of them has must not take the clock or the store from all the others: it ends that stream.
        """
        try:
            self._do(stream, act())
        except Exception:
            log.exception("the stream of %s has to be cut", stream.peer)
            if stream.task is not None:
                stream.task.cancel()

    def _do(self, stream: Stream, effects: Effects) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                stream.outgoing.append(response_message(effect.frame))  # type: ignore[arg-type]
                if len(stream.outgoing) > MAX_OUTGOING:
                    stream.outgoing.clear()
                    self._do(stream, stream.session.close(Reason.LIMIT, DEAF))
                elif stream.writing is None:
                    stream.writing = asyncio.ensure_future(self._write(stream))
            elif isinstance(effect, Commit):
                self._commit(stream, effect)
            elif isinstance(effect, Close):
                stream.close = effect
                if effect.reason is not Reason.DONE:
                    self.refused[effect.reason.value] += 1
                    log.warning("closed the stream of %s: %s", stream.whose, printable(effect.text))
                if stream.task is not None and stream.task is not asyncio.current_task():
                    stream.task.cancel()
            elif isinstance(effect, Deliver):
                log.debug("%s answered %s", stream.peer, effect.frame)

    async def _write(self, stream: Stream) -> None:
        """Send what waits. A stream at rest has no such task."""
        try:
            while stream.outgoing:
                stream.writing_since = time.monotonic()
                await stream.context.write(stream.outgoing.pop(0))
        except (grpc.aio.UsageError, grpc.aio.BaseError, asyncio.InvalidStateError):
            stream.outgoing.clear()  # the peer is gone; its stream finds that out by itself
        finally:
            stream.writing = None

    async def _drained(self, stream: Stream) -> None:
        """Wait until everything has been sent that was said before the end."""
        writing = stream.writing
        if writing is not None:
            await asyncio.wait((writing,), timeout=FAREWELL_S)
            writing.cancel()

    def _commit(self, stream: Stream, commit: Commit) -> None:
        hello = stream.session.hello
        if hello is not None:
            entry = self._fleet.accept(commit, hello, self._clock())
            self._uncommitted[commit.node] += 1
            self._committer.put(entry, functools.partial(self._committed, stream))

    def _committed(self, source: Stream, entry: Entry, kept: bool) -> None:
        self._uncommitted[entry.node] -= 1
        if not self._uncommitted[entry.node]:
            del self._uncommitted[entry.node]
        # The node may have come back on another stream meanwhile: that one acknowledges, and goes on if this was void.
        if kept:
            self._fleet.stored(entry)
            standing, stream = entry.standing, self._by_node.get(entry.node)
            if stream is not None:
                self._aside(stream, functools.partial(stream.session.committed, standing.epoch, standing.sequence))
        else:
            self._fleet.doubt(entry.node)
            if self._by_node.get(entry.node) is source:
                self._close(entry.node, _ELSEWHERE)

    def _close(self, node: str, why: str) -> None:
        """End the stream of a node, if it has one; nothing is wrong with it."""
        stream = self._by_node.get(node)
        if stream is not None:
            log.info("node %s: %s", node, why)
            self._aside(stream, functools.partial(stream.session.close, Reason.DONE, why))

    def _is_usurper(self, stream: Stream, hello: Hello) -> bool:
        """Tell whether a newcomer is one too many: else two machines of one name would end each other for ever."""
        older = self._by_node.get(hello.node)
        if older is None or older is stream or not older.elsewhere(hello, stream.peer):
            return False
        recent = [at for at in older.usurped_at if time.monotonic() - at < USURPERS_WITHIN_S]
        older.is_disputed = older.is_disputed or len(recent) >= MAX_USURPERS
        return older.is_disputed

    def _refusal(self, stream: Stream, hello: Hello) -> Optional[Tuple[Reason, str, float]]:
        """Say why a node cannot be taken now, and when to come again; None when it can."""
        if self._is_usurper(stream, hello):
            text = f"another machine is node {hello.node} too: give each its own name, or stop one"
            return Reason.IDENTITY, text, DISPUTED_RETRY_S
        # While the store fails, nodes that come again and again would fill the queue with their claims alone.
        is_stuck = not (self._committer.has_room or self._committer.healthy)
        if self._uncommitted[hello.node] > MAX_UNCOMMITTED or is_stuck:
            return Reason.LIMIT, "the store is behind", BEHIND_RETRY_S
        if len(self._fleet.members) >= MAX_NODES and hello.node not in self._fleet.members:
            return Reason.LIMIT, f"{MAX_NODES} nodes are here already", BEHIND_RETRY_S
        return None

    def _enter(self, stream: Stream, hello: Hello) -> None:
        older = self._by_node.get(hello.node)
        if older is not None and older.elsewhere(hello, stream.peer):
            stream.usurped_at = (*older.usurped_at[-MAX_USURPERS:], time.monotonic())
        # Coming back does not fill what a node has spent.
        stream.purse = self._purses.pop(hello.node, stream.purse) if older is None else older.purse
        self._by_node[hello.node] = stream
        self._committer.claim(hello.node)
        log.info("node %s is here, from %s", hello.node, stream.peer)
        if older is not None and older is not stream:
            self._do(older, older.session.close(Reason.DONE, "a newer stream of the node is here"))

    def _leave(self, stream: Stream) -> None:
        self._streams.discard(stream)
        self._ignored += stream.session.ignored
        hello = stream.session.hello
        if hello is not None and self._by_node.get(hello.node) is stream:
            del self._by_node[hello.node]
            self._purses[hello.node] = stream.purse
            log.info("node %s has gone", hello.node)

    async def _end(self, stream: Stream) -> None:
        close = stream.close
        if close is None or close.reason is Reason.DONE:
            return
        trailers = () if close.retry_after_s is None else ((RETRY_AFTER, f"{close.retry_after_s:.0f}"),)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stream.context.abort(_STATUS[close.reason], close.text, trailers), FAREWELL_S)
        # A peer that reads nothing does not take the status either: let gRPC drop the call.
        raise asyncio.CancelledError
