"""Nodes that really send to a collector that really listens: what arrives, what is refused, what survives."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3

import attrs
import grpc
import pytest

import small_cluster
from ascend_doctor.checks import catalogue
from ascend_doctor.collector import committer, ingest, main
from ascend_doctor.collector.committer import Committer
from ascend_doctor.collector.fleet import Fleet
from ascend_doctor.collector.ingest import IngestService
from ascend_doctor.collector.sqlite_store import open_store
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.state import EMPTY, NodeState, whole
from ascend_doctor.model.status import Status
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.wire import collector_session, frames, limits
from ascend_doctor.wire.channels import client_channel
from ascend_doctor.wire.credentials import Address
from ascend_doctor.wire.requests import request_messages
from collecting import Node, RawStream, ask, collecting, fetch, judged
from ports import free_port
from waiting import PATIENCE_S
from wire_pair import answer, finding

HELLO = frames.Hello("node-1", "e", 0, 1, capabilities=(frames.DIGEST,))


def _state(*statuses):
    checks = ("npu.ecc", "roce.link", "roce.ip")
    return NodeState.of([finding(check, status) for check, status in zip(checks, statuses)])


def _whole(state, sequence=1):
    return frames.State(sequence, whole(state), state.digest, whole=True)


def _stored(folder):
    with contextlib.closing(open_store(folder / "store.sqlite", 0.0)) as store:
        return {item.node: item for item in store.load()}


@contextlib.asynccontextmanager
async def _raw(here):
    async with client_channel(here.listen, None) as channel:
        stream = RawStream(channel)
        yield stream
        stream.call.cancel()


async def _refused(here):
    """Return how many streams the collector says it closed, by reason."""
    _, body = await fetch(here.web, "/metrics")
    lines = [line for line in body.decode().splitlines() if line.startswith("ascend_doctor_collector_refused")]
    counts = {line.split('"')[1]: int(line.split()[-1]) for line in lines}
    return {reason: count for reason, count in counts.items() if count}


async def _connected(here, count):
    """Wait until the collector has so many streams: it learns a while later that one was cut."""

    async def wait():
        wanted = f"ascend_doctor_collector_streams {count}"
        while wanted not in (await fetch(here.web, "/metrics"))[1].decode():  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.05)

    await asyncio.wait_for(wait(), PATIENCE_S)


async def test_a_cluster_from_end_to_end(tmp_path):
    """Two nodes send what their tools say; the collector sees what neither can see alone, and keeps it."""
    healthy = [small_cluster.node(1, 2), small_cluster.node(2, 1)]
    async with collecting(tmp_path) as here:  # noqa: SIM117 - the nodes need its address
        async with Node(tmp_path, "node-1", here.listen) as one, Node(tmp_path, "node-2", here.listen) as two:
            one.become(judged("node-1", healthy[0]))
            two.become(judged("node-2", {**healthy[1], **small_cluster.of(small_cluster.tls(3, 1))}))
            await one.heard()
            await two.heard()
            report = await ask(here.listen)
            assert [("cluster.tls-equal", "node-2")] == [(item.check, item.subject.node) for item in report.problems]
            assert Verdict.NOT_READY is report.verdict
            two.become(judged("node-2", healthy[1]))
            await two.heard()
            assert Verdict.READY is (await ask(here.listen)).verdict
            assert Verdict.READY is (await ask(here.listen, nodes=["node-1"])).verdict
    stored = _stored(tmp_path)
    assert {"node-1": one.state, "node-2": two.state} == {name: item.state for name, item in stored.items()}


async def test_a_node_resumes_where_it_was(tmp_path, monkeypatch):
    """After a restart of the collector a node sends what is new, not everything again."""
    monkeypatch.setattr(main, "RETURN_AFTER_S", 0.0)
    address = Address("127.0.0.1", free_port())
    async with contextlib.AsyncExitStack() as first:
        await first.enter_async_context(collecting(tmp_path, listen=address))
        async with Node(tmp_path, "node-1", address) as node:
            node.become(_state(Status.PASS, Status.PASS))
            await node.heard()
            await first.aclose()
            node.become(_state(Status.PASS, Status.FAIL))
            async with collecting(tmp_path, listen=address):
                await node.heard()
    assert (2, node.state) == (_stored(tmp_path)["node-1"].sequence, _stored(tmp_path)["node-1"].state)
    with contextlib.closing(sqlite3.connect(tmp_path / "store.sqlite")) as file:
        assert [(1,)] == file.execute("SELECT snapshot_sequence FROM nodes").fetchall()
        assert [("pass", "fail")] == file.execute("SELECT before, after FROM transitions WHERE before > ''").fetchall()


async def test_the_newest_stream_of_a_node_wins(tmp_path):
    """A second stream of the same node ends the first, without blame; what comes on it counts."""
    async with collecting(tmp_path) as here, _raw(here) as older, _raw(here) as newer:
        await older.say(HELLO)
        assert isinstance(await older.hear(), frames.Welcome)
        await newer.say(HELLO)
        assert isinstance(await newer.hear(), frames.Welcome)
        assert grpc.aio.EOF is await older.call.read()
        assert grpc.StatusCode.OK is await older.call.code()
        state = _state(Status.PASS)
        await newer.say(_whole(state))
        assert frames.Ack(1) == await newer.hear()
        assert {} == await _refused(here)
    assert state == _stored(tmp_path)["node-1"].state


async def test_two_machines_of_one_name_do_not_end_each_other_for_ever(tmp_path, caplog):
    """After some turns the newcomer is refused with the reason, and the other keeps its stream; then it may come."""
    async with collecting(tmp_path) as here, contextlib.AsyncExitStack() as open_streams:
        for number in range(ingest.MAX_USURPERS + 1):
            holder = await open_streams.enter_async_context(_raw(here))
            await holder.say(attrs.evolve(HELLO, epoch=f"e{number % 2}"))
            assert isinstance(await holder.hear(), frames.Welcome)
        other = attrs.evolve(HELLO, epoch="e1")
        async with _raw(here) as newcomer:
            await newcomer.say(other)
            refusal = await newcomer.end()
        assert grpc.StatusCode.PERMISSION_DENIED is refusal.code()
        assert "another machine is node node-1 too" in refusal.details()
        assert ("retry-after-s", "60") in tuple(refusal.trailing_metadata())
        assert {"identity": 1} == await _refused(here)
        assert ["WARNING"] == [item.levelname for item in caplog.records if "another machine" in item.message]
        state = _state(Status.PASS)
        await holder.say(_whole(state))
        assert frames.Ack(1) == await holder.hear()
        holder.call.cancel()
        await _connected(here, 0)
        async with _raw(here) as newcomer:
            await newcomer.say(other)
            assert isinstance(await newcomer.hear(), frames.Welcome)


async def test_a_node_that_often_comes_back_is_never_refused(tmp_path):
    """The same machine with the same spool may replace its own stream as often as its network makes it."""
    async with collecting(tmp_path) as here, contextlib.AsyncExitStack() as open_streams:
        for _ in range(3 * ingest.MAX_USURPERS):
            stream = await open_streams.enter_async_context(_raw(here))
            await stream.say(HELLO)
            assert isinstance(await stream.hear(), frames.Welcome)


@pytest.mark.parametrize(
    ("said", "code", "reason", "text"),
    [
        ([frames.Heartbeat(1, b"x" * 32)], "FAILED_PRECONDITION", "protocol", "the stream does not begin with Hello"),
        ([HELLO, HELLO], "FAILED_PRECONDITION", "protocol", "Hello came twice"),
        ([attrs.evolve(HELLO, node="a b")], "FAILED_PRECONDITION", "protocol", "is not a host name"),
        (
            [
                HELLO,
                _whole(NodeState.of([attrs.evolve(finding("npu.ecc", Status.FAIL), subject=subjects.node("node-2"))])),
            ],
            "PERMISSION_DENIED",
            "identity",
            "a finding of node node-1 is about node:node-2:",
        ),
        (
            [HELLO, *(_whole(_state(Status.PASS), number) for number in range(1, 34))],
            "RESOURCE_EXHAUSTED",
            "limit",
            "more states are on their way than Welcome allows",
        ),
    ],
    ids=["no hello", "hello twice", "bad name", "about another node", "too much at once"],
)
async def test_hostile_streams_are_refused_and_counted(tmp_path, monkeypatch, *, said, code, reason, text):
    """Whoever does not keep to the protocol is sent away with the reason, and the collector counts it."""
    monkeypatch.setattr(Committer, "run", _idle)
    async with collecting(tmp_path) as here:
        async with _raw(here) as stream:
            with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                for frame in said:
                    await stream.say(frame)
            refusal = await stream.end()
        assert {reason: 1} == await _refused(here)
    assert code == refusal.code().name
    assert text in refusal.details()


async def _idle(self):
    """Commit nothing until the end."""
    await self._closing.wait()


async def test_a_stream_without_a_word_is_closed(tmp_path, monkeypatch):
    """Who opens a stream and does not greet is sent away after a while."""
    monkeypatch.setattr(ingest, "TICK_S", 0.02)
    monkeypatch.setattr(collector_session, "GREETING_S", 0.1)
    async with collecting(tmp_path) as here:
        async with _raw(here) as stream:
            refusal = await stream.end()
        assert {"silent": 1} == await _refused(here)
    assert grpc.StatusCode.DEADLINE_EXCEEDED is refusal.code()


async def test_a_big_state_comes_in_parts(tmp_path):
    """A state beyond the size of one message is put together again; an answer to a request nobody made is no harm."""
    answers = [answer(f"npu-smi/info@{number}", f"{number}" * 900_000) for number in range(6)]
    async with collecting(tmp_path) as here, _raw(here) as stream:
        await stream.say(HELLO)
        await stream.say(frames.Done("unasked", 0))
        await stream.say(_whole(NodeState.of([], answers)))
        assert isinstance(await stream.hear(), frames.Welcome)
        assert frames.Ack(1) == await stream.hear()
    assert NodeState.of([], answers) == _stored(tmp_path)["node-1"].state


@pytest.mark.parametrize("garbage", [b"\xff\xff\xff\xff", b"\x0a\x7f"], ids=["no tag", "cut short"])
async def test_bytes_that_are_no_message(tmp_path, garbage):
    """What cannot be decoded is refused at once, as any other breach of the protocol."""
    async with collecting(tmp_path) as here:
        async with client_channel(here.listen, None) as channel:
            call = channel.stream_stream("/ascend_doctor.v1.IngestService/Connect")()
            await call.write(garbage)
            assert grpc.StatusCode.FAILED_PRECONDITION is await asyncio.wait_for(call.code(), PATIENCE_S)
        assert {"protocol": 1} == await _refused(here)


async def test_a_message_that_is_too_big(tmp_path):
    """A message beyond the limit does not reach the program, and does not stop the others."""
    async with collecting(tmp_path) as here:
        async with grpc.aio.insecure_channel(str(here.listen)) as channel:
            call = channel.stream_stream("/ascend_doctor.v1.IngestService/Connect")()
            await call.write(b"\x0a" + b"x" * (limits.MAX_MESSAGE_BYTES + 1))
            assert grpc.StatusCode.OK is not await asyncio.wait_for(call.code(), PATIENCE_S)
        async with Node(tmp_path, "node-1", here.listen) as node:
            node.become(_state(Status.PASS))
            await node.heard()


async def test_a_store_that_fails_delays_the_acknowledgement(tmp_path, monkeypatch):
    """While the store cannot be written nothing is acknowledged and the collector is not ready; then all is."""
    monkeypatch.setattr(committer, "FIRST_RETRY_S", 0.05)
    async with collecting(tmp_path) as here, Node(tmp_path, "node-1", here.listen) as node:
        with contextlib.closing(sqlite3.connect(tmp_path / "store.sqlite", timeout=PATIENCE_S)) as other:
            other.execute("CREATE TRIGGER full BEFORE INSERT ON nodes BEGIN SELECT RAISE(ABORT, 'disk full'); END")
            node.become(_state(Status.PASS))
            while b" 200 " in (await fetch(here.web, "/readyz"))[0]:
                pass
            head, body = await fetch(here.web, "/readyz")
            assert (b"503", b"not ready: the store cannot be written\n") == (head.split(b" ")[1], body)
            assert 1 == node.uplink.unacknowledged
            assert ["node-1"] == [item.name for item in (await ask(here.listen)).nodes]
            other.execute("DROP TRIGGER full")
        await node.heard()
        assert b" 200 " in (await fetch(here.web, "/readyz"))[0]
    assert node.state == _stored(tmp_path)["node-1"].state


async def test_a_node_that_comes_back_with_more_has_to_wait_for_the_store(tmp_path, monkeypatch):
    """While nothing is stored, reconnecting does not let a node fill the memory: it is told when to return."""
    monkeypatch.setattr(Committer, "run", _idle)
    async with collecting(tmp_path) as here:
        sequence = 0
        while sequence <= ingest.MAX_UNCOMMITTED:
            async with _raw(here) as stream:
                await stream.say(attrs.evolve(HELLO, base_sequence=sequence, newest_sequence=sequence + 16, epoch="e"))
                assert isinstance(await stream.hear(), frames.Welcome)
                for _ in range(16):
                    sequence += 1
                    await stream.say(_whole(_state(Status.PASS), sequence))
                await stream.say(frames.Heartbeat(sequence, _state(Status.PASS).digest))
                assert isinstance(await stream.hear(), frames.Ack)
        async with _raw(here) as stream:
            await stream.say(HELLO)
            refusal = await stream.end()
    assert (grpc.StatusCode.RESOURCE_EXHAUSTED, "the store is behind") == (refusal.code(), refusal.details())
    assert ("retry-after-s", "30") in list(refusal.trailing_metadata())


class _DeafContext:
    """The context of a call whose peer takes nothing."""

    def __init__(self) -> None:
        self.aborted = []

    def auth_context(self):
        return {}

    def peer(self):
        return "ipv4:127.0.0.1:1"

    async def write(self, _message):
        await asyncio.sleep(1000)

    async def abort(self, code, details, _trailers):
        self.aborted.append((code, details))
        await asyncio.sleep(1000)


async def test_a_peer_that_does_not_read_is_cut_off(monkeypatch):
    """Who leaves a message unread for too long is cut off, even if the status cannot be delivered either."""
    monkeypatch.setattr(ingest, "WRITE_S", 0.05)
    monkeypatch.setattr(ingest, "FAREWELL_S", 0.05)
    service = IngestService(Fleet(catalogue.load()), Committer(None), secured=False)

    async def requests():
        for message in request_messages(HELLO, limits.MAX_MESSAGE_BYTES):
            yield message
        for _ in range(2 * ingest.MAX_OUTGOING):
            for message in request_messages(frames.Heartbeat(0, EMPTY.digest), limits.MAX_MESSAGE_BYTES):
                yield message
        await asyncio.sleep(1000)

    context = _DeafContext()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(service.Connect(requests(), context), PATIENCE_S)
    assert [(grpc.StatusCode.RESOURCE_EXHAUSTED, "the peer does not read what it is sent")] == context.aborted
    assert [] == service.connected
    assert 1 == service.refused["limit"]


async def test_a_bug_does_not_leave_a_stream_open(monkeypatch):
    """An error that nobody thought of ends the stream at once, and gRPC reports it."""
    service = IngestService(Fleet(catalogue.load()), Committer(None), secured=False)
    monkeypatch.setattr(service, "_enter", None)

    async def requests():
        for message in request_messages(HELLO, limits.MAX_MESSAGE_BYTES):
            yield message
        await asyncio.sleep(1000)

    context = _DeafContext()
    context.write = lambda _message: asyncio.sleep(0)
    with pytest.raises(TypeError):
        await asyncio.wait_for(service.Connect(requests(), context), PATIENCE_S)
    assert [] == service.connected
