"""Nodes that really send to a collector that really listens: what arrives, what is refused, what survives."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import sqlite3

import attrs
import grpc
import pytest
from prometheus_client.parser import text_string_to_metric_families

import small_cluster
from ascend_doctor.collector import committer, ingest, main, node_stream
from ascend_doctor.collector.committer import Committer
from ascend_doctor.collector.pace import Pace
from ascend_doctor.collector.store_opening import open_store
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.sections import Sections, difference, whole
from ascend_doctor.model.state import NodeState
from ascend_doctor.model.status import Status
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.v1 import ingest_pb2
from ascend_doctor.wire import collector_session, frames
from ascend_doctor.wire.channels import client_channel
from ascend_doctor.wire.credentials import Address
from ascend_doctor.wire.sections import write_check, write_topic
from collecting import Node, RawStream, ask, collecting, fetch, judged_now, shared
from node_states import finding
from ports import free_port
from waiting import PATIENCE_S
from wire_pair import sections

HELLO = frames.Hello("node-1", "e", 0, 1, capabilities=(frames.DIGEST,))
CONNECT = "/ascend_doctor.v1.IngestService/Connect"


def _state(*statuses):
    checks = ("npu.ecc", "roce.link", "roce.ip")
    return NodeState.of([finding(check, status) for check, status in zip(checks, statuses)])


def _sections(*statuses):
    return sections(dict(zip(("npu.ecc", "roce.link", "roce.ip"), statuses)))


def _whole(state, sequence=1):
    return frames.State(sequence, whole(state), state.digest, whole=True)


def _stored(folder):
    with contextlib.closing(open_store(str(folder / "store.sqlite"), 0.0)) as store:
        return {item.node: item for item in store.load()}


def _contents(state):
    return {name: item.content for name, item in state.sections.items()}


@contextlib.asynccontextmanager
async def _raw(here):
    # A connection of its own, as another machine has.
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(str(here.listen), options=options) as channel:
        stream = RawStream(channel)
        yield stream
        stream.call.cancel()


async def _metrics(here):
    """Return what the collector says of itself, by the name and the labels."""
    _, body = await fetch(here.web, "/metrics")
    families = text_string_to_metric_families(body.decode())
    return {
        (sample.name.replace("ascend_doctor_collector_", ""), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


async def _metric(here, *name):
    return (await _metrics(here))[name]


async def _refused(here):
    """Return how many streams the collector says it closed, by reason."""
    found = await _metrics(here)
    return {name[1]: value for name, value in found.items() if name[0] == "refused_streams_total" and value}


async def _becomes(here, value, *name):
    """Wait until the collector says so of itself."""
    await _come_true(here, lambda found: value == found[name])


async def _come_true(here, condition):
    async def wait():
        while not condition(await _metrics(here)):  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.05)

    await asyncio.wait_for(wait(), PATIENCE_S)


async def test_a_cluster_from_end_to_end(tmp_path):
    """Two nodes send what their tools say; the collector sees what neither can see alone, and keeps it."""
    healthy = [small_cluster.node(1, 2), small_cluster.node(2, 1)]
    async with collecting(tmp_path) as here:  # noqa: SIM117 - the nodes need its address
        async with Node(tmp_path, "node-1", here.listen) as one, Node(tmp_path, "node-2", here.listen) as two:
            one.become(judged_now("node-1", healthy[0]))
            two.become(judged_now("node-2", {**healthy[1], **small_cluster.of(small_cluster.tls(3, 1))}))
            await one.heard()
            await two.heard()
            report = await ask(here.listen)
            assert [("cluster.tls-equal", "node-2")] == [(item.check, item.subject.node) for item in report.problems]
            assert Verdict.NOT_READY is report.verdict
            two.become(judged_now("node-2", healthy[1]))
            await two.heard()
            assert Verdict.READY is (await ask(here.listen)).verdict
            assert Verdict.READY is (await ask(here.listen, nodes=["node-1"])).verdict
    stored = _stored(tmp_path)
    for node in (one, two):
        assert _contents(shared(node.name, node.state)) == dict(stored[node.name].sections)


async def test_a_node_resumes_where_it_was(tmp_path, monkeypatch):
    """After a restart of the collector a node sends what is new, not everything again."""
    monkeypatch.setattr(main, "RETURN_AFTER_S", 0.0)
    address = Address("127.0.0.1", free_port())
    sent = []
    monkeypatch.setattr("ascend_doctor.wire.agent_session.whole", lambda *args: sent.append(1) or whole(*args))
    async with contextlib.AsyncExitStack() as first:
        await first.enter_async_context(collecting(tmp_path, listen=address))
        async with Node(tmp_path, "node-1", address) as node:
            node.become(_state(Status.PASS, Status.PASS))
            await node.heard()
            before = len(sent)
            await first.aclose()
            node.become(_state(Status.PASS, Status.FAIL))
            async with collecting(tmp_path, listen=address):
                await node.heard()
    stored = _stored(tmp_path)["node-1"]
    assert (2, _contents(shared("node-1", node.state))) == (stored.standing.sequence, dict(stored.sections))
    assert before == len(sent)
    with contextlib.closing(sqlite3.connect(tmp_path / "store.sqlite")) as file:
        assert [("pass", "fail")] == file.execute("SELECT before, after FROM transitions").fetchall()


async def test_the_newest_stream_of_a_node_wins(tmp_path):
    """A second stream of the same node ends the first, without blame; what comes on it counts."""
    async with collecting(tmp_path) as here, _raw(here) as older, _raw(here) as newer:
        await older.say(HELLO)
        assert isinstance(await older.hear(), frames.Welcome)
        await newer.say(HELLO)
        assert isinstance(await newer.hear(), frames.Welcome)
        assert grpc.aio.EOF is await older.call.read()
        assert grpc.StatusCode.OK is await older.call.code()
        state = _sections(Status.PASS)
        await newer.say(_whole(state))
        assert frames.Ack(1) == await newer.hear()
        assert {} == await _refused(here)
    assert _contents(state) == dict(_stored(tmp_path)["node-1"].sections)


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
        await holder.say(_whole(_sections(Status.PASS)))
        assert frames.Ack(1) == await holder.hear()
        holder.call.cancel()
        await _becomes(here, 0, "streams")
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
        assert {} == await _refused(here)


def _of_another_node():
    about = attrs.evolve(finding("npu.ecc", Status.FAIL), subject=subjects.node("node-2"))
    return Sections({"npu.ecc": write_check("npu.ecc", [about], "node-1")}, {"npu.ecc": 1.0})


@pytest.mark.parametrize(
    ("said", "code", "reason", "text"),
    [
        ([frames.Heartbeat(1, b"x" * 32)], "FAILED_PRECONDITION", "protocol", "the stream does not begin with Hello"),
        ([_whole(_sections(Status.PASS))], "FAILED_PRECONDITION", "protocol", "the stream does not begin with Hello"),
        ([HELLO, HELLO], "FAILED_PRECONDITION", "protocol", "Hello came twice"),
        ([attrs.evolve(HELLO, node="a b")], "FAILED_PRECONDITION", "protocol", "is not a host name"),
        ([HELLO, _whole(_of_another_node())], "PERMISSION_DENIED", "identity", "of node node-1 is about node:node-2:"),
        (
            [HELLO, *(_whole(_sections(Status.PASS), number) for number in range(1, 34))],
            "RESOURCE_EXHAUSTED",
            "limit",
            "more states are on their way than Welcome allows",
        ),
    ],
    ids=["no hello", "a state first", "hello twice", "bad name", "about another node", "too much at once"],
)
async def test_hostile_streams_are_refused_and_counted(tmp_path, monkeypatch, *, said, code, reason, text):
    """Whoever does not keep to the protocol is sent away with the reason, the collector counts it, and others go on."""
    monkeypatch.setattr(Committer, "run", _idle)
    async with collecting(tmp_path) as here, _raw(here) as other:
        await other.say(attrs.evolve(HELLO, node="node-7"))
        assert isinstance(await other.hear(), frames.Welcome)
        async with _raw(here) as stream:
            with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                for frame in said:
                    await stream.say(frame)
            refusal = await stream.end()
        assert {reason: 1} == await _refused(here)
        await other.say(frames.Heartbeat(0, b"x" * 32))
        assert isinstance(await other.hear(), frames.Ack)
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
    topics = {f"topic-{number}": write_topic(f"topic-{number}", os.urandom(900_000), b"") for number in range(6)}
    state = Sections(topics, dict.fromkeys(topics, 1.0))
    async with collecting(tmp_path) as here, _raw(here) as stream:
        await stream.say(HELLO)
        await stream.say(frames.Done("unasked", 0))
        await stream.say(_whole(state))
        assert isinstance(await stream.hear(), frames.Welcome)
        assert frames.Ack(1) == await stream.hear()
    assert _contents(state) == dict(_stored(tmp_path)["node-1"].sections)


@pytest.mark.parametrize("garbage", [b"\xff\xff\xff\xff", b"\x0a\x7f"], ids=["no tag", "cut short"])
async def test_bytes_that_are_no_message(tmp_path, garbage):
    """What cannot be decoded is refused at once, as any other breach of the protocol."""
    async with collecting(tmp_path) as here:
        async with client_channel(here.listen, None) as channel:
            call = channel.stream_stream(CONNECT)()
            await call.write(garbage)
            assert grpc.StatusCode.FAILED_PRECONDITION is await asyncio.wait_for(call.code(), PATIENCE_S)
        assert {"protocol": 1} == await _refused(here)


async def test_a_message_of_a_hundred_mebibytes(tmp_path):
    """It does not reach the program, is counted, takes no memory to speak of, and does not stop the others."""
    async with collecting(tmp_path) as here, Node(tmp_path, "node-1", here.listen) as node:
        node.become(_state(Status.PASS))
        await node.heard()
        message = b"\x0a" + bytes(100 << 20)
        async with grpc.aio.insecure_channel(str(here.listen)) as channel:
            call = channel.stream_stream(CONNECT)()
            with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                await call.write(message)
            refusals = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INTERNAL)
            assert await asyncio.wait_for(call.code(), PATIENCE_S) in refusals
        await _becomes(here, 1, "cut_streams_total")
        node.become(_state(Status.FAIL))
        await node.heard()


async def test_what_is_packed_is_refused_before_it_is_unpacked(tmp_path):
    """A message of some KiB that unpacks to a hundred MiB does not get that far, is counted, and stops nobody."""
    async with collecting(tmp_path) as here, Node(tmp_path, "node-1", here.listen) as node:
        node.become(_state(Status.PASS))
        await node.heard()
        message = b"\x0a" + bytes(100 << 20)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        async with grpc.aio.insecure_channel(str(here.listen)) as channel:
            call = channel.stream_stream(CONNECT)(compression=grpc.Compression.Gzip)
            with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                await call.write(message)
            # The latter is what is left of any status that comes while a message is on its way out (grpc.aio 1.80).
            refusals = (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.INTERNAL)
            assert await asyncio.wait_for(call.code(), PATIENCE_S) in refusals
        # The one copy that the sender makes of it, in the same process.
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150 << 10
        await _becomes(here, 1, "cut_streams_total")
        node.become(_state(Status.FAIL))
        await node.heard()


async def test_frames_and_fields_of_a_newer_agent_are_ignored(tmp_path):
    """What this program does not know changes nothing; frames are counted while the stream lives and after it."""
    strange = b"\xfa\x3f\x03new"  # field 1023
    async with collecting(tmp_path) as here:
        async with _raw(here) as stream:
            await stream.say(HELLO)
            assert isinstance(await stream.hear(), frames.Welcome)
            for _ in range(3):
                await stream.call.write(ingest_pb2.ConnectRequest.FromString(strange))
            beat = ingest_pb2.Heartbeat(sequence=0, state_digest=b"x" * 32)
            beat.MergeFromString(strange)
            await stream.call.write(ingest_pb2.ConnectRequest(heartbeat=beat))
            assert frames.Ack(-1) == await stream.hear()
            assert 3 == await _metric(here, "ignored_frames_total")
            state = _sections(Status.PASS)
            await stream.say(_whole(state))
            assert frames.Ack(1) == await stream.hear()
        await _becomes(here, 0, "streams")
        assert 3 == await _metric(here, "ignored_frames_total")
        assert {} == await _refused(here)
    assert _contents(state) == dict(_stored(tmp_path)["node-1"].sections)


async def test_who_takes_leave_is_not_cut(tmp_path):
    """A stream that a node ends is over; one that breaks is counted."""
    async with collecting(tmp_path) as here:
        async with _raw(here) as stream:
            await stream.say(HELLO)
            await stream.call.done_writing()
            assert isinstance(await stream.hear(), frames.Welcome)
            assert grpc.aio.EOF is await asyncio.wait_for(stream.call.read(), PATIENCE_S)
            assert grpc.StatusCode.OK is await stream.call.code()
        assert (1, 0) == (await _metric(here, "opened_streams_total"), await _metric(here, "cut_streams_total"))
        async with _raw(here) as stream:
            await stream.say(HELLO)
            assert isinstance(await stream.hear(), frames.Welcome)
            stream.call.cancel()
            await _becomes(here, 1, "cut_streams_total")
        await _becomes(here, 0, "streams")


async def _readiness(here, expected):
    async def wait():
        while expected not in (await fetch(here.web, "/readyz"))[0]:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.02)

    await asyncio.wait_for(wait(), PATIENCE_S)


async def test_a_store_that_fails_delays_the_acknowledgement(tmp_path, monkeypatch):
    """While the store cannot be written nothing is acknowledged and the collector is not ready; then all is."""
    monkeypatch.setattr(committer, "FIRST_RETRY_S", 0.05)
    async with collecting(tmp_path) as here, Node(tmp_path, "node-1", here.listen) as node:
        with contextlib.closing(sqlite3.connect(tmp_path / "store.sqlite", timeout=PATIENCE_S)) as other:
            other.execute("CREATE TRIGGER full BEFORE INSERT ON nodes BEGIN SELECT RAISE(ABORT, 'disk full'); END")
            node.become(_state(Status.PASS))
            await _readiness(here, b" 503 ")
            assert b"not ready: the store cannot be written\n" == (await fetch(here.web, "/readyz"))[1]
            assert 1 == node.uplink.unacknowledged
            assert ["node-1"] == [item.name for item in (await ask(here.listen)).nodes]
            other.execute("DROP TRIGGER full")
        await node.heard()
        await _readiness(here, b" 200 ")
    assert _contents(shared("node-1", node.state)) == dict(_stored(tmp_path)["node-1"].sections)


async def test_a_node_that_comes_back_with_more_has_to_wait_for_the_store(tmp_path, monkeypatch):
    """While nothing is stored, reconnecting does not let a node fill the memory: it is told when to return."""
    monkeypatch.setattr(Committer, "run", _idle)
    monkeypatch.setattr(node_stream, "MESSAGES", Pace(burst=1000, per_s=1000))
    async with collecting(tmp_path) as here:
        sequence = 0
        while sequence <= ingest.MAX_UNCOMMITTED:
            async with _raw(here) as stream:
                await stream.say(attrs.evolve(HELLO, base_sequence=sequence, newest_sequence=sequence + 16, epoch="e"))
                assert isinstance(await stream.hear(), frames.Welcome)
                for _ in range(16):
                    sequence += 1
                    await stream.say(_whole(_sections(Status.PASS), sequence))
                await stream.say(frames.Heartbeat(sequence, _sections(Status.PASS).digest))
                assert isinstance(await stream.hear(), frames.Ack)
        async with _raw(here) as stream:
            await stream.say(HELLO)
            refusal = await stream.end()
        assert {"limit": 1} == await _refused(here)
    assert (grpc.StatusCode.RESOURCE_EXHAUSTED, "the store is behind") == (refusal.code(), refusal.details())
    assert ("retry-after-s", "30") in list(refusal.trailing_metadata())


async def test_nobody_comes_in_while_the_queue_of_the_store_is_full(tmp_path, monkeypatch):
    """Nodes that come again and again while the disk is full do not fill the memory with that alone."""

    async def fail(self):
        self.healthy = False
        await self._closing.wait()

    monkeypatch.setattr(Committer, "run", fail)
    monkeypatch.setattr(committer, "FULL_AT", 3)
    async with collecting(tmp_path) as here, contextlib.AsyncExitStack() as streams:
        for number in range(3):
            stream = await streams.enter_async_context(_raw(here))
            await stream.say(attrs.evolve(HELLO, node=f"node-{number}"))
            assert isinstance(await stream.hear(), frames.Welcome)
        async with _raw(here) as stream:
            await stream.say(attrs.evolve(HELLO, node="node-9"))
            assert "the store is behind" == (await stream.end()).details()
        assert 3 == await _metric(here, "store_backlog")


async def test_there_are_only_so_many_nodes(tmp_path, monkeypatch):
    """Who makes up ever new names gets no further than that; nodes that are known still come."""
    monkeypatch.setattr(ingest, "MAX_NODES", 1)
    async with collecting(tmp_path) as here:
        for number, expected in ((1, frames.Ack(1)), (2, None), (1, frames.Ack(1))):
            async with _raw(here) as stream:
                await stream.say(attrs.evolve(HELLO, node=f"node-{number}"))
                if expected is None:
                    assert "1 nodes are here already" == (await stream.end()).details()
                    continue
                assert isinstance(await stream.hear(), frames.Welcome)
                await stream.say(_whole(_sections(Status.PASS)))
                assert expected == await stream.hear()
        assert {"limit": 1} == await _refused(here)


async def _flap(stream, node):
    """Change without end, as fast as an agent may that keeps to the protocol."""
    await stream.say(attrs.evolve(HELLO, node=node))
    welcome = await stream.hear()
    states = [_sections(Status.PASS, status) for status in (Status.PASS, Status.FAIL)]
    await stream.say(_whole(states[0]))
    sequence = 1
    while True:
        for _ in range(welcome.max_inflight):
            before, after = states[(sequence + 1) % 2], states[sequence % 2]
            sequence += 1
            await stream.say(frames.State(sequence, difference(before, after), after.digest))
        while await stream.hear() != frames.Ack(sequence):
            pass


@pytest.mark.parametrize("count", [1, 24], ids=["one node", "a rack"])
async def test_those_that_flap_wait_and_nobody_else(tmp_path, count):
    """What changes without end is taken at the pace of the collector; a fault elsewhere is in the report at once."""
    async with collecting(tmp_path) as here, contextlib.AsyncExitStack() as streams:
        healthy = await streams.enter_async_context(Node(tmp_path, "node-1", here.listen))
        healthy.become(_state(Status.PASS, Status.PASS))
        await healthy.heard()
        rack = [await streams.enter_async_context(_raw(here)) for _ in range(count)]
        storm = [asyncio.ensure_future(_flap(item, f"rack-{number}")) for number, item in enumerate(rack)]
        await _becomes(here, count + 1, "streams")
        loop = asyncio.get_running_loop()
        await _come_true(here, lambda found: found[("paced_seconds_total",)] >= count)
        worst_s = 0.0
        for status in (Status.FAIL, Status.PASS, Status.FAIL):
            began = loop.time()
            healthy.become(_state(Status.PASS, status))
            await healthy.heard()
            worst_s = max(worst_s, loop.time() - began)
        assert worst_s < 2.0
        assert ("roce.link", "node-1") in [
            (item.check, item.subject.node) for item in (await ask(here.listen)).problems
        ]
        found = await _metrics(here)
        committed = found[("committed_changes_total",)] + found[("store_backlog",)]
        assert committed <= count * (node_stream.MESSAGES.burst + 20) + 10
        assert {} == await _refused(here)
        for task in storm:
            assert not task.done()
            task.cancel()
        await asyncio.gather(*storm, return_exceptions=True)


async def test_coming_back_does_not_fill_what_a_node_has_spent(tmp_path, monkeypatch):
    """A node that opens one stream after the other sends no more than on one; others have their own share."""
    monkeypatch.setattr(node_stream, "MESSAGES", Pace(burst=8, per_s=0.001))
    async with collecting(tmp_path) as here:
        for _ in range(2):
            async with _raw(here) as stream:
                await stream.say(HELLO)
                assert isinstance(await stream.hear(), frames.Welcome)
                for _ in range(3):
                    await stream.say(frames.Heartbeat(0, b"x" * 32))
                    assert isinstance(await stream.hear(), frames.Ack)
                stream.call.cancel()
                await _becomes(here, 0, "streams")
        async with _raw(here) as stream, _raw(here) as other:
            for item, node in ((stream, "node-1"), (other, "node-2")):
                await item.say(attrs.evolve(HELLO, node=node))
                assert isinstance(await item.hear(), frames.Welcome)
                await item.say(frames.Heartbeat(0, b"x" * 32))
            assert isinstance(await other.hear(), frames.Ack)
            assert await _metric(here, "paced_seconds_total") > 100
