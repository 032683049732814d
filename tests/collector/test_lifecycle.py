"""The collector as a whole: its own metrics, how it starts and how it ends."""

from __future__ import annotations

import asyncio
import re
import socket

import attrs
import pytest
from prometheus_client.parser import text_string_to_metric_families

import small_cluster
from ascend_doctor.collector import admission, committer, ingest, main
from ascend_doctor.collector.main import CollectorSettings
from ascend_doctor.collector.sqlite_store import SqliteStore
from ascend_doctor.collector.store import StoreError
from ascend_doctor.collector.web_server import ListenError
from ascend_doctor.model.state import NodeState
from ascend_doctor.model.status import Status
from ascend_doctor.wire.credentials import Address, CredentialError
from collecting import ANY_PORT, CHECKS, Node, ask, collecting, fetch, judged_now
from node_states import finding
from waiting import PATIENCE_S, until


async def _fail(settings):
    """Start a collector that cannot start."""
    stop = asyncio.Event()
    stop.set()
    await main.serve(settings, CHECKS, started=lambda _: None, stop=stop)


async def _samples(here):
    _, body = await fetch(here.web, "/metrics")
    families = list(text_string_to_metric_families(body.decode()))
    values = {(sample.name, *sample.labels.values()): sample.value for item in families for sample in item.samples}
    return families, values


async def _when_ready(here, count):
    """Return what the page says once so many nodes are ready."""
    while True:
        families, values = await _samples(here)
        if count == values.get(("ascend_doctor_fleet_nodes", "ready")):
            return families, values
        await asyncio.sleep(0.05)


async def test_metrics_are_valid_and_few(tmp_path):
    """The page parses, names follow the conventions, and a node more adds no series of its own."""
    counts = []
    async with collecting(tmp_path) as here:
        for number in (1, 2):
            async with Node(tmp_path, f"node-{number}", here.listen) as node:
                node.become(judged_now(f"node-{number}", small_cluster.node(number, 3 - number)))
                await node.heard()
            families, values = await asyncio.wait_for(_when_ready(here, number), PATIENCE_S)
            counts.append(len(values))
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    assert [] == [name for name in names if not re.fullmatch(r"ascend_doctor_(fleet|collector)_[a-z_]+", name)]
    assert [] == [family.name for family in families if not family.documentation]
    assert 2 == values[("ascend_doctor_collector_committed_changes_total",)]
    assert 2 == values[("ascend_doctor_collector_opened_streams_total",)]
    assert 1 == values[("ascend_doctor_collector_store_up",)]
    assert counts[0] == counts[1]


async def test_the_end_commits_what_waits(tmp_path, monkeypatch):
    """What nodes have sent when the collector is told to stop is in the store when it has stopped."""
    real, loop = SqliteStore.commit, asyncio.get_running_loop()
    held, free = asyncio.Event(), asyncio.Event()

    def slow(self, entries):
        loop.call_soon_threadsafe(held.set)
        asyncio.run_coroutine_threadsafe(free.wait(), loop).result()
        return real(self, entries)

    monkeypatch.setattr(SqliteStore, "commit", slow)
    taken = []
    put = committer.Committer.put
    monkeypatch.setattr(committer.Committer, "put", lambda self, entry, done: taken.append(put(self, entry, done)))
    async with collecting(tmp_path) as here, Node(tmp_path, "node-1", here.listen) as node:
        node.become(NodeState.of([finding("npu.ecc", Status.PASS)]))
        await until(held.is_set)
        node.become(NodeState.of([finding("npu.ecc", Status.FAIL)]))
        await until(lambda: len(taken) == 2)
        loop.call_later(0.3, free.set)
    async with collecting(tmp_path) as here:
        (stored,) = (await ask(here.listen, checks=["npu.ecc"])).findings
    assert "npu.ecc is fail" in stored.summary


@pytest.mark.parametrize(
    ("owner", "part"),
    [
        (committer.Committer, "_run"),
        (ingest.IngestService, "keep_time"),
        (admission.Admission, "watch"),
        (main, "keep_settled"),
    ],
    ids=["store", "clock", "guard", "cleaner"],
)
async def test_a_part_that_dies_ends_the_collector(tmp_path, monkeypatch, owner, part):
    """A bug in what everything rests on does not leave a collector behind that takes everything and keeps nothing."""

    async def broken(*_self):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(owner, part, broken)
    settings = CollectorSettings(ANY_PORT, str(tmp_path / "store.sqlite"))
    serving = main.serve(settings, CHECKS, started=lambda _: None, stop=asyncio.Event())
    with pytest.raises(ZeroDivisionError, match="a bug"):
        await asyncio.wait_for(serving, PATIENCE_S)


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
    running = asyncio.ensure_future(main.serve(settings, CHECKS, started=started.set_result, stop=stop))
    here = await asyncio.wait_for(started, PATIENCE_S)
    assert () == (await ask(here.listen)).nodes
    assert b"alive\n" == (await fetch(here.web, "/healthz"))[1]
    stop.set()
    await running
