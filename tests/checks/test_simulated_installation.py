"""Faults of what is installed: each has its one culprit, and no trace is left when it is repaired."""

from __future__ import annotations

from importlib import resources
from typing import Dict, List, Tuple

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.engine import CheckSettings
from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.report import Report
from simulated import answers, make

ENTRIES = catalogue.load()
OPT_IN = ("version.python-stack", "npu.runtime-visible", "npu.compute")
SETTINGS = {check: CheckSettings(enabled=True) for check in OPT_IN}
FAULTS = {
    "driver-not-loaded": "tool.npu-smi",
    "device-occupied": "tool.npu-smi",
    "driver-incomplete": "version.driver-install",
    "hccn-tool-missing": "tool.hccn-tool",
    "reboot-pending": "version.reboot-pending",
    "driver-old": "version.driver-min",
    "versions-mixed": "cluster.version-equal",
    "cann-odd": "version.cann",
    "torch-mismatch": "version.python-stack",
    "runtime-blind": "npu.runtime-visible",
    "runtime-blind, visible: 3": "npu.runtime-visible",
    "chip-slow, npu: 3": "npu.compute",
    "chip-wrong, npu: 3": "npu.compute",
}
NO_ROCE = ("hccn-tool-missing",)


def report(scenario: str, fault: str, until: float = 1e9) -> Report:
    """Judge a simulated cluster with every check, the opt-in ones of the runtime too."""
    folder = resources.files("ascend_doctor.simulator").joinpath("scenarios")
    text = folder.joinpath(f"{scenario}.yaml").read_text("utf-8")
    if fault:
        text += f"faults:\n  - {{fault: {fault}, node: node-1, until: {until}}}\n"
    nodes: Dict[str, Dict[str, Evidence]] = {}
    for (node, key), evidence in answers(make(text, 900.0)).items():
        nodes.setdefault(node, {})[key] = evidence
    views = [NodeView(node, evidence) for node, evidence in nodes.items()]
    entries = {name: entry for name, entry in ENTRIES.items() if name in OPT_IN or not entry.check.opt_in}
    return make_report(views, judge_and_fold(views, entries, SETTINGS), made_at=0.0)


def problems(found: Report) -> List[Tuple[str, str]]:
    """Return the checks of the problems, and where they are."""
    return [(finding.check, finding.subject.node) for finding in found.problems]


@pytest.mark.parametrize("scenario", ["demo", "a3", "310p"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_has_its_culprit_and_no_other(scenario: str, fault: str) -> None:
    """Everything else that the fault makes look ill is folded under it."""
    if scenario == "310p" and fault in NO_ROCE:
        pytest.skip("the product has no RoCE ports")
    found = report(scenario, fault)
    assert [FAULTS[fault]] == [check for check, _ in problems(found)]
    # A cluster of nodes without ports is blind as a whole when one of them does not say what it is.
    assert set() == {item.check for item in found.blind_spots if item.subject.node or scenario != "310p"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_repaired_fault_leaves_no_trace(fault: str) -> None:
    """Ten minutes after the repair nobody sees anything."""
    assert [] == problems(report("demo", fault, until=300.0))


def test_a_healthy_runtime_has_no_finding() -> None:
    """The opt-in checks pass where they are asked for."""
    found = report("demo", "")
    passed = {finding.check for finding in found.findings if finding.status.value == "pass"}
    assert set(OPT_IN) <= passed
    assert [] == problems(found)


def test_every_fault_names_its_check() -> None:
    """What the drill announces is what the doctor finds."""
    from ascend_doctor.simulator.faults.installation import InstallationFault

    named = {kind.model_fields["fault"].default: kind.found_by for kind in InstallationFault.__args__}
    for fault, check in FAULTS.items():
        assert check in named[fault.partition(",")[0]]
