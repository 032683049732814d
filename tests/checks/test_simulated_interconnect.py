"""Faults between the chips of a node have one culprit, on two-die modules too, and with the checks that are opt-in."""

from __future__ import annotations

from importlib import resources
from typing import List

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.engine import CheckSettings
from ascend_doctor.checks.judging import judge_and_fold
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.status import Status
from simulated import make, watched

ENTRIES = catalogue.load()
OPT_IN = {"version.mcu": CheckSettings(enabled=True), "version.vrd": CheckSettings(enabled=True)}


def problems(scenario: str, fault: str = "") -> List[Finding]:
    """Judge a simulated cluster with all checks of this area, and return what is no consequence."""
    scenarios = resources.files("ascend_doctor.simulator").joinpath("scenarios")
    text = scenarios.joinpath(f"{scenario}.yaml").read_text("utf-8")
    text += f"faults:\n  - {{fault: {fault}, node: node-1}}\n" if fault else ""
    views = [NodeView(node, evidence) for node, evidence in watched(make(text, 900.0)).items()]
    found = judge_and_fold(views, ENTRIES, OPT_IN)
    return [finding for finding in found if finding.status.is_problem and not finding.cause]


@pytest.mark.parametrize("scenario", ["demo", "a3"])
@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("mcu-odd, npu: 3", "version.mcu"),
        ("vrd-odd, npu: 3", "version.vrd"),
        ("hccs-lane-lost, npu: 3", "npu.hccs"),
        ("hccs-link-down, npu: 3", "npu.hccs"),
        ("pair-over-pcie, npu: 3", "npu.topo"),
        ("other-product, npu: 3", "npu.product"),
    ],
)
def test_a_fault_has_one_culprit(scenario: str, fault: str, check: str) -> None:
    """On a machine with single chips, and on one with two dies in a module."""
    assert [check] == [finding.check for finding in problems(scenario, fault)]


@pytest.mark.parametrize(
    ("fault", "check", "subject"),
    [
        ("sio-errors, npu: 3", "npu.sio", "node-1 card 1"),
        ("super-pod-place, npu: 3", "npu.spod", "node-1 NPU 3"),
    ],
)
def test_a_fault_of_a_module_has_one_culprit(fault: str, check: str, subject: str) -> None:
    """Only an A3 has a bus between dies, and a place in a super pod for each of them."""
    found = problems("a3", fault)
    assert [(check, subject)] == [(finding.check, str(finding.subject)) for finding in found]


def test_a_bus_that_goes_on_making_errors_fails() -> None:
    """Three rounds with growth are more than a single event."""
    assert [Status.FAIL] == [finding.status for finding in problems("a3", "sio-errors, npu: 3")]


@pytest.mark.parametrize("scenario", ["demo", "direct", "a3", "310p"])
def test_a_healthy_cluster_has_none(scenario: str) -> None:
    """The opt-in checks find nothing either."""
    assert [] == problems(scenario)


def test_one_broken_link_is_one_finding() -> None:
    """Both ends of a link between two NPUs report it; the finding names both."""
    (finding,) = problems("demo", "hccs-link-down, npu: 3, peer: 6")
    assert ["node-1 NPU 3", "node-1 NPU 6"] == [str(subject) for subject in finding.affected]
