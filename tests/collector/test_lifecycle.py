"""The collector as a whole: its pages, its questions and answers, how it starts and how it ends."""

from __future__ import annotations

import asyncio
import re
import socket
import threading

import attrs
import grpc
import pytest
from prometheus_client.parser import text_string_to_metric_families

import small_cluster
from ascend_doctor.checks import catalogue
from ascend_doctor.collector import committer, main, web
from ascend_doctor.collector.main import CollectorSettings, ListenError
from ascend_doctor.collector.sqlite_store import SqliteStore
from ascend_doctor.collector.store import StoreError
from ascend_doctor.model.state import NodeState
from ascend_doctor.model.status import Status
from ascend_doctor.v1 import report_pb2, report_pb2_grpc
from ascend_doctor.wire.channels import client_channel
from ascend_doctor.wire.credentials import Address, CredentialError
from collecting import ANY_PORT, Node, ask, collecting, fetch, judged
from waiting import PATIENCE_S, until
from wire_pair import finding


async def _fail(settings):
    """Start a collector that cannot start."""
    stop = asyncio.Event()
    stop.set()
    await main.serve(settings, catalogue.load(), started=lambda _: None, stop=stop)


async def test_metrics_are_valid_and_few(tmp_path, monkeypatch):
    """The page parses, names follow the conventions, and a node more adds no series of its own."""
    monkeypatch.setattr(web, "KEPT_S", -1.0)
    counts = []
    async with collecting(tmp_path) as here:
        for number in (1, 2):
            async with Node(tmp_path, f"node-{number}", here.listen) as node:
                node.become(judged(f"node-{number}", small_cluster.node(number, 3 - number)))
                await node.heard()
            head, body = await fetch(here.web, "/metrics")
            assert b"content-type: text/plain; version=0.0.4" in head.lower()
            families = list(text_string_to_metric_families(body.decode()))
            counts.append(sum(len(family.samples) for family in families))
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    assert [] == [name for name in names if not re.fullmatch(r"ascend_doctor_(fleet|collector)_[a-z_]+", name)]
    assert [] == [family.name for family in families if not family.documentation]
    values = {(sample.name, *sample.labels.values()): sample.value for item in families for sample in item.samples}
    assert 2 == values["ascend_doctor_fleet_nodes", "ready"]
    assert 2 == values[("ascend_doctor_collector_commits_total",)]
    assert 1 == values[("ascend_doctor_collector_store_up",)]
    assert counts[0] == counts[1]


async def test_pages(tmp_path):
    """The front page is the report, health is told, and there is nothing else."""
    async with collecting(tmp_path, expected=["node-9"]) as here:
        head, body = await fetch(here.web, "/")
        assert b"200" == head.split()[1]
        assert b"node-9" in body
        assert b"alive\n" == (await fetch(here.web, "/healthz"))[1]
        assert b"ready\n" == (await fetch(here.web, "/readyz"))[1]
        assert b"404" == (await fetch(here.web, "/docs"))[0].split()[1]
        assert b"server:" not in head.lower()


async def test_a_page_is_not_made_for_everybody_who_asks(tmp_path, monkeypatch):
    """Scrapes that follow each other closely share one page."""
    monkeypatch.setattr(web, "KEPT_S", PATIENCE_S)
    made = []
    monkeypatch.setattr("ascend_doctor.collector.web.fleet_families", lambda report: made.append(report) or ())
    async with collecting(tmp_path) as here:
        await asyncio.gather(*(fetch(here.web, "/metrics") for _ in range(5)))
    assert 1 == len(made)


async def test_report_filters_come_over_the_wire(tmp_path):
    """Names of nodes and of a job's hosts, checks, and what passed, which is only counted unless it is asked for."""
    state = NodeState.of([finding("npu.ecc", Status.PASS), finding("roce.link", Status.FAIL)])
    async with collecting(tmp_path) as here:
        async with Node(tmp_path, "node-1", here.listen) as node:
            node.become(state)
            await node.heard()
        found = await ask(here.listen, nodes=["node-1"], job_hosts=["node-2"])
        assert ["node-1", "node-2"] == [item.name for item in found.nodes]
        whole = await ask(here.listen, checks=["npu.ecc"], with_passes=True)
        assert {"npu.ecc"} == {item.check for item in whole.findings}
        short = await ask(here.listen)
        assert "npu.ecc" not in {item.check for item in short.findings}
        assert ("roce.link" in {item.check for item in short.findings}, short.also_passed) == (True, 1)


@pytest.mark.parametrize(
    ("nodes", "text"),
    [(["a b"], "'a b' is no name of a node"), ([f"n{number}" for number in range(10_001)], "more than 10000 names")],
)
async def test_questions_that_make_no_sense(tmp_path, nodes, text):
    """Names that are none, and too many of them, are refused."""
    async with collecting(tmp_path) as here:
        with pytest.raises(grpc.aio.AioRpcError, match=text) as refusal:
            await ask(here.listen, nodes=nodes)
    assert grpc.StatusCode.INVALID_ARGUMENT is refusal.value.code()


async def test_nodes_are_listed_page_by_page(tmp_path):
    """Each page begins behind the last name of the one before; a token that can be none is refused."""
    names = [f"node-{number}" for number in range(1, 12)]
    async with collecting(tmp_path, expected=names) as here, client_channel(here.listen, None) as channel:
        stub = report_pb2_grpc.ReportServiceStub(channel)
        found, token = [], ""
        while True:
            page = await stub.ListNodes(report_pb2.ListNodesRequest(page_size=4, page_token=token))
            found.append([node.name for node in page.nodes])
            token = page.next_page_token
            if not token:
                break
        assert [names[:4], names[4:8], names[8:]] == found
        assert names == [node.name for node in (await stub.ListNodes(report_pb2.ListNodesRequest())).nodes]
        with pytest.raises(grpc.aio.AioRpcError, match="page_token is none of ListNodes; begin anew"):
            await stub.ListNodes(report_pb2.ListNodesRequest(page_token="node 99"))


async def test_the_end_commits_what_waits(tmp_path, monkeypatch):
    """What nodes have sent when the collector is told to stop is in the store when it has stopped."""
    real, held, released = SqliteStore.commit, threading.Event(), threading.Event()

    def slow(self, entries):
        if not held.is_set():
            loop.call_soon_threadsafe(held.set)
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0.3), loop).result()
        return real(self, entries)

    monkeypatch.setattr(SqliteStore, "commit", slow)
    async with collecting(tmp_path) as here, Node(tmp_path, "node-1", here.listen) as node:
        node.become(NodeState.of([finding("npu.ecc", Status.PASS)]))
        await until(held.is_set)
        node.become(NodeState.of([finding("npu.ecc", Status.FAIL)]))
        while (await ask(here.listen, checks=["npu.ecc"])).findings[0].status is not Status.FAIL:
            pass
        assert 2 == node.uplink.unacknowledged
        asyncio.get_running_loop().call_later(0.3, released.set)  # the collector is told to stop before
    async with collecting(tmp_path) as here:
        (stored,) = (await ask(here.listen, checks=["npu.ecc"])).findings
    assert Status.FAIL is stored.status


async def test_a_writer_that_dies_ends_the_collector(tmp_path, monkeypatch):
    """A bug in the store does not leave a collector behind that takes everything and keeps nothing."""

    async def broken(_self):
        raise RuntimeError("a bug")

    monkeypatch.setattr(committer.Committer, "_run", broken)
    settings = CollectorSettings(ANY_PORT, str(tmp_path / "store.sqlite"))
    with pytest.raises(RuntimeError, match="a bug"):
        await asyncio.wait_for(
            main.serve(settings, catalogue.load(), started=lambda _: None, stop=asyncio.Event()), PATIENCE_S
        )


async def test_ports_that_are_taken(tmp_path):
    """A port that somebody else listens on is named, for nodes and for the web, and nothing is left behind."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = Address("127.0.0.1", taken.getsockname()[1])
        settings = CollectorSettings(address, str(tmp_path / "store.sqlite"))
        with pytest.raises(ListenError, match=rf"{address}: cannot be listened on; is the port taken"):
            await _fail(settings)
        with pytest.raises(ListenError, match=rf"{address}: Address already in use; choose another address"):
            await _fail(attrs.evolve(settings, listen=ANY_PORT, web=address))
    await _fail(settings)


async def test_settings_that_cannot_work(tmp_path, certificates):
    """Plaintext off loopback, files that do not fit together, and a store that another one holds."""
    settings = CollectorSettings(ANY_PORT, str(tmp_path / "store.sqlite"))
    with pytest.raises(CredentialError, match="plaintext is for loopback only"):
        await _fail(attrs.evolve(settings, listen=Address("192.0.2.1", 7443)))
    mixed = attrs.evolve(certificates.collector, key=certificates.node.key)
    with pytest.raises(
        CredentialError,
        match=r"tls\.crt: cannot be used with .*tls\.key and .* \(KEY_VALUES_MISMATCH\); issue it again",
    ):
        await _fail(attrs.evolve(settings, tls=mixed))
    async with collecting(tmp_path):
        with pytest.raises(StoreError, match="another collector uses it"):
            await _fail(settings)


async def test_ipv6(tmp_path):
    """A collector listens on IPv6 as well."""
    six = Address("::1", 0)
    settings = CollectorSettings(six, str(tmp_path / "store.sqlite"), web=six)
    stop, started = asyncio.Event(), asyncio.get_running_loop().create_future()
    running = asyncio.ensure_future(main.serve(settings, catalogue.load(), started=started.set_result, stop=stop))
    here = await asyncio.wait_for(started, PATIENCE_S)
    assert () == (await ask(here.listen)).nodes
    assert b"alive\n" == (await fetch(here.web, "/healthz"))[1]
    stop.set()
    await running
