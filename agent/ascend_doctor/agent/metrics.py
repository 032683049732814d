"""What a node exports to Prometheus: its hardware, its verdict, and how the doctor fares."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Callable, Mapping, Optional, Tuple

import attrs

from ascend_doctor.agent.endpoint import Page
from ascend_doctor.agent.uplink import Uplink
from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.fleet import FleetView
from ascend_doctor.checks.judging import make_report, refold
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.report import Report
from ascend_doctor.model.state import NodeState
from ascend_doctor.model.verdict import Verdict, worst
from ascend_doctor.probe import verdict_file
from ascend_doctor.report import exposition
from ascend_doctor.report.doctor_metrics import node_families, source_families
from ascend_doctor.report.exposition import Families, Family
from ascend_doctor.report.hardware_metrics import hardware_families


class NodeMetrics:
    """Renders the newest state of the node. An answer is parsed once, not once per scrape: the view keeps it.

    The node's name is no label: that is the scraper's business. Values that are too old are left out.
    """

    def __init__(
        self,
        state_dir: Path,
        entries: Mapping[str, Entry],
        *,
        version: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._state_dir = state_dir
        self._entries = entries
        self._version = version
        self._clock = clock

    def page(self, uplink: Uplink) -> Page:
        """Return the page as it is now."""
        families = (*uplink_families(uplink), *self.families(uplink.state, uplink.view))
        return Page(exposition.render(exposition.merged(families)).encode(), exposition.CONTENT_TYPE)

    def families(self, state: NodeState, view: NodeView) -> Tuple[Family, ...]:
        """Return what is known of the node. Nothing is where nothing is known, but the verdict: then INCOMPLETE."""
        now = self._clock()
        view.now = now
        return (*node_families(self._report(state, view, now)), *source_families(view), *hardware_families(view))

    def _report(self, state: NodeState, view: NodeView, now: float) -> Report:
        """Return the report as it counts now: what grew old is stale, and the probe's own word has to be current."""
        found = refold(
            tuple(state.findings.values()), FleetView.of([view]), self._entries, now, intervals_s=view.intervals_s
        )
        said: Optional[verdict_file.LocalVerdict] = verdict_file.read(self._state_dir)
        current = Verdict.INCOMPLETE if said is None else said.at(now, verdict_file.boot_id())
        made_at = 0.0 if said is None else said.made_at
        report = make_report([view], found, made_at, doctor_version=self._version)
        return attrs.evolve(report, verdict=worst((report.verdict, current)))


def uplink_families(uplink: Uplink) -> Tuple[Family, ...]:
    """Return how the way to the collector fares."""
    found = Families()
    found.add("ascend_doctor_uplink_up", "Whether a collector listens to this node", uplink.streaming)
    found.add("ascend_doctor_uplink_streams_total", "Streams to a collector that were opened", uplink.connections)
    about = "Changes that no collector has acknowledged"
    found.add("ascend_doctor_uplink_unacknowledged_changes", about, uplink.unacknowledged)
    about = "What those of these changes take in memory that are not folded into one"
    found.add("ascend_doctor_uplink_waiting_bytes", about, uplink.waiting_bytes)
    about = "Changes of results that were forgotten before a collector had them, since the agent started"
    found.add("ascend_doctor_uplink_lost_transitions_total", about, uplink.lost_transitions)
    about = "Requests of the collector that were handed to the probe"
    found.add("ascend_doctor_uplink_rechecks_total", about, uplink.rechecks)
    return tuple(found)
