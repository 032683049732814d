"""What readers are told over gRPC."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from ascend_doctor.collector import history, judged, readiness, service, watching
from ascend_doctor.collector.history import MAX_PAGE
from ascend_doctor.collector.store import StoreError, TooWideError
from ascend_doctor.collector.workers import BusyError
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Transition
from ascend_doctor.v1 import finding_pb2, report_pb2
from reading import health, link, reading, told
from waiting import PATIENCE_S, until

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


async def refusal(call: Any) -> grpc.aio.AioRpcError:
    """Return how a call is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        if hasattr(call, "read"):
            while await call.read() is not grpc.aio.EOF:
                pass
        else:
            await call
    return caught.value


async def read(call: Any) -> report_pb2.WatchResponse:
    """Return the next message of a watch."""
    message: report_pb2.WatchResponse = await asyncio.wait_for(call.read(), PATIENCE_S)
    return message


def transition(number: int, check: str = "roce.link") -> Transition:
    """A change some seconds after another."""
    return Transition(check, f"port:node-1:{number}", Status.PASS, Status.FAIL, 1_790_000_000.0 + number, "down")


def failing(*_: object) -> None:
    """A store that cannot be read."""
    raise StoreError("disk I/O error")


async def test_nodes_come_page_by_page(tmp_path) -> None:
    """All of them once and in order, though one at the end of a page is gone when the next is asked for."""
    names = [f"node-{number}" for number in (1, 2, 3, 10)]
    async with reading(tmp_path, *(told(name, health(name)) for name in names)) as place:
        first = await place.stub.ListNodes(report_pb2.ListNodesRequest(page_size=2))
        assert (names[:2], names[1]) == ([node.name for node in first.nodes], first.next_page_token)
        place.fleet.forget("node-2")
        second = await place.stub.ListNodes(report_pb2.ListNodesRequest(page_token=first.next_page_token))
        assert (names[2:], "") == ([node.name for node in second.nodes], second.next_page_token)
        error = await refusal(place.stub.ListNodes(report_pb2.ListNodesRequest(page_token="no name")))
        assert grpc.StatusCode.INVALID_ARGUMENT is error.code()


async def test_history_comes_page_by_page(tmp_path) -> None:
    """What the collector learnt last comes first; nodes, checks and times narrow it."""
    async with reading(tmp_path) as place:
        place.remember("node-1", transition(1), transition(2), transition(3, "npu.ecc"))
        place.remember("node-2", transition(4))
        ask = place.stub.ListTransitions
        first = await ask(report_pb2.ListTransitionsRequest(page_size=3))
        assert [4, 3, 2] == [item.transition.change_time.seconds - 1_790_000_000 for item in first.transitions]
        second = await ask(report_pb2.ListTransitionsRequest(page_size=3, page_token=first.next_page_token))
        assert ["port:node-1:1"] == [item.transition.subject_key for item in second.transitions]
        assert "" == second.next_page_token
        item = second.transitions[0]
        assert ("node-1", finding_pb2.STATUS_FAIL) == (item.node_name, item.transition.after_status)
        some = report_pb2.ListTransitionsRequest(node_names=["node-1"], check_ids=["roce.link"])
        some.since_time.seconds, some.until_time.seconds = 1_790_000_002, 1_790_000_003
        assert [2] == [item.transition.change_time.seconds - 1_790_000_000 for item in (await ask(some)).transitions]


@pytest.mark.parametrize("token", ["x", "-1", "1" * 20, "\u0661"])
async def test_a_token_of_somebody_else_is_refused(tmp_path, token: str) -> None:
    """It is an error of the caller, and says what to do."""
    async with reading(tmp_path) as place:
        error = await refusal(place.stub.ListTransitions(report_pb2.ListTransitionsRequest(page_token=token)))
        assert (grpc.StatusCode.INVALID_ARGUMENT, True) == (error.code(), "begin anew" in (error.details() or ""))


async def test_bad_requests_are_refused(tmp_path) -> None:
    """Names that are none, too many of them, and times beyond the calendar."""
    async with reading(tmp_path) as place:
        far = report_pb2.ListTransitionsRequest()
        far.since_time.seconds = -1
        for call in (
            place.stub.GetReport(report_pb2.GetReportRequest(node_names=["no name"])),
            place.stub.GetReport(report_pb2.GetReportRequest(check_ids=["x"] * 10_001)),
            place.stub.Watch(report_pb2.WatchRequest(node_names=["-"])),
            place.stub.ListTransitions(far),
        ):
            assert grpc.StatusCode.INVALID_ARGUMENT is (await refusal(call)).code()


async def test_a_store_that_fails_is_told(tmp_path, monkeypatch) -> None:
    """The history cannot be told; the report can."""
    async with reading(tmp_path, told("node-1", health("node-1"))) as place:
        monkeypatch.setattr(type(place.store), "history", failing)
        error = await refusal(place.stub.ListTransitions(report_pb2.ListTransitionsRequest(page_size=MAX_PAGE)))
        assert (grpc.StatusCode.ABORTED, "disk I/O error") == (error.code(), error.details())
        messages = [message async for message in place.stub.GetReport(report_pb2.GetReportRequest())]
        assert report_pb2.VERDICT_READY == messages[0].header.verdict


async def test_a_question_that_is_too_wide_is_refused(tmp_path, monkeypatch) -> None:
    """The caller is told what to ask instead: the store is well."""

    def find(*_: object) -> None:
        raise TooWideError

    async with reading(tmp_path) as place:
        monkeypatch.setattr(type(place.store), "history", find)
        error = await refusal(place.stub.ListTransitions(report_pb2.ListTransitionsRequest()))
        assert grpc.StatusCode.FAILED_PRECONDITION is error.code()
        assert "ask for a shorter time, or name nodes or checks" in (error.details() or "")


async def test_a_report_that_is_too_big_is_refused(tmp_path, monkeypatch) -> None:
    """The caller is told what to ask instead."""
    monkeypatch.setattr(judged, "MAX_OUTCOMES", 7)
    async with reading(tmp_path, told("node-1", health("node-1"))) as place:
        error = await refusal(place.stub.GetReport(report_pb2.GetReportRequest(with_passes=True)))
        assert grpc.StatusCode.FAILED_PRECONDITION is error.code()
        assert "name some nodes or checks" in (error.details() or "")


async def test_only_so_many_read_the_history_at_once(tmp_path, monkeypatch) -> None:
    """They are answered one after the other: one more is asked to come again."""
    monkeypatch.setattr(history, "MAX_WAITING", 0)
    async with reading(tmp_path) as place:
        error = await refusal(place.stub.ListTransitions(report_pb2.ListTransitionsRequest()))
        assert grpc.StatusCode.RESOURCE_EXHAUSTED is error.code()


async def test_who_watches_is_told_what_is_and_what_changes(tmp_path, monkeypatch) -> None:
    """First everything, then a node that breaks, then that it is mended; newer evidence alone is not told."""
    monkeypatch.setattr(watching, "LOOK_S", 0.01)
    async with reading(tmp_path, told("node-1", health("node-1")), told("node-2", health("node-2"))) as place:
        call = place.stub.Watch(report_pb2.WatchRequest())
        first = await read(call)
        assert (True, False, report_pb2.VERDICT_READY) == (first.whole, first.more_follows, first.verdict)
        assert ["node-1", "node-2"] == [node.name for node in first.nodes]
        place.become(told("node-2", health("node-2"), sequence=2))
        place.become(told("node-1", [link("node-1", 3)], sequence=2))
        broken = await read(call)
        assert (False, report_pb2.VERDICT_NOT_READY) == (broken.whole, broken.verdict)
        assert ["node-1"] == [node.name for node in broken.nodes]
        assert ["roce.link|port:node-1:3"] == [finding.key for finding in broken.findings]
        place.become(told("node-1", health("node-1"), sequence=3))
        mended = await read(call)
        assert ["roce.link|port:node-1:3"] == list(mended.removed_finding_keys)
        place.fleet.forget("node-2")
        assert ["node-2"] == list((await read(call)).removed_node_names)


async def test_who_watches_the_same_shares_the_work(tmp_path, monkeypatch) -> None:
    """A change is worked out once for all of them."""
    monkeypatch.setattr(watching, "LOOK_S", 0.01)
    compared = []
    real = watching.change_between
    monkeypatch.setattr(watching, "change_between", lambda old, new: compared.append(new) or real(old, new))
    async with reading(tmp_path, told("node-1", health("node-1"))) as place:
        calls = [place.stub.Watch(report_pb2.WatchRequest()) for _ in range(5)]
        assert all([(await read(call)).whole for call in calls])
        place.become(told("node-1", [link("node-1", 3)], sequence=2))
        assert all([len((await read(call)).findings) == 1 for call in calls])
    assert 2 == len(compared)


async def test_who_watches_some_hears_of_nobody_else(tmp_path, monkeypatch) -> None:
    """A change elsewhere is not told to who watches one node."""
    monkeypatch.setattr(watching, "LOOK_S", 0.01)
    async with reading(tmp_path, told("node-1", health("node-1")), told("node-2", health("node-2"))) as place:
        call = place.stub.Watch(report_pb2.WatchRequest(node_names=["node-1"]))
        assert ["node-1"] == [node.name for node in (await read(call)).nodes]
        place.become(told("node-2", [link("node-2", 3)], sequence=2))
        await place.reports.report()
        place.become(told("node-1", [link("node-1", 5)], sequence=2))
        assert ["roce.link|port:node-1:5"] == [finding.key for finding in (await read(call)).findings]


async def test_only_so_many_watch(tmp_path, monkeypatch) -> None:
    """One more is refused; when one goes there is room again."""
    async with reading(tmp_path) as place:
        monkeypatch.setattr(place.readers._watchers, "_most", 1)
        first = place.stub.Watch(report_pb2.WatchRequest())
        assert (await read(first)).whole
        error = await refusal(place.stub.Watch(report_pb2.WatchRequest()))
        assert grpc.StatusCode.RESOURCE_EXHAUSTED is error.code()
        first.cancel()
        await until(lambda: not place.readers._watchers.count)
        assert (await read(place.stub.Watch(report_pb2.WatchRequest()))).whole


async def test_those_who_watch_over_http_take_nobodys_place(tmp_path, monkeypatch) -> None:
    """Nobody asks there who they are: however many they are, there is room over gRPC, and the other way round."""
    async with reading(tmp_path) as place:
        monkeypatch.setattr(place.readers._watchers, "_most", 1)
        over_http = []
        for expected in (b"200", b"503"):
            reader, writer = await asyncio.open_connection(place.web.host, place.web.port)
            writer.write(b"GET /api/v1/watch HTTP/1.1\r\nHost: x\r\n\r\n")
            assert expected == (await asyncio.wait_for(reader.readline(), PATIENCE_S)).split()[1]
            over_http.append(writer)
        call = place.stub.Watch(report_pb2.WatchRequest())
        assert (await read(call)).whole
        assert 2 == place.readers._watchers.count
        error = await refusal(place.stub.Watch(report_pb2.WatchRequest()))
        assert "1 watch already over gRPC; end one of them" in (error.details() or "")
        for writer in over_http:
            writer.close()
        call.cancel()
        await until(lambda: not place.readers._watchers.count)


async def test_watching_ends_when_the_collector_stops(tmp_path) -> None:
    """The watcher is told to come back."""
    async with reading(tmp_path) as place:
        call = place.stub.Watch(report_pb2.WatchRequest())
        await read(call)
        place.readers.drain()
        error = await refusal(call)
        assert (grpc.StatusCode.UNAVAILABLE, "the collector stops; watch again") == (error.code(), error.details())


async def test_health_is_told(tmp_path, monkeypatch) -> None:
    """By service, once and for as long as somebody listens: a store that fails and an end make it not serving."""
    monkeypatch.setattr(readiness, "LOOK_S", 0.01)
    async with reading(tmp_path) as place:
        stub: Any = health_pb2_grpc.HealthStub(place.channel)
        for service in readiness.SERVICES:
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
            assert SERVING == answer.status
        error = await refusal(stub.Check(health_pb2.HealthCheckRequest(service="x")))
        assert grpc.StatusCode.NOT_FOUND is error.code()
        watch = stub.Watch(health_pb2.HealthCheckRequest(service="ascend_doctor.v1.IngestService"))
        assert SERVING == (await asyncio.wait_for(watch.read(), PATIENCE_S)).status
        place.committer.healthy = False
        assert NOT_SERVING == (await asyncio.wait_for(watch.read(), PATIENCE_S)).status
        place.committer.healthy = True
        assert SERVING == (await asyncio.wait_for(watch.read(), PATIENCE_S)).status
        place.readers.drain()
        assert NOT_SERVING == (await asyncio.wait_for(watch.read(), PATIENCE_S)).status
        unknown = stub.Watch(health_pb2.HealthCheckRequest(service="x"))
        told_status = (await asyncio.wait_for(unknown.read(), PATIENCE_S)).status
        assert health_pb2.HealthCheckResponse.SERVICE_UNKNOWN == told_status


async def test_only_so_many_listen_for_health(tmp_path, monkeypatch) -> None:
    """One more is asked to ask now and then."""
    monkeypatch.setattr(readiness, "MAX_WATCHERS", 0)
    async with reading(tmp_path) as place:
        stub: Any = health_pb2_grpc.HealthStub(place.channel)
        error = await refusal(stub.Watch(health_pb2.HealthCheckRequest()))
        assert grpc.StatusCode.RESOURCE_EXHAUSTED is error.code()


CALLS = (
    lambda stub: stub.GetReport(report_pb2.GetReportRequest()),
    lambda stub: stub.ListNodes(report_pb2.ListNodesRequest()),
    lambda stub: stub.ListTransitions(report_pb2.ListTransitionsRequest()),
    lambda stub: stub.Watch(report_pb2.WatchRequest()),
)


async def test_a_node_may_not_read(tmp_path, certificates) -> None:
    """Every method asks for the role of a reader."""
    async with reading(tmp_path, tls=certificates.collector, reader=certificates.node) as place:
        for call in CALLS:
            error = await refusal(call(place.stub))
            assert grpc.StatusCode.PERMISSION_DENIED is error.code()
            assert "issue a certificate with --role reader" in (error.details() or "")


async def test_a_reader_may_read(tmp_path, certificates) -> None:
    """Report, nodes, history and changes."""
    node = told("node-1", health("node-1"))
    async with reading(tmp_path, node, tls=certificates.collector, reader=certificates.reader) as place:
        report, nodes, transitions, watch = (call(place.stub) for call in CALLS)
        assert 1 == (await read(report)).header.node_count
        assert ["node-1"] == [item.name for item in (await nodes).nodes]
        assert [] == list((await transitions).transitions)
        assert (await read(watch)).whole


async def test_who_watches_and_does_not_read_is_cut_off(tmp_path, monkeypatch) -> None:
    """What he leaves unread does not lie in memory for ever, and his place is free again."""
    monkeypatch.setattr(service, "WRITE_S", 0.2)
    monkeypatch.setattr(watching, "LOOK_S", 0.01)
    async with reading(tmp_path, told("node-1", health("node-1"))) as place:
        call = place.stub.Watch(report_pb2.WatchRequest())
        await read(call)
        many = [link("node-1", number, summary=f"{number} " + "x" * 4000) for number in range(500)]
        for sequence in range(2, 12):
            if not place.readers._watchers.count:
                break
            changed = [link("node-1", item.subject.name, summary=f"{sequence} {item.summary}") for item in many]
            place.become(told("node-1", changed, sequence=sequence))
            await place.reports.report()
        await until(lambda: not place.readers._watchers.count)


async def test_who_does_not_read_his_report_is_cut_off(tmp_path, monkeypatch) -> None:
    """It does not lie in memory for ever; who reads on gets all of it."""
    monkeypatch.setattr(service, "WRITE_S", 0.2)
    cut = []
    real = service.ReportService.GetReport

    async def watched(*words: Any) -> None:
        try:
            await real(*words)
        except asyncio.CancelledError:
            cut.append(words)
            raise

    monkeypatch.setattr(service.ReportService, "GetReport", watched)
    many = [link("node-1", number, summary=f"{number} " + "x" * 4000) for number in range(2000)]
    async with reading(tmp_path, told("node-1", many)) as place:
        deaf = place.stub.GetReport(report_pb2.GetReportRequest())
        assert 1 == (await read(deaf)).header.node_count
        await until(lambda: cut)
        deaf.cancel()
        ears = place.stub.GetReport(report_pb2.GetReportRequest())
        assert 2000 == sum([len(message.findings) async for message in ears])


async def test_a_watcher_waits_while_too_much_is_asked(tmp_path, monkeypatch) -> None:
    """He is told later, and all of it; only who has just come is refused."""
    monkeypatch.setattr(watching, "LOOK_S", 0.01)
    async with reading(tmp_path, told("node-1", health("node-1"))) as place:
        call = place.stub.Watch(report_pb2.WatchRequest())
        await read(call)
        refused = []

        async def do(work: object) -> None:
            refused.append(work)
            raise BusyError("busy")

        with monkeypatch.context() as busy:
            busy.setattr(place.reports.workers, "do", do)
            place.become(told("node-1", [link("node-1", 3)], sequence=2))
            await until(lambda: len(refused) > 1)
            error = await refusal(place.stub.Watch(report_pb2.WatchRequest()))
            assert grpc.StatusCode.RESOURCE_EXHAUSTED is error.code()
        assert ["roce.link|port:node-1:3"] == [finding.key for finding in (await read(call)).findings]
