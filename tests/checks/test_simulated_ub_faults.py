"""Every fault of a simulated 950 has the one culprit it should have, and repairing it clears it."""

from __future__ import annotations

from typing import Dict, List

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.engine import CheckSettings
from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.checks.node import ub_ping
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool.ub.ub_ping import SOURCE as UB_PING
from ascend_doctor.facts.source import Target
from ascend_doctor.model.reading import NOT_REPORTED
from ascend_doctor.model.report import Report
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.simulator.clock import VirtualClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from simulated import evidence_of, make, watched

ENTRIES = catalogue.load()
SERVER = "{name: node-1, product: ascend-950, npus: 3, driver: 25.7.rc1, firmware: 9.0.0.1.200}"
CARDS = "{name: cards-1, product: atlas-350-4p, driver: 25.7.rc1, firmware: 9.0.0.1.200}"
SINGLE = "{name: card-1, product: atlas-350-1p, driver: 25.7.rc1, firmware: 9.0.0.1.200}"
FAULTS = {
    "ub-port-down, node: node-1, npu: 1": "ub.ports",
    "ub-port-down, node: node-1, npu: 1, udie: 1, port: 5": "ub.ports",
    "ub-lanes-reduced, node: node-1, npu: 1": "ub.ports",
    "ub-lanes-reduced, node: node-1, npu: 1, lanes: 1": "ub.ports",
    "ub-port-down, node: cards-1, npu: 1": "ub.connect",
    "ub-lanes-reduced, node: cards-1, npu: 1": "ub.connect",
    "ub-flapping, node: node-1, npu: 1": "ub.flap",
    "ub-flapping, node: node-1, npu: 1, times: 8": "ub.flap",
    "ub-bit-errors, node: node-1, npu: 1": "ub.errors",
    "ub-weak-light, node: node-1, npu: 1": "ub.optical",
    "ub-weak-light, node: node-1, npu: 1, lane: 3, dbm: -7": "ub.optical",
    "ub-tls-odd, node: node-1, npu: 1": "ub.tls",
    "ub-files-missing, node: node-1": "ub.files",
    "ub-files-missing, node: node-1, path: /lib/route.conf": "ub.files",
}


def cluster(fault: str = "") -> SimulatedCluster:
    """Return a server, bridged cards and a single card, some time after their start."""
    text = f"nodes: [{SERVER}, {CARDS}, {SINGLE}]\n"
    return make(text + (f"faults:\n  - {{fault: {fault}}}\n" if fault else ""), 900.0)


def report(simulated: SimulatedCluster) -> Report:
    """Judge a simulated cluster after some rounds."""
    views = [NodeView(node, evidence) for node, evidence in watched(simulated).items()]
    return make_report(views, judge_and_fold(views, ENTRIES), made_at=0.0)


def culprits(found: Report) -> List[str]:
    """Return the checks of the problems."""
    return [finding.check for finding in found.problems]


def test_healthy_machines_of_the_950_are_ready() -> None:
    """A server with ports that are off, bridged cards and a single card without ports have nothing wrong."""
    found = report(cluster())
    assert [] == culprits(found)
    assert () == found.blind_spots
    assert Verdict.READY is found.verdict


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_has_its_culprit_and_no_other(fault: str) -> None:
    """Everything else that the fault makes look ill is folded under it."""
    found = report(cluster(fault))
    assert [FAULTS[fault]] == culprits(found)
    assert () == found.blind_spots


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if "flapping" not in fault])
def test_repairing_clears_it(fault: str) -> None:
    """Nothing but the history of the links is left of a fault that somebody has mended."""
    simulated = cluster(fault)
    report(simulated)
    simulated.repair()
    assert isinstance(simulated.clock, VirtualClock)
    simulated.clock.advance(2 * 24 * 3600.0)
    assert [] == culprits(report(simulated))


def test_a_missing_tool_is_the_one_problem() -> None:
    """Without `hccn_tool` nothing is known of any port, and that is one finding."""
    simulated = cluster()
    simulated.machine("node-1").absent_tools = ("hccn_tool",)
    found = report(simulated)
    assert ["tool.hccn-tool"] == culprits(found)
    assert () == found.blind_spots


def ping_findings(simulated: SimulatedCluster) -> Dict[str, str]:
    """Let every NPU of the server reach the first address of its last one, and return what the check says of each."""
    machine = simulated.machine("node-1")
    limits = ub_ping.Limits((machine.ub[2].eids[0],))
    view = NodeView("node-1", watched(simulated)["node-1"])
    evidence = dict(view.evidence)
    for npu in (0, 1):
        answered = lambda query: query.source.read(evidence_of(simulated, "node-1", query))  # noqa: E731
        for target in ub_ping.peers(limits, Target(npu=npu, phy_id=npu), answered):
            query = UB_PING.about(target)
            evidence[query.key] = evidence_of(simulated, "node-1", query)
    settings = {"ub.ping": CheckSettings(enabled=True, limits=limits)}
    findings = judge_and_fold([NodeView("node-1", evidence)], {"ub.ping": ENTRIES["ub.ping"]}, settings)
    return {str(finding.subject): finding.status.value for finding in findings}


def test_an_npu_that_swallows_packets_is_found_on_request() -> None:
    """A ping from every NPU fails while its end is silent, and passes when it is mended."""
    simulated = cluster("ub-peer-silent, node: node-1, npu: 2")
    assert {"node-1 NPU 0": "fail", "node-1 NPU 1": "fail"} == ping_findings(simulated)
    simulated.repair()
    assert {"node-1 NPU 0": "pass", "node-1 NPU 1": "pass"} == ping_findings(simulated)


def test_an_npu_without_addresses_is_not_made_to_ping() -> None:
    """Where the list of addresses is not known there is nobody to ask from."""
    assert () == ub_ping.peers(ub_ping.Limits(("::1",)), Target(npu=0, phy_id=0), lambda _query: NOT_REPORTED)
