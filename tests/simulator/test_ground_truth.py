"""The doctor against the scenarios that come with the simulator: what is injected is found, and nothing else."""

from __future__ import annotations

from typing import List

import pytest

from ascend_doctor.model.verdict import Verdict
from ascend_doctor.simulator import scenario
from ascend_doctor.simulator.clock import VirtualClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.faults.installation import FirmwareMismatch
from ascend_doctor.simulator.faults.ports import CablePulled, TlsOdd
from simulated import Doctor


def culprits(doctor: Doctor) -> List[str]:
    """Return what one more look finds: the checks of problems, and of what could not be seen."""
    report = doctor.report(rounds=1, apart_s=10.0)
    found = sorted(finding.check for finding in (*report.problems, *report.blind_spots))
    assert (report.verdict is Verdict.READY) is (not found)
    return found


@pytest.mark.parametrize("name", scenario.shipped())
def test_a_healthy_cluster_is_ready(name: str) -> None:
    """Nothing is found in a shipped scenario."""
    assert [] == culprits(Doctor(SimulatedCluster(scenario.find(name), VirtualClock())))


def test_the_drill_of_the_demo_ends_ready() -> None:
    """Three faults one after another are three culprits; once they are repaired, the cluster is ready again."""
    clock = VirtualClock()
    cluster = SimulatedCluster(scenario.find("demo"), clock)
    for fault in (CablePulled(node="node-1", npu=3), TlsOdd(node="node-2", npu=5), FirmwareMismatch(node="node-2")):
        clock.advance(10.0)
        cluster.inject(fault)
    doctor = Doctor(cluster)
    assert ["cluster.tls-equal", "roce.link", "version.driver-firmware"] == culprits(doctor)
    cluster.repair()
    assert [] == culprits(doctor)
