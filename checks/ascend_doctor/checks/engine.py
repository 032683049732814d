"""The engine: facts in, findings out. The one place where a bug of a check is caught."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

import attrs

from ascend_doctor.checks import outcome
from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.check import AnyCheck
from ascend_doctor.checks.view import FleetView, NodeView
from ascend_doctor.facts.source import EARLIER
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Severity, Status

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
            found += _run(entry.check, view, settings)
    return tuple(found)


def judge_fleet(fleet: FleetView, entries: Mapping[str, Entry], settings: Settings = DEFAULTS) -> Tuple[Finding, ...]:
    """Run every enabled cluster check over the fleet. Findings are not folded yet."""
    found: List[Finding] = []
    for entry in entries.values():
        if entry.fleet and is_enabled(entry.check, settings):
            found += _run(entry.check, fleet, settings)
    return tuple(found)


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


def _run(check: AnyCheck, view: Union[NodeView, FleetView], settings: Settings) -> Iterable[Finding]:
    setting = settings.get(check.id, CheckSettings())
    severity = setting.severity or check.severity
    limits = check.limits if setting.limits is None else setting.limits
    nodes = [view] if isinstance(view, NodeView) else view.nodes
    if nodes and not any(_has_it(check, node) for node in nodes):
        return [attrs.evolve(outcome.skipped(view.subject, "not for this product"), check=check.id, severity=severity)]
    try:
        found = list(check.judge(view.limited_to(check.reads), limits))  # type: ignore[arg-type]
    except Exception as bug:  # noqa: BLE001 - the one place: a bug in a check is the doctor's own trouble
        gap = Missing(Absence.TOOL_FAILED, f"the check itself failed with {type(bug).__name__}: {bug}")
        found = [outcome.unknown(view.subject, "the outcome", gap)]
    oldest: Dict[str, float] = {}
    for node in nodes if found else ():
        oldest[node.name] = node.collected_at(check.reads)
    return [
        attrs.evolve(
            item, check=check.id, severity=severity, judged_at=item.judged_at or _collected(nodes, item, oldest)
        )
        for item in found
    ]


def _has_it(check: AnyCheck, view: NodeView) -> bool:
    devices = view.devices
    return isinstance(devices, Missing) or devices.is_one_of(check.generations)


def _collected(views: Sequence[NodeView], finding: Finding, oldest: Mapping[str, float]) -> float:
    """When the evidence was collected that a finding rests on; the oldest of its answers counts.

    Without quotes these are all answers that its check reads: `oldest` has the time of the oldest by node. Earlier
    answers are old by their nature: what they are compared with tells whether the finding is current.
    """
    whole = len(views) == 1 or not finding.subject.node
    concerned = [item for item in views if whole or item.name == finding.subject.node]
    cited = {quote.key for quote in finding.quotes if EARLIER not in quote.key}
    times = [item.evidence[key].started_at for item in concerned for key in cited if key in item.evidence]
    return min(times or [oldest[item.name] for item in concerned], default=0.0)
