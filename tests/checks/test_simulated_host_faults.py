"""Faults that only a check finds that somebody asked for."""

from __future__ import annotations

from importlib import resources
from typing import Dict, List

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.engine import CheckSettings
from ascend_doctor.checks.judging import judge_and_fold
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.bmc import sel
from ascend_doctor.facts.host import ssh
from simulated import evidence_of, make

CHECKS = ("host.bmc", "host.ssh")
ENTRIES = {name: entry for name, entry in catalogue.load().items() if name in CHECKS}
ASKED_FOR: Dict[str, CheckSettings] = {name: CheckSettings(enabled=True) for name in CHECKS}
DEMO = resources.files("ascend_doctor.simulator").joinpath("scenarios/demo.yaml").read_text("utf-8")


def problems(fault: str = "") -> List[str]:
    """Return the checks that find a problem in a small cluster, all of them asked for."""
    text = DEMO + (f"faults:\n  - {{fault: {fault}, node: node-1}}\n" if fault else "")
    cluster = make(text, 900.0)
    questions = (sel.SOURCE.about(), ssh.SOURCE.about())
    views = [
        NodeView(node, {each.key: evidence_of(cluster, node, each) for each in questions}) for node in cluster.nodes
    ]
    found = judge_and_fold(views, ENTRIES, ASKED_FOR)
    assert [] == [finding for finding in found if finding.status.is_blind]
    return [finding.check for finding in found if finding.status.is_problem]


@pytest.mark.parametrize(("fault", "check"), [("bmc-event", "host.bmc"), ("ssh-key-missing", "host.ssh")])
def test_a_fault_has_its_culprit(fault: str, check: str) -> None:
    """The check that looks for it finds it on the node that has it, and is silent without it."""
    assert [check] == problems(fault)
    assert [] == problems()
