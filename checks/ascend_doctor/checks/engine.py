"""The engine: facts in, findings out. Here a bug of a check is caught."""

from __future__ import annotations

import operator
from typing import Any, Callable, Collection, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, cast

import attrs

from ascend_doctor.checks import outcome
from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.check import AnyCheck, FleetCheck, NodeCheck
from ascend_doctor.checks.fleet import FleetView, NodeFacts
from ascend_doctor.checks.topics.node import NODE
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.source import EARLIER
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Severity, Status
from ascend_doctor.model.subject import Subject

STALE_AFTER_INTERVALS = 3.0
STALE_GRACE_S = 30.0


@attrs.frozen
class CheckSettings:
    """What the operator decided about one check; None where what the check itself says holds."""

    enabled: Optional[bool] = None
    severity: Optional[Severity] = None
    limits: Optional[Any] = None


Settings = Mapping[str, CheckSettings]
DEFAULTS: Settings = {}

Intervals = Mapping[str, float]
"""How often sources are asked, in seconds by their names, where it is not the interval of their own."""
OWN_INTERVALS: Intervals = {}


def is_enabled(check: AnyCheck, settings: Settings = DEFAULTS) -> bool:
    """Tell whether a check runs: an opt-in check only where somebody enabled it, any other unless disabled."""
    chosen = settings.get(check.id, CheckSettings()).enabled
    return not check.opt_in if chosen is None else chosen


def judge_node(view: NodeView, entries: Mapping[str, Entry], settings: Settings = DEFAULTS) -> Tuple[Finding, ...]:
    """Run every enabled node check over one node. Findings are not folded yet."""
    found: List[Finding] = []
    for entry in entries.values():
        if not entry.fleet and is_enabled(entry.check, settings):
            found += _run(cast(NodeCheck, entry.check), view, settings)
    return tuple(found)


def judge_fleet(fleet: FleetView, entries: Mapping[str, Entry], settings: Settings = DEFAULTS) -> Tuple[Finding, ...]:
    """Run every enabled cluster check over the fleet. Findings are not folded yet."""
    return FleetJudge(entries, settings).judge(fleet)


def _anything(_finding: Finding) -> bool:
    return True


class FleetJudge:
    """Judges a fleet again and again, each time only by the checks of which a topic has changed somewhere.

    A node that tells the same as before has to give the same object for it, as `NodeFacts.followed_by` does.
    """

    def __init__(self, entries: Mapping[str, Entry], settings: Settings = DEFAULTS) -> None:
        self._settings = settings
        enabled = [entry.check for entry in entries.values() if entry.fleet and is_enabled(entry.check, settings)]
        self._checks = cast(List[FleetCheck], enabled)
        self._nodes: Tuple[str, ...] = ()
        self._told: Dict[str, Tuple[object, ...]] = {}
        self._found: Dict[str, Sequence[Finding]] = {}

    def judge(self, fleet: FleetView, wanted: Callable[[Finding], bool] = _anything) -> Tuple[Finding, ...]:
        """Return what all enabled cluster checks find and is `wanted`, not folded yet."""
        changed = self._take(fleet)
        found: List[Finding] = []
        for check in self._checks:
            if check.id not in self._found or any(topic.name in changed for topic in (NODE, *check.topics)):
                self._found[check.id] = _judge_fleet(check, fleet, self._settings)
            found += _dated(list(filter(wanted, self._found[check.id])), check, fleet)
        return tuple(found)

    def _take(self, fleet: FleetView) -> Collection[str]:
        """Remember what the nodes tell, and return the topics about which any tells something else than before."""
        nodes = tuple(node.name for node in fleet.nodes)
        topics = {topic.name: topic for check in self._checks for topic in (NODE, *check.topics)}
        told = {name: tuple(node.read(topic) for node in fleet.nodes) for name, topic in topics.items()}
        before, self._told = self._told, told
        if nodes != self._nodes:
            self._nodes = nodes
            return told
        return [name for name, facts in told.items() if not all(map(operator.is_, facts, before.get(name, ())))]


def deadline_s(check: AnyCheck, intervals_s: Intervals = OWN_INTERVALS) -> float:
    """Return after how many seconds a result of the check is no longer current."""
    asked_every_s = (intervals_s.get(source.name, source.interval_s) for source in check.reads)
    return STALE_AFTER_INTERVALS * max(asked_every_s, default=60.0) + STALE_GRACE_S


def aged(finding: Finding, check: AnyCheck, now: float, intervals_s: Intervals = OWN_INTERVALS) -> Finding:
    """Return the finding, or a stale one in its place when its evidence is older than the check's deadline."""
    age = now - finding.judged_at
    if not finding.judged_at or age <= deadline_s(check, intervals_s) or finding.status in (Status.SKIP, Status.STALE):
        return finding
    return outcome.outdated(finding, f"was {finding.status.value} {_span(age)} ago, and nothing newer has come")


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"


def _run(check: NodeCheck, view: NodeView, settings: Settings) -> Iterable[Finding]:
    severity, limits = _chosen(check, settings)
    devices = view.devices
    if not isinstance(devices, Missing) and not devices.is_one_of(check.generations):
        return [attrs.evolve(_not_for(view.subject), check=check.id, severity=severity)]
    try:
        found = list(check.judge(view.limited_to(check.reads), limits))
    except Exception as bug:  # noqa: BLE001 - a bug in a check is the doctor's own trouble
        found = [_broken(view.subject, bug)]
    return [
        attrs.evolve(item, check=check.id, severity=severity, judged_at=item.judged_at or _collected(view, item, check))
        for item in found
    ]


def _collected(view: NodeView, finding: Finding, check: AnyCheck) -> float:
    """When the evidence was collected that a finding rests on; the oldest of its answers counts.

    Without quotes these are all answers that its check reads. Earlier answers are old by their nature: what they are
    compared with tells whether the finding is current.
    """
    cited = {quote.key for quote in finding.quotes if EARLIER not in quote.key}
    times = [view.evidence[key].started_at for key in cited if key in view.evidence]
    return min(times) if times else view.collected_at(check.reads)


def _judge_fleet(check: FleetCheck, fleet: FleetView, settings: Settings) -> Sequence[Finding]:
    """Run a cluster check over the nodes that have what it is about, and say which of them do not tell."""
    severity, limits = _chosen(check, settings)
    having = [node for node in fleet.nodes if node.is_one_of(check.generations)]
    silent = {node.name: _untold(node, check) for node in having}
    telling = [node for node in having if silent[node.name] is None]
    found = [finding for finding in silent.values() if finding is not None]
    if fleet.nodes and not having:
        found.append(_not_for(fleet.subject))
    elif telling or not having:
        try:
            found += check.judge(fleet.limited_to(check.topics, telling), limits)
        except Exception as bug:  # noqa: BLE001 - a bug in a check is the doctor's own trouble
            found.append(_broken(fleet.subject, bug))
    return [attrs.evolve(item, check=check.id, severity=severity) for item in found]


def _untold(node: NodeFacts, check: FleetCheck) -> Optional[Finding]:
    """Say what a node does not tell of what the check is about; None where it tells all."""
    for topic in check.topics:
        facts = node.read(topic)
        if isinstance(facts, Missing):
            return outcome.unknown(node.subject, f"what the node tells of {topic.about}", facts)
    return None


def _dated(findings: Sequence[Finding], check: FleetCheck, fleet: FleetView) -> Iterator[Finding]:
    """Yield the findings with the time of the evidence: that of their node, else the oldest of all nodes."""
    if not findings:
        return
    times = {node.name: node.collected_at(check.topics) for node in fleet.nodes}
    oldest = min(filter(None, times.values()), default=0.0)
    for finding in findings:
        yield attrs.evolve(finding, judged_at=times.get(finding.subject.node, oldest))


def _chosen(check: AnyCheck, settings: Settings) -> Tuple[Severity, Any]:
    """Return the severity and the limits that hold for a check."""
    setting = settings.get(check.id, CheckSettings())
    return setting.severity or check.severity, check.limits if setting.limits is None else setting.limits


def _not_for(subject: Subject) -> Finding:
    return outcome.skipped(subject, "not for this product")


def _broken(subject: Subject, bug: Exception) -> Finding:
    gap = Missing(Absence.TOOL_FAILED, f"the check itself failed with {type(bug).__name__}: {bug}")
    return outcome.unknown(subject, "the outcome", gap)
