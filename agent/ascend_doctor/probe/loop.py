"""The probe: rounds on schedule, judged, and their changes spooled for the agent. It has no network."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.engine import DEFAULTS, Settings
from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.checks.topics import tell_all
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import mapping
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading
from ascend_doctor.model.report import Report
from ascend_doctor.model.state import EMPTY, NodeState, difference, with_since
from ascend_doctor.model.subject import SubjectKind
from ascend_doctor.probe import activity, history, plan, verdict_file
from ascend_doctor.probe import round as rounds
from ascend_doctor.probe.files import sweep
from ascend_doctor.probe.locks import DEFAULT_FOLDER, NpuLocks
from ascend_doctor.probe.requests import Requests
from ascend_doctor.probe.round import RoundSettings
from ascend_doctor.probe.runner import Runner
from ascend_doctor.probe.schedule import Schedule
from ascend_doctor.probe.spool import MAX_BYTES, SpoolError, SpoolTakenError, SpoolWriter

logger = logging.getLogger(__name__)

LOOK_S = 2.0
"""How often the probe looks for a request while it waits for the next round."""
CLOCK_JUMP_S = 5.0


@attrs.frozen
class ProbeSettings:
    """What a probe is told. `intervals_s` overrides how often single sources are asked, by name."""

    node: str
    state_dir: Path
    checks: Settings = DEFAULTS
    intervals_s: Mapping[str, float] = attrs.field(factory=dict)
    rounds: RoundSettings = attrs.field(factory=RoundSettings)
    lock_folder: str = DEFAULT_FOLDER
    spool_bytes: int = MAX_BYTES
    doctor_version: str = ""


Told = Callable[[Report, NodeView], None]


def _ignore(_report: Report, _view: NodeView) -> None:
    """Tell nobody."""


class Probe:
    """Looks at one node again and again. `on_report` is told of every report, after it has been written, and its view.

    What goes wrong with the state directory is the doctor's own trouble: it is logged, it stands in `verdict.json` as
    soon as that can be written, and the newest state is kept in memory until the next round that succeeds.
    """

    def __init__(
        self,
        runner: Runner,
        entries: Mapping[str, Entry],
        settings: ProbeSettings,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        on_report: Told = _ignore,
    ) -> None:
        self._runner = runner
        self._entries = entries
        self._settings = settings
        self._wall = wall
        self._monotonic = monotonic
        self._on_report = on_report
        self._sources = plan.sources_for(entries, settings.checks)
        self._schedule = Schedule(self._sources, settings.intervals_s)
        self._locks = NpuLocks(settings.lock_folder)
        self._view = NodeView(settings.node, {}, intervals_s=settings.intervals_s)
        self._devices: Reading[DeviceMap] = NOT_REPORTED
        self._spool: Optional[SpoolWriter] = None
        self._state = EMPTY
        self._troubles: Tuple[str, ...] = ()
        self._host_mark: object = None
        self._clock_offset = wall() - monotonic()
        self._requests = Requests(settings.state_dir, monotonic)
        self.round_began_at: Optional[float] = None
        """When the round that is under way began, by the monotonic clock; None between two rounds."""

    async def run(self, stop: asyncio.Event) -> None:
        """Make rounds until told to stop; a round that is under way is then broken off and its tools are killed.

        Raises `SpoolTakenError` when another probe writes to the state directory.
        """
        stopped = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                step = asyncio.ensure_future(self.step())
                try:
                    await asyncio.wait((step, stopped), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    step.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await step
                await self._wait(stopped)
        finally:
            stopped.cancel()
            self.close()

    async def step(self) -> Optional[Report]:
        """Make one round of what is due, judge, and write. Returns None when nothing is due."""
        self.round_began_at = self._monotonic()
        try:
            return await self._round()
        finally:
            self.round_began_at = None

    async def _round(self) -> Optional[Report]:
        self._watch_clock()
        self._take_request()
        due = self._due()
        if not due:
            self._requests.answered()
            return None
        taken = await rounds.take(
            self._runner,
            due,
            devices=self._devices,
            settings=self._settings.rounds,
            locks=self._locks,
            wall=self._wall,
        )
        self._devices = taken.devices
        evidence = history.followed_by(self._view.evidence, taken.evidence, self._sources)
        self._view = self._view.followed_by(self._current(evidence), taken.readings)
        self._watch_host()
        report = self._conclude(due, taken.remarks)
        self._requests.answered()
        return report

    def close(self) -> None:
        """Let go of the state directory."""
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    async def _wait(self, stopped: asyncio.Future[Any]) -> None:
        """Wait until something is due, is asked for, or the end has come."""
        while not stopped.done():
            left = self._schedule.next_at() - self._monotonic()
            if left <= 0 or self._requests.is_waiting():
                return
            await asyncio.wait((stopped,), timeout=min(left, LOOK_S))

    def _due(self) -> Tuple[Source[Any], ...]:
        due = self._schedule.due(self._monotonic())
        if due and isinstance(self._devices, Missing) and mapping.SOURCE not in due:
            # No map yet, as before the driver is up: ask for it with every round, not with every hour.
            due = (mapping.SOURCE, *due)
        return due

    def _watch_clock(self) -> None:
        """Ask everything anew when the node's clock has jumped: else old answers would look new, or new ones old."""
        offset = self._wall() - self._monotonic()
        if abs(offset - self._clock_offset) > CLOCK_JUMP_S:
            logger.warning("the clock jumped by %.0f s; everything is asked anew", offset - self._clock_offset)
            self._schedule.renew(source.name for source in self._sources)
        self._clock_offset = offset

    def _watch_host(self) -> None:
        """Read what is static again when something was installed, or NPUs came or went."""
        facts = self._view.read(identity.SOURCE)
        if isinstance(facts, Missing):
            return
        mark = (facts.davinci, tuple(sorted(facts.file_times.items())))
        if self._host_mark is not None and mark != self._host_mark:
            self._schedule.renew_static()
        self._host_mark = mark

    def _current(self, evidence: Mapping[str, Evidence]) -> Dict[str, Evidence]:
        """Return the answers without those about NPUs that are no longer there."""
        if isinstance(self._devices, Missing):
            return dict(evidence)
        queries = (source.about(target) for source in self._sources for target in self._devices.targets(source))
        asked = {key for query in queries for key in history.keys_of(query)}
        nodes = {source.name for source in self._sources}
        pairs = [source for source in self._sources if source.scope is Scope.PAIR]
        reaching = tuple(f"{source.name}@{phy_id}:" for source in pairs for phy_id in self._devices.phy_ids)
        return {key: item for key, item in evidence.items() if key in asked or key in nodes or key.startswith(reaching)}

    def _conclude(self, due: Sequence[Source[Any]], remarks: Tuple[str, ...]) -> Report:
        now = self._wall()
        settings = self._settings
        view = self._view
        view.now = now
        done = activity.of_node(view, self._sources, self._schedule, self._clock_offset)
        busy = frozenset(item.name for item in done if item.busy)
        self._schedule.back_off(busy & {source.name for source in due}, self._monotonic())
        with contextlib.suppress(SpoolError):
            self._state = self._opened_spool().state
        judged = judge_and_fold([view], self._entries, settings.checks, now, settings.intervals_s)
        findings = with_since(judged, self._state)
        report = make_report([view], findings, now, origin="this node", doctor_version=settings.doctor_version)
        # What the cluster is like is not for one node to say; the collector judges that over all of them.
        own = [finding for finding in findings if not self._is_of_cluster(finding)]
        self._note(done, now)
        self._state = NodeState.of(own, tell_all(view))
        self._write(self._state, report, remarks)
        self._on_report(report, view)
        return report

    def _is_of_cluster(self, finding: Finding) -> bool:
        entry = self._entries.get(finding.check)
        return finding.subject.kind is SubjectKind.CLUSTER or (entry is not None and entry.fleet)

    def _opened_spool(self) -> SpoolWriter:
        if self._spool is None:
            self._spool = SpoolWriter(self._settings.state_dir, self._settings.spool_bytes)
            sweep(self._settings.state_dir, verdict_file.FILE_NAME)
        return self._spool

    def _note(self, done: activity.Activities, now: float) -> None:
        # Nobody decides by this file: a disk that is full is told by the ones that matter.
        with contextlib.suppress(OSError):
            activity.write(self._settings.state_dir, done, now)

    def _write(self, state: NodeState, report: Report, remarks: Tuple[str, ...]) -> None:
        troubles = []
        try:
            spool = self._opened_spool()
            change = difference(spool.state, state, report.made_at)
            if change or self._troubles:
                spool.append(change)
        except SpoolTakenError:
            raise
        except SpoolError as error:
            troubles.append(str(error))
        current_s = plan.current_s(self._sources, self._settings.intervals_s)
        verdict = verdict_file.of_report(report, self._settings.node, current_s, (*remarks, *troubles))
        try:
            verdict_file.write(self._settings.state_dir, verdict)
        except OSError as error:
            troubles.append(f"{self._settings.state_dir / verdict_file.FILE_NAME} cannot be written: {error.strerror}")
        for trouble in troubles:
            if trouble not in self._troubles:
                logger.error("%s", trouble)
        self._troubles = tuple(troubles)

    def _take_request(self) -> None:
        """Make the sources of the checks due that the agent asks for: ids of checks installed here, nothing else."""
        words = self._requests.take()
        if words is None:
            return
        for name in words or self._entries:
            entry = self._entries.get(name)
            if entry is not None:
                self._schedule.renew(source.name for source in entry.check.reads)


async def serve(probe: Probe) -> None:
    """Run a probe until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await probe.run(stop)


def main(make_probe: Callable[[], Probe]) -> None:
    """Own the process: make the probe, and run it until a signal."""

    async def owned() -> None:
        await serve(make_probe())

    asyncio.run(owned())
