"""What follows from what the nodes say: judged when something has changed and somebody asks, beside the event loop."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Collection, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.engine import DEFAULTS, FleetJudge, Settings
from ascend_doctor.checks.judging import facts_of, refold
from ascend_doctor.checks.view import FleetView
from ascend_doctor.collector.fleet import Fleet, Member
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.report import Liveness, NodeSummary, Report
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import natural
from ascend_doctor.model.verdict import Verdict, verdict_of, worst
from ascend_doctor.report.printable import span

REST = 4.0
"""After judging, so many times as long as it took nothing is judged again: at most a fifth of a core goes into it."""
MAX_REST_S = 2.0
MAX_OUTCOMES = 200_000
"""A report with everything that passed has no more than this: who wants it asks for some of the nodes."""


class TooMuchError(Exception):
    """A report would be too big. The text says so and what to ask instead."""


@attrs.frozen(eq=False)
class Judged:
    """What was found about a fleet at one time: problems and blind spots, folded, with what concerns which node."""

    changes: int
    alive: Mapping[str, Liveness]
    findings: Tuple[Finding, ...]
    by_node: Mapping[str, Tuple[Finding, ...]]
    common: Tuple[Finding, ...]
    """What belongs to no node, and so matters to all."""
    summaries: Mapping[str, NodeSummary]


class Reports:
    """Makes the reports of a collector. To be used in one event loop."""

    def __init__(
        self,
        fleet: Fleet,
        entries: Mapping[str, Entry],
        settings: Settings = DEFAULTS,
        version: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._fleet = fleet
        self._judge = FleetJudge(entries, settings)
        self._entries = entries
        self._version = version
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judge")
        self._judged: Optional[Judged] = None
        self._running: Optional[asyncio.Future[Judged]] = None
        self._rest_until = 0.0
        self.judgements = 0
        """How often the fleet was judged."""
        self.judging_s = 0.0
        """How long that took in all."""

    async def judged(self) -> Judged:
        """Return what was found, of now or of a moment ago. Many may ask at once; the fleet is judged for all of them."""
        if self._running is None:
            now = self._clock()
            alive = {name: self._fleet.liveness(name, now) for name in self._fleet.names}
            known = self._judged
            if known is not None and known.changes == self._fleet.changes and known.alive == alive:
                return known
            self._running = asyncio.ensure_future(self._judge_now(now, alive))
        return await asyncio.shield(self._running)

    async def _judge_now(self, now: float, alive: Mapping[str, Liveness]) -> Judged:
        try:
            rest_s = self._rest_until - time.monotonic()
            if rest_s > 0:
                await asyncio.sleep(rest_s)
                now = self._clock()
                alive = {name: self._fleet.liveness(name, now) for name in self._fleet.names}
            changes, members = self._fleet.changes, tuple(self._fleet.members.values())
            began = time.monotonic()
            found = await asyncio.get_running_loop().run_in_executor(
                self._thread, self._find, changes, members, alive, now
            )
            took_s = time.monotonic() - began
            self._rest_until = began + took_s + min(REST * took_s, MAX_REST_S)
            self.judgements += 1
            self.judging_s += took_s
            self._judged = found
            return found
        finally:
            self._running = None

    def _find(
        self, changes: int, members: Sequence[Member], alive: Mapping[str, Liveness], now: float
    ) -> Judged:
        """Judge. Runs in a thread: it sees members, which never change, and nothing else of the fleet."""
        live = [item for item in members if alive[item.name] is Liveness.LIVE]
        view = FleetView([item.facts for item in live])
        across = self._judge.judge(view) if live else ()
        own = [finding for item in live for finding in item.findings(passes=False) if not self._is_across(finding)]
        # The cluster checks run over the live nodes together, whatever each said of itself.
        told = [finding for finding in across if _matters(finding)]
        findings = [*refold([*own, *told], view, self._entries)]
        for item in members:
            if alive[item.name] is not Liveness.LIVE:
                findings += (_stale(finding, now - item.standing.received_at) for finding in self._own(item))
        by_node, common = _by_node(findings)
        known = {item.name: item for item in members}
        summaries = {
            name: _summary(name, known.get(name), by_node.get(name, ()), liveness) for name, liveness in alive.items()
        }
        return Judged(changes, alive, tuple(findings), by_node, common, summaries)

    def _own(self, member: Member) -> Iterator[Finding]:
        return (item for item in member.findings(passes=False) if not self._is_across(item))

    def _is_across(self, finding: Finding) -> bool:
        entry = self._entries.get(finding.check)
        return entry is not None and entry.fleet

    async def report(
        self, nodes: Collection[str] = (), checks: Collection[str] = (), *, passes: bool = False
    ) -> Report:
        """Return the report over the whole fleet, or over the named nodes: what only concerns others is left out.

        `checks` narrows the findings that are shown; the verdict still counts all. What passed is only counted, unless
        `passes` asks for it. Raises `TooMuchError`.
        """
        judged = await self.judged()
        names = sorted(set(nodes), key=natural) if nodes else list(judged.alive)
        findings = _concerning(judged, names) if nodes else judged.findings
        summaries = tuple(judged.summaries.get(name) or _summary(name, None, (), Liveness.NEVER_SEEN) for name in names)
        verdict = worst([*(item.verdict for item in summaries), *([verdict_of(findings)] if findings else ())])
        shown = [item for item in findings if not checks or item.check in checks]
        members = [self._fleet.members[name] for name in names if name in self._fleet.members]
        passed, skipped = _good_outcomes(members, checks)
        if passes:
            if passed + skipped > MAX_OUTCOMES:
                raise TooMuchError(
                    f"{passed + skipped} results passed, at most {MAX_OUTCOMES} are told at once: name some nodes"
                    " or checks, or leave out what passed"
                )
            shown += (
                item
                for member in members
                for item in member.findings(passes=True)
                if not _matters(item) and (not checks or item.check in checks)
            )
            passed, skipped = 0, 0
        origin = "the collector"
        return Report(self._clock(), verdict, summaries, tuple(shown), origin, self._version, passed, skipped)

    def close(self) -> None:
        """Let go of the thread."""
        self._thread.shutdown(wait=False)


def _good_outcomes(members: Sequence[Member], checks: Collection[str]) -> Tuple[int, int]:
    """Count what passed and what was skipped."""
    if not checks:
        return sum(item.passed for item in members), sum(item.skipped for item in members)
    named = [item.sections.sections[name] for item in members for name in checks if name in item.sections.sections]
    return sum(item.passed for item in named), sum(item.skipped for item in named)


def _by_node(findings: Sequence[Finding]) -> Tuple[Dict[str, Tuple[Finding, ...]], Tuple[Finding, ...]]:
    """Sort findings by the nodes that they concern; those of no node at all are returned apart."""
    found: Dict[str, List[Finding]] = {}
    common = []
    for item in findings:
        concerned = {subject.node for subject in (item.subject, *item.affected) if subject.node}
        for node in concerned:
            found.setdefault(node, []).append(item)
        if not item.subject.node and not item.affected:
            common.append(item)
    return {node: tuple(items) for node, items in found.items()}, tuple(common)


def _concerning(judged: Judged, names: Sequence[str]) -> Tuple[Finding, ...]:
    found = {item.key: item for name in names for item in judged.by_node.get(name, ())}
    found.update((item.key, item) for item in judged.common)
    return tuple(found.values())


def _summary(name: str, member: Optional[Member], findings: Sequence[Finding], liveness: Liveness) -> NodeSummary:
    if member is None:
        return NodeSummary(name, Verdict.INCOMPLETE, liveness)
    verdict = verdict_of(findings) if findings else Verdict.READY
    if liveness is not Liveness.LIVE or not member.says_anything:
        # Old results neither clear a node nor accuse it.
        verdict = Verdict.INCOMPLETE
    return NodeSummary(name, verdict, liveness, member.seen_at, facts_of(member.facts))


def _matters(finding: Finding) -> bool:
    return finding.status.is_problem or finding.status.is_blind


def _stale(finding: Finding, silent_s: float) -> Finding:
    return attrs.evolve(
        finding,
        status=Status.STALE,
        summary=f"was {finding.status.value} {span(silent_s)} ago, nothing came since: {finding.summary}",
        remedies=(),
        cause="",
    )
