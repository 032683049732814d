"""The way from the spool to a real collector, over real streams on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import gc
import shutil
from pathlib import Path
from typing import Any, AsyncIterator, Callable, Dict, Iterable, Iterator, List, Optional, Tuple

import attrs
import pytest
import pytest_asyncio

from ascend_doctor.agent import streams, uplink
from ascend_doctor.agent.streams import Lost
from ascend_doctor.agent.uplink import Uplink, UplinkSettings
from ascend_doctor.checks import catalogue
from ascend_doctor.collector import authority, main
from ascend_doctor.collector.store_opening import open_store
from ascend_doctor.model.sections import Section
from ascend_doctor.model.state import NodeState, difference
from ascend_doctor.model.status import Status
from ascend_doctor.probe.spool import SpoolWriter
from ascend_doctor.wire.credentials import Address, Role, TlsFiles
from ascend_doctor.wire.sections import read_section
from node_states import finding, told, with_findings
from ports import free_port
from waiting import PATIENCE_S, until

NODE = "node-1"
CHECKS = catalogue.load()
HEALTHY = NodeState.of([finding("roce.link", Status.PASS, 1.0)], {"ports": told('{"0":"up"}', 1.0)})
BROKEN = NodeState.of([finding("roce.link", Status.FAIL, 2.0)], {"ports": told('{"0":"down"}', 2.0)})


@pytest.fixture(scope="module", autouse=True)
def _collected() -> Iterator[None]:
    """Let go of the servers while their loop is there: they schedule something on it when they are collected."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uplink, "LOOK_S", 0.02)
    monkeypatch.setattr(streams, "FAREWELL_S", 0.2)
    monkeypatch.setattr(main, "GRACE_S", 0.2)
    monkeypatch.setattr(main, "RETURN_AFTER_S", 0.0)


@attrs.define
class Probe:
    """What the probe does, as far as the uplink sees it: it writes the spool."""

    folder: Path
    _writer: Optional[SpoolWriter] = None

    def become(self, state: NodeState) -> None:
        """Write the change to this state."""
        if self._writer is None:
            self._writer = SpoolWriter(self.folder)
        self._writer.append(difference(self._writer.state, state))

    def restart(self) -> None:
        """End, and fold the changes into a snapshot."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def lose_everything(self) -> None:
        """End, and let the disk be replaced."""
        self.restart()
        shutil.rmtree(self.folder)


@pytest.fixture
def probe(tmp_path: Path) -> Iterator[Probe]:
    """A probe that has found a healthy node."""
    found = Probe(tmp_path / "state")
    found.become(HEALTHY)
    yield found
    found.restart()


class Site:
    """A collector that can be stopped and started at the same address with the same store."""

    def __init__(self, folder: Path, tls: Optional[TlsFiles] = None) -> None:
        self._folder = folder
        self._tls = tls
        self.address = Address("127.0.0.1", free_port())
        self._stop = asyncio.Event()
        self._task: Optional[asyncio.Task[None]] = None

    async def start(self) -> None:
        """Start, and wait until it listens."""
        listening: asyncio.Future[main.Started] = asyncio.get_running_loop().create_future()
        self._stop = asyncio.Event()
        settings = main.CollectorSettings(self.address, str(self._folder / "store.sqlite"), self._tls)
        self._task = asyncio.create_task(main.serve(settings, CHECKS, started=listening.set_result, stop=self._stop))
        done, _ = await asyncio.wait((listening, self._task), return_when=asyncio.FIRST_COMPLETED)
        if self._task in done:
            self._task.result()
        self.address = listening.result().listen

    async def stop(self) -> None:
        """Stop, and wait for the end."""
        self._stop.set()
        if self._task is not None:
            await self._task

    async def stored(self) -> Dict[str, str]:
        """Stop, and return what is in the store of the node: the words for its outcomes by check."""
        await self.stop()
        store = open_store(str(self._folder / "store.sqlite"), 0.0)
        try:
            found = next((item.sections for item in store.load() if item.node == NODE), {})
        finally:
            store.close()
        return outcomes(map(read_section, found.values()))


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A collector in plaintext on loopback."""
    found = Site(tmp_path)
    await found.start()
    yield found
    await found.stop()


def outcomes(sections: Iterable[Section]) -> Dict[str, str]:
    """Return the words for the outcomes by check."""
    return {item.name: item.statuses[0].value for item in sections if item.statuses}


@contextlib.asynccontextmanager
async def _running(settings: UplinkSettings) -> AsyncIterator[Uplink]:
    found = Uplink(settings, chance=lambda: 0.05)
    stop = asyncio.Event()
    task = asyncio.create_task(found.run(stop))
    try:
        yield found
    finally:
        stop.set()
        await asyncio.wait_for(task, PATIENCE_S)


def _settings(probe: Probe, *collectors: Address, tls: Optional[TlsFiles] = None) -> UplinkSettings:
    return UplinkSettings(NODE, probe.folder, collectors, tls, "1.0", 60.0, 210.0)


async def _delivered(found: Uplink, state: NodeState) -> None:
    await until(lambda: found.state == state and found.streaming and found.unacknowledged == 0)


async def test_the_state_and_its_changes_reach_the_store(probe: Probe, site: Site):
    """What the probe wrote before and after the connection is in the collector's store once it is acknowledged."""
    async with _running(_settings(probe, site.address)) as found:
        await _delivered(found, HEALTHY)
        probe.become(BROKEN)
        await _delivered(found, BROKEN)
        assert {"roce.link": "fail"} == await site.stored()


async def test_a_collector_that_restarts_misses_nothing(probe: Probe, site: Site):
    """What changed while the collector was away is there when it is back, over one new stream."""
    async with _running(_settings(probe, site.address)) as found:
        await _delivered(found, HEALTHY)
        await site.stop()
        await until(lambda: not found.streaming)
        probe.become(BROKEN)
        await site.start()
        await _delivered(found, BROKEN)
        assert found.connections == 2
        assert {"roce.link": "fail"} == await site.stored()


async def test_an_uplink_that_restarts_goes_on(probe: Probe, site: Site):
    """A new process takes up the spool where it is, and does not send again what the collector has."""
    async with _running(_settings(probe, site.address)) as found:
        await _delivered(found, HEALTHY)
    probe.become(BROKEN)
    async with _running(_settings(probe, site.address)) as found:
        await _delivered(found, BROKEN)
        assert {"roce.link": "fail"} == await site.stored()


async def test_a_probe_that_restarts_goes_on_in_the_same_history(probe: Probe, site: Site):
    """Changes that were folded into a snapshot are one more change to the collector."""
    async with _running(_settings(probe, site.address)) as found:
        await _delivered(found, HEALTHY)
        probe.restart()
        probe.become(BROKEN)
        probe.restart()
        await _delivered(found, BROKEN)
        assert found.connections == 1


async def test_what_was_lost_is_counted_for_the_life_of_the_agent(probe: Probe, tmp_path: Path):
    """A new history of the spool does not make good what no collector ever heard of."""
    probe.become(HEALTHY)
    found = Uplink(UplinkSettings(NODE, probe.folder))
    assert (0, 0) == (found.lost_transitions, found.waiting_bytes)
    found.look()
    assert found._session is not None
    found._session.lost_transitions = 3
    probe.become(BROKEN)
    found.look()
    assert found.waiting_bytes > 0
    probe.lose_everything()
    probe.become(HEALTHY)
    found.look()
    assert (3, 0) == (found.lost_transitions, found.waiting_bytes)


async def test_a_spool_that_was_lost_begins_a_new_history(probe: Probe, site: Site):
    """A node whose disk was replaced tells everything anew, and nothing of the old remains."""
    more = with_findings(HEALTHY, {"npu.ecc": Status.FAIL}, 1.0)
    probe.become(more)
    async with _running(_settings(probe, site.address)) as found:
        await _delivered(found, more)
        probe.lose_everything()
        probe.become(BROKEN)
        await _delivered(found, BROKEN)
        assert found.connections == 2
        assert {"roce.link": "fail"} == await site.stored()


async def test_the_uplink_may_come_first(tmp_path: Path, site: Site):
    """An uplink that starts before the probe has written anything waits for it."""
    probe = Probe(tmp_path / "later")
    async with _running(_settings(probe, site.address)) as found:
        await asyncio.sleep(0.1)
        assert found.connections == 0
        probe.become(HEALTHY)
        await _delivered(found, HEALTHY)
    probe.restart()


async def test_the_next_collector_is_tried(probe: Probe, site: Site, caplog: pytest.LogCaptureFixture):
    """With several addresses one that does not answer is passed over, and the log says why."""
    nobody = Address("127.0.0.1", 1)
    async with _running(_settings(probe, nobody, site.address)) as found:
        await _delivered(found, HEALTHY)
    assert "127.0.0.1:1: connection refused; is the collector running there?" in caplog.text


async def test_without_a_collector_the_spool_is_followed(probe: Probe):
    """The metrics need no collector."""
    async with _running(_settings(probe)) as found:
        await until(lambda: found.state == HEALTHY)
        assert not found.streaming
        assert found.unacknowledged == 1


def _put_in_place_of(old: TlsFiles, new: TlsFiles) -> None:
    for theirs, ours in zip(attrs.astuple(old), attrs.astuple(new)):
        Path(ours).replace(theirs)


@pytest.fixture
def pki(tmp_path: Path) -> Callable[..., TlsFiles]:
    """Issue certificates of a CA of one's own."""
    now = dt.datetime.now(dt.timezone.utc)
    serial: List[str] = []

    def issue(holder: str, role: Role, *, ca: str = "ca", into: Optional[str] = None, days: int = 1) -> TlsFiles:
        folder = tmp_path / ca
        if not folder.exists():
            authority.init(folder, ca, now)
        serial.append(holder)
        target = tmp_path / (into or f"tls-{len(serial)}")
        names = ("127.0.0.1",) if role is Role.COLLECTOR else ()
        authority.issue(folder, holder, role, now, addresses=names, days=days, into=target)
        return TlsFiles(*(str(target / name) for name in ("ca.crt", "tls.crt", "tls.key")))

    return issue


async def test_mutual_tls_and_a_new_certificate(
    tmp_path: Path, probe: Probe, pki: Callable[..., TlsFiles], monkeypatch: pytest.MonkeyPatch
):
    """A certificate that is replaced on disk is taken up by a new stream, without a restart."""
    monkeypatch.setattr(streams, "STAMP_S", 0.05)
    site = Site(tmp_path, pki("collector", Role.COLLECTOR))
    await site.start()
    mine = pki(NODE, Role.NODE, into="mine")
    async with _running(_settings(probe, site.address, tls=mine)) as found:
        await _delivered(found, HEALTHY)
        fresh = pki(NODE, Role.NODE)
        _put_in_place_of(mine, fresh)
        await until(lambda: found.connections == 2)
        probe.become(BROKEN)
        await _delivered(found, BROKEN)
        assert {"roce.link": "fail"} == await site.stored()


@pytest.mark.parametrize(
    ("bearer", "expected"),
    [
        (("node-2", Role.NODE, "ca"), "permission denied"),
        ((NODE, Role.READER, "ca"), "may not send results; issue a certificate with --role node"),
        ((NODE, Role.NODE, "other"), "certificate is not from the CA in"),
    ],
)
async def test_a_wrong_certificate_is_told_in_one_line(
    probe: Probe,
    pki: Callable[..., TlsFiles],
    caplog: pytest.LogCaptureFixture,
    bearer: Tuple[str, Role, str],
    expected: str,
):
    """Whoever may not speak for the node gets nothing into the store, and the log says what is wrong."""
    holder, role, ca = bearer
    site = Site(probe.folder.parent, pki("collector", Role.COLLECTOR))
    await site.start()
    async with _running(_settings(probe, site.address, tls=pki(holder, role, ca=ca))) as found:
        await until(lambda: expected in caplog.text)
        assert not found.streaming
    assert {} == await site.stored()


async def test_files_that_are_not_there_are_told(probe: Probe, site: Site, caplog: pytest.LogCaptureFixture):
    """A missing certificate is the doctor's own trouble: it is logged, and tried again."""
    missing = TlsFiles("/nowhere/ca.crt", "/nowhere/tls.crt", "/nowhere/tls.key")
    async with _running(_settings(probe, site.address, tls=missing)):
        await until(lambda: "/nowhere/ca.crt: No such file or directory" in caplog.text)


async def test_the_same_trouble_is_told_once(
    probe: Probe, site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """What gRPC hides now and then is not told as another trouble; after a collector that listened it is told anew."""
    refused, cut = Lost("head: refused, for a reason"), Lost(f"head: {streams.CUT}", is_vague=True)
    ends = [cut, cut, refused, cut, refused, cut, Lost(), None, refused, cut]
    converse = streams.Line.converse

    async def scripted(self: streams.Line, address: Address, *more: Any) -> Lost:
        if not ends:
            return refused
        end = ends.pop(0)
        return end if end is not None else await converse(self, address, *more)

    monkeypatch.setattr(streams.Line, "converse", scripted)
    async with _running(_settings(probe, site.address)) as found:
        await _delivered(found, HEALTHY)
        await site.stop()
        await until(lambda: not ends)
    told = [item.message for item in caplog.records if item.levelname == "WARNING" and "head: " in item.message]
    assert [cut.trouble, refused.trouble, refused.trouble] == told
