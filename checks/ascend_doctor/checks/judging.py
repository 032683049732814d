"""From the answers of one node or many to the whole report."""

from __future__ import annotations

import functools
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

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
from ascend_doctor.checks.fleet import FleetView, NodeFacts
from ascend_doctor.checks.topics.node import NODE, Node
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.report import Liveness, NodeSummary, Report
from ascend_doctor.model.subject import natural
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
    fleet = FleetView.of(views)
    in_order = sorted(views, key=lambda view: natural(view.name))
    found = [finding for view in in_order for finding in judge_node(view, entries, settings)]
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


def by_node(findings: Iterable[Finding]) -> Mapping[str, Sequence[Finding]]:
    """Return the findings that concern each node, by its name: those about it, or that name it among the affected."""
    found: Dict[str, List[Finding]] = {}
    for item in findings:
        for name in {item.subject.node, *(subject.node for subject in item.affected)}:
            found.setdefault(name, []).append(item)
    return found


def summarise(node: NodeFacts, concerning: Iterable[Finding], liveness: Liveness = Liveness.LIVE) -> NodeSummary:
    """Sum up one node: its verdict from the findings that concern it, and the facts that a table of nodes shows."""
    return NodeSummary(node.name, verdict_of(concerning), liveness, node.seen_at, facts_of(node))


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
    concerning = by_node(findings)
    nodes = tuple(
        summarise(node, concerning.get(node.name, ()), alive.get(node.name, Liveness.LIVE))
        for node in FleetView.of(views).nodes
    )
    verdict = worst([verdict_of(findings), *(node.verdict for node in nodes)])
    return Report(made_at, verdict, nodes, tuple(findings), origin, doctor_version)


def facts_of(node: NodeFacts) -> Mapping[str, str]:
    """Return the facts that a table of nodes shows, as short texts; what the node does not tell is left out."""
    facts = node.read(NODE)
    return {} if isinstance(facts, Missing) else _shown(facts)


@functools.lru_cache(maxsize=256)
def _shown(facts: Node) -> Dict[str, str]:
    """Return the same mapping for the same facts: most nodes of a fleet are of one kind."""
    found = {
        "product": facts.product,
        "generation": None if isinstance(facts.generation, Missing) else facts.generation.value,
        "npus": None if isinstance(facts.npus, Missing) else str(facts.npus),
        "driver": None if isinstance(facts.driver, Missing) else facts.driver,
        "firmware": ", ".join(facts.firmware) or None,
    }
    return {name: text for name, text in found.items() if text is not None}
