"""One stream at a time, against calls made by hand: how it ends, whoever ends it, and what it may not take with it."""

from __future__ import annotations

import asyncio
import time

import attrs
import grpc
import pytest

from ascend_doctor.collector import ingest, node_stream
from ascend_doctor.collector.committer import Committer
from ascend_doctor.collector.fleet import Fleet
from ascend_doctor.collector.ingest import IngestService
from ascend_doctor.collector.node_stream import Stream
from ascend_doctor.collector.pace import Pace
from ascend_doctor.collector.store import News, Standing, StoredNode
from ascend_doctor.model.sections import NOTHING, whole
from ascend_doctor.model.status import Status
from ascend_doctor.wire import collector_session, frames, limits
from ascend_doctor.wire.requests import request_messages
from ascend_doctor.wire.responses import read_response
from waiting import PATIENCE_S, until
from wire_pair import sections

HELLO = frames.Hello("node-1", "e", 0, 1, capabilities=(frames.DIGEST,))
STATE = sections({"npu.ecc": Status.PASS}, 1.0)


class _Call:
    """A call whose peer is the test: it says what it is told to, and reads unless it is deaf."""

    def __init__(self, number=1, *, deaf=False) -> None:
        self.number = number
        self.heard = []
        self.aborted = []
        self._deaf = deaf
        self._said = asyncio.Queue()
        self.task = None

    def auth_context(self):
        return {}

    def peer(self):
        return f"ipv4:127.0.0.{self.number}:1"

    def say(self, *said):
        for frame in said:
            for message in request_messages(frame, limits.MAX_MESSAGE_BYTES):
                self._said.put_nowait(message)
        return self

    def leave(self):
        self._said.put_nowait(grpc.aio.EOF)

    async def read(self):
        return await self._said.get()

    async def write(self, message):
        if self._deaf:
            await asyncio.sleep(1000)
        self.heard.append(read_response(message))

    async def abort(self, code, details, _trailers=()):
        self.aborted.append((code, details))
        if self._deaf:
            await asyncio.sleep(1000)
        raise grpc.aio.AbortError

    def start(self, service):
        self.task = asyncio.ensure_future(service.Connect(None, self))
        return self

    async def end(self):
        """Wait until the stream is over, and return how."""
        (result,) = await asyncio.wait_for(asyncio.gather(self.task, return_exceptions=True), PATIENCE_S)
        return result


class _Disk:
    """A store that takes everything but what it is told to refuse."""

    shared = False

    def __init__(self) -> None:
        self.void = set()
        self.kept = []

    def claim(self, nodes):
        pass

    def commit(self, entries):
        self.kept += [(item.node, item.standing.sequence, item.whole) for item in entries if item.node not in self.void]
        return frozenset(self.void & {item.node for item in entries})

    def prune(self, retention, now):
        return 0


@attrs.frozen
class _Place:
    fleet: Fleet
    disk: _Disk
    committer: Committer
    service: IngestService

    def call(self, *said, number=1, deaf=False):
        """Open a stream on which something is said."""
        return _Call(number, deaf=deaf).say(*said).start(self.service)


@pytest.fixture
async def place(monkeypatch):
    """An ingest service at work."""
    monkeypatch.setattr("ascend_doctor.collector.committer.GATHER_S", 0.0)
    monkeypatch.setattr(ingest, "TICK_S", 0.02)
    fleet, disk = Fleet(), _Disk()
    committer = Committer(disk)
    service = IngestService(fleet, committer, secured=False)
    writing = asyncio.ensure_future(committer.run())
    clock = asyncio.ensure_future(service.keep_time())
    yield _Place(fleet, disk, committer, service)
    clock.cancel()
    committer.close()
    await writing


def _whole(sequence=1, state=STATE):
    return frames.State(sequence, whole(state), state.digest, whole=True)


async def test_a_peer_that_does_not_read_is_cut_off(place, monkeypatch):
    """Who leaves a message unread for too long is cut off, even if the status cannot be delivered either."""
    monkeypatch.setattr(node_stream, "WRITE_S", 0.05)
    monkeypatch.setattr(ingest, "FAREWELL_S", 0.05)
    call = place.call(HELLO, deaf=True)
    assert isinstance(await call.end(), asyncio.CancelledError)
    assert [(grpc.StatusCode.RESOURCE_EXHAUSTED, "the peer does not read what it is sent")] == call.aborted
    assert ([], 1, 0) == (place.service.connected, place.service.refused["limit"], place.service.cut)


async def test_what_waits_for_a_peer_is_bounded(place, monkeypatch):
    """Who asks and asks and reads nothing is cut off long before the time is up."""
    monkeypatch.setattr(ingest, "FAREWELL_S", 0.05)
    monkeypatch.setattr(ingest, "MAX_OUTGOING", 8)
    call = place.call(HELLO, *[frames.Heartbeat(0, NOTHING.digest)] * 20, deaf=True)
    assert isinstance(await call.end(), asyncio.CancelledError)
    assert 1 == place.service.refused["limit"]


async def test_a_refusal_is_counted_though_nobody_waits_for_it(place, monkeypatch):
    """A peer that goes while it is being refused was refused all the same."""
    monkeypatch.setattr(ingest, "FAREWELL_S", 0.5)
    call = place.call(HELLO, deaf=True)
    await until(lambda: ["node-1"] == place.service.connected)
    call.say(HELLO)
    await until(lambda: place.service.refused["protocol"])
    call.task.cancel()
    assert isinstance(await call.end(), asyncio.CancelledError)
    assert ([], 1) == (place.service.connected, place.service.refused["protocol"])


async def test_a_bug_does_not_leave_a_stream_open(place, monkeypatch):
    """An error that nobody thought of ends the stream at once, and gRPC reports it."""
    monkeypatch.setattr(place.service, "_enter", None)
    assert isinstance(await place.call(HELLO).end(), TypeError)
    assert [] == place.service.connected


async def test_a_bug_in_one_session_does_not_stop_the_clock_of_the_others(place, monkeypatch, caplog):
    """The stream whose session fails when it is asked what is due is cut; the others go on, and time with them."""
    sound, broken = place.call(HELLO), place.call(attrs.evolve(HELLO, node="node-2"), number=2)
    await until(lambda: ["node-1", "node-2"] == place.service.connected)
    real, asked = collector_session.CollectorSession.tick, []

    def tick(self, now):
        if self.hello.node == "node-2":
            raise ZeroDivisionError
        asked.append(now)
        return real(self, now)

    monkeypatch.setattr(collector_session.CollectorSession, "tick", tick)
    assert isinstance(await broken.end(), asyncio.CancelledError)
    count = len(asked)
    await until(lambda: len(asked) > count + 1)
    assert ["node-1"] == place.service.connected
    assert "the stream of ipv4:127.0.0.2:1 has to be cut" in caplog.text
    sound.leave()
    assert await sound.end() is None


async def test_a_bug_in_one_session_does_not_stop_the_store(place, monkeypatch):
    """An acknowledgement that fails ends its stream; what others send is still committed."""
    real = collector_session.CollectorSession.committed

    def committed(self, epoch, sequence):
        if self.hello.node == "node-2":
            raise ZeroDivisionError
        return real(self, epoch, sequence)

    monkeypatch.setattr(collector_session.CollectorSession, "committed", committed)
    broken = place.call(attrs.evolve(HELLO, node="node-2"), _whole(), number=2)
    assert isinstance(await broken.end(), asyncio.CancelledError)
    sound = place.call(HELLO, _whole())
    await until(lambda: frames.Ack(1) in sound.heard)
    sound.leave()
    assert await sound.end() is None


@pytest.mark.parametrize("waits_in", ["read", "pace", "room"])
async def test_a_stream_that_is_closed_from_elsewhere_ends_wherever_it_waits(place, monkeypatch, waits_in):
    """For the next message, for its pace, or for the store: a newer stream of the node ends it without blame."""
    older = place.call(HELLO)
    await until(lambda: ["node-1"] == place.service.connected)
    if waits_in == "pace":
        stream = place.service._by_node["node-1"]
        stream.purse[0].take(2000, 0.0)
        older.say(frames.Heartbeat(0, NOTHING.digest))
        await until(lambda: place.service.paced_s > 0)
    if waits_in == "room":
        place.committer._has_room.clear()
        older.say(frames.Heartbeat(0, NOTHING.digest))
        await until(lambda: len(older.heard) == 2)
        place.service._close("node-1", "a test")
    else:
        place.call(HELLO)
    assert await older.end() is None
    assert ([], 0, 0) == (older.aborted, sum(place.service.refused.values()), place.service.cut)


async def test_who_is_held_up_is_not_silent(place, monkeypatch):
    """While the collector does not listen, and right after, nobody is closed for saying nothing."""
    monkeypatch.setattr(collector_session, "SILENT_INTERVALS", 0.03)  # 0.9 s
    ticks = []
    real = Stream.due
    monkeypatch.setattr(Stream, "due", lambda stream, now: ticks.append(now) or real(stream, now))
    call = place.call(HELLO)
    await until(lambda: len(call.heard) == 1)
    place.committer._has_room.clear()
    call.say(frames.Heartbeat(0, NOTHING.digest))
    await until(lambda: len(call.heard) == 2)
    began = time.monotonic()
    await until(lambda: ticks and ticks[-1] - began > 1.2)
    assert ["node-1"] == place.service.connected
    place.committer._has_room.set()
    began = time.monotonic()
    await call.end()
    assert 1 == place.service.refused["silent"]
    assert time.monotonic() - began > 0.8


async def test_a_node_comes_again_once_a_day(place, monkeypatch):
    """It is asked to, once: at its next connection its certificate is looked at anew."""
    monkeypatch.setattr(ingest, "MAX_AGE_S", 0.2)
    call = place.call(HELLO)
    await until(lambda: len(call.heard) == 2)
    ticks = []
    real = Stream.due
    monkeypatch.setattr(Stream, "due", lambda stream, now: ticks.append(now) or real(stream, now))
    await until(lambda: len(ticks) >= 3)
    _, drain = call.heard
    assert frames.Drain(0.0, "certificates are looked at anew, once a day") == drain
    assert ["node-1"] == place.service.connected


async def test_who_speaks_to_another_collector_does_not_speak_here(place):
    """What the other one has of the node counts from now on, and its stream here ends; so it does when forgotten."""
    one, two, three = (place.call(attrs.evolve(HELLO, node=f"node-{n}"), _whole(), number=n) for n in (1, 2, 3))
    await until(lambda: all(frames.Ack(1) in call.heard for call in (one, two, three)))
    failed = sections({"npu.ecc": Status.FAIL}, 2.0)
    contents = {name: item.content for name, item in failed.sections.items()}
    there = StoredNode("node-1", Standing("e", 5, 100.0), contents, dict(failed.times))
    place.service.heard(News((there,), frozenset(["node-2"])))
    assert (await one.end(), await two.end()) == (None, None)
    assert (["node-3"], ["node-1", "node-3"]) == (place.service.connected, sorted(place.fleet.members))
    assert (5, failed) == (place.fleet.known("node-1").sequence, place.fleet.known("node-1").state)
    assert 0 == sum(place.service.refused.values())


async def test_what_the_store_refuses_is_asked_for_again(place):
    """The stream on which it came ends; on the next one the node says everything, though memory had it already."""
    place.disk.void.add("node-1")
    first = place.call(HELLO, _whole())
    assert await first.end() is None
    assert frames.Ack(1) not in first.heard
    place.disk.void.clear()
    second = place.call(HELLO)
    await until(lambda: second.heard)
    assert second.heard[0].resume_after is None
    second.say(_whole())
    await until(lambda: frames.Ack(1) in second.heard)
    assert [("node-1", 1, True)] == place.disk.kept


async def test_a_late_refusal_does_not_end_the_next_stream(place, monkeypatch):
    """What came on an older stream and is void does not end the one on which the node has come back."""
    entries = []
    monkeypatch.setattr(place.committer, "put", lambda entry, done: entries.append((entry, done)))
    place.call(HELLO, _whole())
    await until(lambda: entries)
    second = place.call(HELLO)
    await until(lambda: second.heard)
    ((entry, done),) = entries
    done(entry, False)
    assert ["node-1"] == place.service.connected
    assert not second.task.done()
    assert place.fleet.known("node-1") is None
    second.leave()
    assert await second.end() is None


async def test_spent_purses_are_forgotten_when_they_are_full_again(place, monkeypatch):
    """Of a node that is gone nothing is kept here for longer than it takes to earn what it spent."""
    monkeypatch.setattr(node_stream, "MESSAGES", Pace(4, 0.5))
    monkeypatch.setattr(node_stream, "BYTES", Pace(1 << 20, 1 << 20))
    call = place.call(HELLO)
    await until(lambda: call.heard)
    call.leave()
    await call.end()
    assert ["node-1"] == list(place.service._purses)
    await until(lambda: not place.service._purses)


async def test_all_are_asked_to_go(place):
    """At the end every node is asked to go and come back; those that do not read are not waited for."""
    calls = [place.call(attrs.evolve(HELLO, node=f"node-{number}"), deaf=number == 7) for number in range(300)]
    await until(lambda: 300 == len(place.service.connected))
    place.service.drain("the collector stops", 2.0)
    others = [call for number, call in enumerate(calls) if number != 7]
    drain = frames.Drain(2.0, "the collector stops")
    await until(lambda: all(drain == call.heard[-1] for call in others))
    for call in others:
        call.leave()
    assert {None} == {await call.end() for call in others}
    calls[7].task.cancel()
    assert isinstance(await calls[7].end(), asyncio.CancelledError)


async def test_a_refusal_names_the_node(place, caplog):
    """Whose stream was closed and why stands in one line of the log, once the node has said who it is."""
    call = place.call(HELLO, HELLO)
    await call.end()
    assert ["closed the stream of node node-1 at ipv4:127.0.0.1:1: Hello came twice"] == [
        item.message for item in caplog.records if item.levelname == "WARNING"
    ]
