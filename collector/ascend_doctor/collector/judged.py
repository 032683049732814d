"""What was found about a fleet at one time, and the reports that follow from it. Pure: it may run in any thread."""

from __future__ import annotations

from typing import Collection, Iterator, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.engine import DEFAULTS, FleetJudge, Settings
from ascend_doctor.checks.fleet import FleetView
from ascend_doctor.checks.judging import by_node, facts_of, refold
from ascend_doctor.collector.fleet import Member
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.report import Liveness, NodeSummary, Report
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import natural
from ascend_doctor.model.verdict import Verdict, verdict_of, worst
from ascend_doctor.report.printable import span

MAX_OUTCOMES = 50_000
"""A report with everything that passed has no more than this: who wants it asks for some of the nodes."""
ORIGIN = "the collector"


class TooMuchError(Exception):
    """A report would be too big. The text says so and what to ask instead."""


@attrs.frozen
class Snapshot:
    """The fleet at one time: `at` in epoch seconds, all nodes by name, and all names in natural order with liveness.

    `version` tells it from every other one.
    """

    version: str
    at: float
    changes: int
    members: Mapping[str, Member]
    alive: Mapping[str, Liveness]


@attrs.frozen(eq=False)
class Judged:
    """What was found: problems and blind spots, folded, with what concerns which node."""

    seen: Snapshot
    by_node: Mapping[str, Sequence[Finding]]
    common: Sequence[Finding]
    """What belongs to no node, and so matters to all."""
    summaries: Mapping[str, NodeSummary]
    """Every node by name, in natural order."""
    whole: Report
    """The report over the whole fleet, where what passed is only counted."""

    def report(self, nodes: Collection[str] = (), checks: Collection[str] = (), *, passes: bool = False) -> Report:
        """Return the report over the whole fleet, or over the named nodes: what only concerns others is left out.

        `checks` narrows the findings that are shown; the verdict still counts all. What passed is only counted, unless
        `passes` asks for it. Raises `TooMuchError`.
        """
        if not (nodes or checks or passes):
            return self.whole
        names = sorted(set(nodes), key=natural) if nodes else list(self.summaries)
        findings = self.concerning(names) if nodes else self.whole.findings
        summaries = tuple(self.summaries.get(name) or _summary(name, None, (), Liveness.NEVER_SEEN) for name in names)
        wanted = frozenset(checks)
        shown = [item for item in findings if not wanted or item.check in wanted]
        members = [self.seen.members[name] for name in names if name in self.seen.members]
        passed, skipped = _good_outcomes(members, wanted)
        if passes:
            if passed + skipped > MAX_OUTCOMES:
                raise TooMuchError(
                    f"{passed + skipped} results passed, at most {MAX_OUTCOMES} are told at once: name some nodes"
                    " or checks, or leave out what passed"
                )
            shown += (item for member in members for item in _good(member, wanted))
            passed, skipped = 0, 0
        verdict = _verdict(summaries, findings)
        return attrs.evolve(
            self.whole,
            verdict=verdict,
            nodes=summaries,
            findings=tuple(shown),
            also_passed=passed,
            also_skipped=skipped,
        )

    def concerning(self, names: Sequence[str]) -> Tuple[Finding, ...]:
        """Return the findings that concern any of these nodes, each once."""
        found = {item.key: item for name in names for item in self.by_node.get(name, ())}
        found.update((item.key, item) for item in self.common)
        return tuple(found.values())


class Judge:
    """Judges a fleet again and again, each time only what has changed. Not for several threads at once."""

    def __init__(self, entries: Mapping[str, Entry], settings: Settings = DEFAULTS, version: str = "") -> None:
        self._judge = FleetJudge(entries, settings)
        self._entries = entries
        self._version = version
        self._before: Optional[Judged] = None

    def find(self, seen: Snapshot) -> Judged:
        """Judge a fleet at one time."""
        members = [seen.members[name] for name in seen.alive if name in seen.members]
        live = [item for item in members if seen.alive[item.name] is Liveness.LIVE]
        view = FleetView(item.facts for item in live)
        # The cluster checks run over the live nodes together, whatever each said of itself.
        across = self._judge.judge(view, _matters) if live else ()
        own = [finding for item in live for finding in self._own(item)]
        findings = [*refold([*own, *across], view, self._entries)]
        for item in members:
            if seen.alive[item.name] is not Liveness.LIVE:
                findings += (_stale(finding, seen.at - item.standing.received_at) for finding in self._own(item))
        concerning = by_node(findings)
        common = [item for item in concerning.get("", ()) if not any(subject.node for subject in item.affected)]
        summaries = {name: self._summary(name, seen, concerning) for name in seen.alive}
        nodes = tuple(summaries.values())
        whole = Report(
            made_at=seen.at,
            verdict=_verdict(nodes, findings),
            nodes=nodes,
            findings=tuple(findings),
            origin=ORIGIN,
            doctor_version=self._version,
            also_passed=sum(item.passed for item in members),
            also_skipped=sum(item.skipped for item in members),
        )
        self._before = Judged(seen, concerning, common, summaries, whole)
        return self._before

    def _summary(self, name: str, seen: Snapshot, concerning: Mapping[str, Sequence[Finding]]) -> NodeSummary:
        """Return the one of before for a node of which nothing is known since, and nothing is wrong."""
        member, liveness, before = seen.members.get(name), seen.alive[name], self._before
        if (
            before is not None
            and not (name in concerning or name in before.by_node)
            and before.seen.alive.get(name) is liveness
            and before.seen.members.get(name) is member
        ):
            return before.summaries[name]
        return _summary(name, member, concerning.get(name, ()), liveness)

    def _own(self, member: Member) -> Iterator[Finding]:
        return (item for item in member.findings(passes=False) if not self._is_across(item))

    def _is_across(self, finding: Finding) -> bool:
        entry = self._entries.get(finding.check)
        return entry is not None and entry.fleet


def _verdict(nodes: Sequence[NodeSummary], findings: Sequence[Finding]) -> Verdict:
    return worst([*(item.verdict for item in nodes), *([verdict_of(findings)] if findings else ())])


def _good(member: Member, checks: Collection[str]) -> Iterator[Finding]:
    """Yield what passed and what was skipped."""
    return (
        item for item in member.findings(passes=True) if not _matters(item) and (not checks or item.check in checks)
    )


def _good_outcomes(members: Sequence[Member], checks: Collection[str]) -> Tuple[int, int]:
    """Count what passed and what was skipped."""
    if not checks:
        return sum(item.passed for item in members), sum(item.skipped for item in members)
    named = [item.sections.sections[name] for item in members for name in checks if name in item.sections.sections]
    return sum(item.passed for item in named), sum(item.skipped for item in named)


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
