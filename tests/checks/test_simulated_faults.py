"""Every fault that the simulator knows, put into a whole simulated cluster, has the one culprit it should have."""

from __future__ import annotations

from importlib import resources
from typing import Dict, List

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.report import Report
from ascend_doctor.model.verdict import Verdict
from simulated import answers, make

ENTRIES = catalogue.load()
SCENARIOS = ("demo", "direct", "a3", "310p")
AFTER_THE_START_S = 900.0
FAULTS = {
    "cable-pulled, npu: 3": "roce.link",
    "module-pulled, npu: 3": "roce.optical.present",
    "gateway-missing, npu: 3": "roce.gateway",
    "tls-odd, npu: 3": "cluster.tls-equal",
    "tls-odd": "cluster.tls-equal",
    "address-differs, npu: 3": "roce.ip",
    "address-duplicate, npu: 3, like: node-2/3": "cluster.ip-duplicate",
    "firmware-mismatch": "version.driver-firmware",
    "npu-dropped, npu: 3": "tool.timeout",
    "npu-dropped, npu: 3, info: hangs": "tool.timeout",
    "tool-busy, npu: 3": "tool.busy",
    "leftover-process, npu: 3, memory_mb: 20000": "npu.processes",
    "net-health-init, npu: 3": "roce.net-health",
    "ecc-double-bit, npu: 3": "npu.ecc",
}


def report(scenario: str, fault: str = "") -> Report:
    """Judge a simulated cluster, with one fault on its first node or without any."""
    text = (
        resources.files("ascend_doctor.simulator").joinpath("scenarios").joinpath(f"{scenario}.yaml").read_text("utf-8")
    )
    text += f"faults:\n  - {{fault: {fault}, node: node-1}}\n" if fault else ""
    nodes: Dict[str, Dict[str, Evidence]] = {}
    for (node, key), evidence in answers(make(text, AFTER_THE_START_S)).items():
        nodes.setdefault(node, {})[key] = evidence
    views = [NodeView(node, evidence) for node, evidence in nodes.items()]
    return make_report(views, judge_and_fold(views, ENTRIES), made_at=0.0)


def culprits(found: Report) -> List[str]:
    """Return the checks of the problems."""
    return [finding.check for finding in found.problems]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_healthy_cluster_is_ready(scenario: str) -> None:
    """No product has a finding without a fault."""
    found = report(scenario)
    assert [] == culprits(found)
    assert Verdict.READY is found.verdict


@pytest.mark.parametrize("scenario", ["demo", "direct"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_has_its_culprit_and_no_other(scenario: str, fault: str) -> None:
    """Everything else that the fault makes look ill is folded under it."""
    found = report(scenario, fault)
    assert [FAULTS[fault]] == culprits(found)
    assert found.problems[0].subject.node == "node-1"
    assert () == found.blind_spots


@pytest.mark.parametrize("fault", ["cable-pulled, npu: 3", "firmware-mismatch", "npu-dropped, npu: 3"])
def test_a_fault_of_one_die_has_one_culprit(fault: str) -> None:
    """On a machine with two dies in a module too, where the loss of one die hides the other."""
    assert [FAULTS[fault]] == culprits(report("a3", fault))
