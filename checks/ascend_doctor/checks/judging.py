"""From the answers of one node or many to the whole report."""

from __future__ import annotations

from typing import Dict, Mapping, Optional, Sequence, Tuple

from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.causes import fold
from ascend_doctor.checks.engine import (
    DEFAULTS,
    OWN_INTERVALS,
    Intervals,
    Settings,
    aged,
    judge_fleet,
    judge_node,
)
from ascend_doctor.checks.versions import boards, generation
from ascend_doctor.checks.view import FleetView, NodeView
from ascend_doctor.facts.npu_smi import info
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.reading import Missing, known
from ascend_doctor.model.report import Liveness, NodeSummary, Report
from ascend_doctor.model.verdict import verdict_of, worst


def judge_and_fold(
    views: Sequence[NodeView],
    entries: Mapping[str, Entry],
    settings: Settings = DEFAULTS,
    now: Optional[float] = None,
    intervals_s: Intervals = OWN_INTERVALS,
) -> Tuple[Finding, ...]:
    """Run every check over one node or many, and fold the consequences under their causes.

    The cluster checks run over a single node too: its NPUs have to agree with each other. With `now` (seconds since the
    epoch) results older than their deadline become stale; a recording is judged without. The deadlines follow from
    `intervals_s`.
    """
    fleet = FleetView(views)
    found = [finding for view in fleet.nodes for finding in judge_node(view, entries, settings)]
    found += judge_fleet(fleet, entries, settings)
    return refold(found, fleet, entries, now, intervals_s)


def refold(
    found: Sequence[Finding],
    fleet: FleetView,
    entries: Mapping[str, Entry],
    now: Optional[float] = None,
    intervals_s: Intervals = OWN_INTERVALS,
) -> Tuple[Finding, ...]:
    """Age and fold findings that were judged before, such as those of nodes whose answers have not changed."""
    if now is not None:
        found = [
            aged(item, entries[item.check].check, now, intervals_s) if item.check in entries else item for item in found
        ]
    return fold(found, fleet)


def summarise(view: NodeView, findings: Sequence[Finding], liveness: Liveness = Liveness.LIVE) -> NodeSummary:
    """Sum up one node: its verdict, and the facts that a table of nodes shows.

    Findings of other subjects count for the node when they name it, or a part of it, among the affected.
    """
    own = [item for item in findings if _concerns(item, view.name)]
    times = [item.started_at for item in view.evidence.values() if item.started_at]
    return NodeSummary(view.name, verdict_of(own), liveness, max(times, default=None), _facts(view))


def make_report(
    views: Sequence[NodeView],
    findings: Sequence[Finding],
    made_at: float,
    *,
    origin: str = "",
    doctor_version: str = "",
    liveness: Optional[Mapping[str, Liveness]] = None,
) -> Report:
    """Put folded findings into a report, nodes in natural order. `liveness` is by node, live by default."""
    alive = liveness or {}
    nodes = tuple(summarise(view, findings, alive.get(view.name, Liveness.LIVE)) for view in FleetView(views).nodes)
    verdict = worst([verdict_of(findings), *(node.verdict for node in nodes)])
    return Report(made_at, verdict, nodes, tuple(findings), origin, doctor_version)


def _concerns(finding: Finding, node: str) -> bool:
    return finding.subject.node == node or any(subject.node == node for subject in finding.affected)


def _facts(view: NodeView) -> Dict[str, str]:
    devices = view.devices
    table = view.read(info.SOURCE)
    cards = boards(view)
    names = [] if isinstance(devices, Missing) else [device.name for device in devices.devices if device.name]
    kind = generation(view)
    found = {
        "product": names[0] if names else None,
        "generation": None if isinstance(kind, Missing) else kind.value,
        "npus": None if isinstance(devices, Missing) else str(len(devices.devices)),
        "driver": None if isinstance(table, Missing) else known(table.driver_version),
        "firmware": ", ".join(sorted({card.firmware for card in cards if card.firmware})) or None,
    }
    if found["driver"] is None:
        found["driver"] = next((card.driver for card in cards if card.driver), None)
    return {name: text for name, text in found.items() if text is not None}
