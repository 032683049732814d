"""Faults of light and traffic, and what is left of them when they are repaired: nothing."""

from __future__ import annotations

from typing import List

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.judging import judge_and_fold
from ascend_doctor.checks.view import NodeView
from ascend_doctor.simulator.cluster import SimulatedCluster
from simulated import make, watched

PORTS = {name: entry for name, entry in catalogue.load().items() if name.startswith("roce.")}
NODE = "nodes:\n  - {name: n1, product: atlas-800t-a2, npus: 4, tls: 1, used: true}\nuptime: 90000\n"
FAULTS = {
    "weak-light": "roce.optical.power",
    "dirty-fibre": "roce.optical.power",
    "dying-laser": "roce.optical.bias",
    "lane-dark": "roce.optical.los",
    "snr-low": "roce.optical.snr",
    "module-hot": "roce.optical.env",
    "high-power-off": "roce.optical.state",
    "crc-errors": "roce.errors",
    "fec-errors": "roce.fec-counters",
    "pfc-storm": "roce.pfc-storm",
    "congestion": "roce.ecn",
    "certificate": "roce.tls-cert",
}


def problems(cluster: SimulatedCluster) -> List[str]:
    """Return the checks that find a problem of their own after two more rounds."""
    views = [NodeView(node, evidence) for node, evidence in watched(cluster, rounds=2).items()]
    found = judge_and_fold(views, PORTS)
    return [finding.check for finding in found if finding.status.is_problem and not finding.is_consequence]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_repaired_fault_is_found_no_more(fault: str) -> None:
    """While it is there one check finds it; after the repair what was counted stays, and is no present fault."""
    cluster = make(f"{NODE}faults:\n  - {{fault: {fault}, node: n1, npu: 2}}\n")
    assert [FAULTS[fault]] == problems(cluster)
    cluster.repair()
    assert [] == problems(cluster)
