"""All nodes in memory: what they said last, whether they still speak, and what follows for the cluster."""

from __future__ import annotations

from typing import Collection, Dict, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.engine import DEFAULTS, Settings, judge_fleet
from ascend_doctor.checks.judging import refold, summarise
from ascend_doctor.checks.view import FleetView, NodeView
from ascend_doctor.collector.store import StoredNode, Transition
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.report import Liveness, NodeSummary, Report
from ascend_doctor.model.state import NodeState
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import natural
from ascend_doctor.model.verdict import Verdict, verdict_of, worst
from ascend_doctor.report.printable import span
from ascend_doctor.wire.collector_session import Known
from ascend_doctor.wire.effects import Commit
from ascend_doctor.wire.frames import Hello


@attrs.frozen
class Deadlines:
    """After how many seconds without news a node is stale, and lost. A node may ask for more time to be current."""

    stale_after_s: float = 90.0
    lost_after_s: float = 600.0


DEFAULT_DEADLINES = Deadlines()


@attrs.define(eq=False)
class Member:
    """One node: its state, and the times by the collector's clock (epoch seconds)."""

    name: str
    epoch: str
    sequence: int
    committed: int
    state: NodeState
    view: NodeView
    received_at: float


class Fleet:
    """The collector's memory. Not for several threads; every call returns at once but `report`, which may judge."""

    def __init__(
        self,
        entries: Mapping[str, Entry],
        settings: Settings = DEFAULTS,
        deadlines: Deadlines = DEFAULT_DEADLINES,
        expected: Collection[str] = (),
        version: str = "",
    ) -> None:
        self._entries = entries
        self._settings = settings
        self._deadlines = deadlines
        self._expected = frozenset(expected)
        self._version = version
        self._members: Dict[str, Member] = {}
        self._current_s: Dict[str, float] = {}
        self._judged: Optional[Tuple[Tuple[str, ...], Tuple[Finding, ...]]] = None

    def restore(self, stored: Sequence[StoredNode]) -> None:
        """Take up what the store has."""
        for item in stored:
            view = NodeView(item.node, item.state.evidence)
            self._members[item.node] = Member(
                item.node, item.epoch, item.sequence, item.sequence, item.state, view, item.received_at
            )
        self._judged = None

    def known(self, node: str) -> Optional[Known]:
        """Return what is known of a node, None for one that was never met."""
        member = self._members.get(node)
        return None if member is None else Known(member.epoch, member.sequence, member.state, member.committed)

    def greeted(self, hello: Hello) -> None:
        """Remember how long the results of a node stay current, if it said so."""
        self._current_s[hello.node] = hello.current_s or 0.0

    def accept(self, commit: Commit, now: float) -> Tuple[Transition, ...]:
        """Take a new state into memory, before the store has it, and return what it changes."""
        before = self._members.get(commit.node)
        old = before.state.findings if before is not None else {}
        view = (
            NodeView(commit.node, commit.state.evidence)
            if before is None
            else before.view.followed_by(commit.state.evidence)
        )
        self._members[commit.node] = Member(
            name=commit.node,
            epoch=commit.epoch,
            sequence=commit.sequence,
            # A whole state may come again under a number that the store has already, with other contents.
            committed=min(before.committed, commit.sequence - 1) if before and before.epoch == commit.epoch else -1,
            state=commit.state,
            view=view,
            received_at=now,
        )
        self._judged = None
        return _transitions(commit.node, old, commit.state.findings, now)

    def stored(self, commit: Commit) -> None:
        """Remember that the store has a change."""
        member = self._members.get(commit.node)
        if member is not None and member.epoch == commit.epoch:
            member.committed = max(member.committed, commit.sequence)

    def liveness(self, node: str, now: float) -> Liveness:
        """Tell whether a node's results are still current. Results count, not signs of life: a probe may hang."""
        member = self._members.get(node)
        if member is None:
            return Liveness.NEVER_SEEN
        silent_s = now - member.received_at
        stale_after_s = max(self._deadlines.stale_after_s, self._current_s.get(node, 0.0))
        if silent_s <= stale_after_s:
            return Liveness.LIVE
        return Liveness.LOST if silent_s > max(self._deadlines.lost_after_s, stale_after_s) else Liveness.STALE

    @property
    def names(self) -> Tuple[str, ...]:
        """The nodes that were met or are expected, in natural order."""
        return tuple(sorted(self._expected.union(self._members), key=natural))

    def report(
        self, now: float, nodes: Collection[str] = (), checks: Collection[str] = (), *, passes: bool = True
    ) -> Report:
        """Return the report over the whole fleet, or over the named nodes: what only concerns others is left out.

        `checks` narrows the findings that are shown, and without `passes` what passed or was skipped is left out; the
        verdict still counts all.
        """
        names = tuple(sorted(set(nodes), key=natural)) if nodes else self.names
        alive = {name: self.liveness(name, now) for name in names}
        findings = self._findings(now)
        if nodes:
            findings = tuple(item for item in findings if _concerns(item, alive))
        summaries = tuple(self._summary(name, findings, alive[name]) for name in names)
        verdict = worst([*(summary.verdict for summary in summaries), *_overall(findings)])
        shown = tuple(item for item in findings if (not checks or item.check in checks) and (passes or _matters(item)))
        return Report(now, verdict, summaries, shown, "the collector", self._version)

    def _findings(self, now: float) -> Tuple[Finding, ...]:
        """Judge the fleet, unless nothing has changed since. Silent nodes have no say in what the cluster is like."""
        live = tuple(name for name in self._members if self.liveness(name, now) is Liveness.LIVE)
        if self._judged is not None and self._judged[0] == live:
            judged = self._judged[1]
        else:
            fleet = FleetView([self._members[name].view for name in live])
            across = judge_fleet(fleet, self._entries, self._settings) if live else ()
            own = [attrs.evolve(item, cause="") for name in live for item in self._own(name)]
            # The cluster checks run over the live nodes together, whatever each said of itself.
            judged = refold([*own, *across], fleet, self._entries)
            self._judged = (live, judged)
        silent = [
            _stale(item, now - member.received_at) for member in self._silent(live) for item in self._own(member.name)
        ]
        return (*judged, *silent)

    def _own(self, name: str) -> List[Finding]:
        """Return what a node said of itself. What it made of its own NPUs alone is left to the cluster checks."""
        findings = self._members[name].state.findings.values()
        return [item for item in findings if not (item.check in self._entries and self._entries[item.check].fleet)]

    def _silent(self, live: Collection[str]) -> List[Member]:
        return [member for name, member in self._members.items() if name not in live]

    def _summary(self, name: str, findings: Sequence[Finding], liveness: Liveness) -> NodeSummary:
        member = self._members.get(name)
        if member is None:
            return NodeSummary(name, Verdict.INCOMPLETE, liveness)
        found = summarise(member.view, findings, liveness)
        if liveness is Liveness.LIVE:
            return found
        # Old results neither clear a node nor accuse it.
        return attrs.evolve(found, verdict=Verdict.INCOMPLETE)


def _overall(findings: Sequence[Finding]) -> List[Verdict]:
    return [verdict_of(findings)] if findings else []


def _concerns(finding: Finding, names: Collection[str]) -> bool:
    """Whether a finding matters to any of the nodes. One that belongs to no node matters to all."""
    if not finding.subject.node:
        return not finding.affected or any(item.node in names for item in finding.affected)
    return finding.subject.node in names or any(item.node in names for item in finding.affected)


def _matters(finding: Finding) -> bool:
    return finding.status.is_problem or finding.status.is_blind


def _stale(finding: Finding, silent_s: float) -> Finding:
    if finding.status is Status.SKIP:
        return finding
    return attrs.evolve(
        finding,
        status=Status.STALE,
        summary=f"was {finding.status.value} {span(silent_s)} ago, nothing came since: {finding.summary}",
        remedies=(),
        cause="",
    )


def _transitions(
    node: str, old: Mapping[str, Finding], new: Mapping[str, Finding], now: float
) -> Tuple[Transition, ...]:
    found = []
    for key, item in new.items():
        before = old.get(key)
        if before is item or (before is not None and before.status is item.status):
            continue
        found.append(
            Transition(node, key, item.check, before.status if before else None, item.status, now, item.summary)
        )
    for key in old.keys() - new.keys():
        gone = old[key]
        found.append(Transition(node, key, gone.check, gone.status, None, now, gone.summary))
    return tuple(found)
