"""The doctor against the simulator: what is injected is what is found, once, and nothing else."""

from __future__ import annotations

from typing import Dict, FrozenSet, List, Tuple

import pytest

import simulated
from ascend_doctor.checks import catalogue
from ascend_doctor.checks.judging import judge_and_fold
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.status import Status
from ascend_doctor.model.verdict import Verdict, verdict_of
from ascend_doctor.simulator import scenario
from ascend_doctor.simulator.clock import VirtualClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.faults import NAMES
from ascend_doctor.simulator.faults.installation import FirmwareMismatch
from ascend_doctor.simulator.faults.ports import CablePulled, TlsOdd

SWITCHED = "nodes:\n  - {name: 'n[1-3]', product: atlas-800t-a2}\n"
DIRECT = "nodes:\n  - {name: 'n[1-2]', product: atlas-800t-a2}\nfabric: {kind: direct}\n"
A3 = "nodes:\n  - {name: 'n[1-3]', product: atlas-800t-a3}\nfabric: {leaves: npu}\n"
P310 = "nodes:\n  - {name: 'n[1-3]', product: atlas-300i-pro}\n"

FAULTS = (
    "{fault: cable-pulled, node: n2, npu: 3}",
    "{fault: module-pulled, node: n2, npu: 3}",
    "{fault: gateway-missing, node: n2, npu: 3}",
    "{fault: tls-odd, node: n2, npu: 3}",
    "{fault: address-differs, node: n2, npu: 3}",
    "{fault: address-duplicate, node: n2, npu: 3, like: n1/3}",
    "{fault: firmware-mismatch, node: n2}",
    "{fault: npu-dropped, node: n2, npu: 3}",
    "{fault: tool-busy, node: n2, npu: 3}",
    "{fault: leftover-process, node: n2, npu: 3}",
    "{fault: net-health-init, node: n2, npu: 3}",
    "{fault: ecc-double-bit, node: n2, npu: 3}",
)
WITHOUT_ROCE = tuple(fault for fault in FAULTS if any(word in fault for word in ("firmware", "process")))
CASES = [(text, fault) for text in (SWITCHED, DIRECT, A3) for fault in FAULTS] + [
    (P310, fault) for fault in WITHOUT_ROCE
]


def _judge(cluster: SimulatedCluster) -> Tuple[Finding, ...]:
    evidence: Dict[str, Dict[str, Evidence]] = {node: {} for node in cluster.nodes}
    for (node, key), answer in simulated.answers(cluster).items():
        evidence[node][key] = answer
    return judge_and_fold([NodeView(node, answers) for node, answers in evidence.items()], catalogue.load())


def _culprits(cluster: SimulatedCluster) -> List[Finding]:
    harmless = (Status.PASS, Status.SKIP)
    return [finding for finding in _judge(cluster) if finding.status not in harmless and not finding.is_consequence]


def _places(finding: Finding) -> FrozenSet[str]:
    """Everything that a finding names, as people write it: a node, or a node and an NPU."""
    subjects = (finding.subject, *finding.affected)
    return frozenset(f"{subject.node}/{subject.name}" if subject.name else subject.node for subject in subjects)


def test_every_fault_has_its_case() -> None:
    """No kind of fault is left out."""
    assert set(NAMES) == {fault.partition(",")[0][len("{fault: ") :] for fault in FAULTS}


def test_every_check_that_a_fault_names_exists() -> None:
    """The ground truth speaks of checks of the catalogue only."""
    cluster = simulated.make(SWITCHED + "faults:\n" + "".join(f"  - {fault}\n" for fault in FAULTS))
    named = {check for fault in cluster.scenario.faults for check in fault.found_by}
    assert set() == named - set(catalogue.load())


@pytest.mark.parametrize("name", scenario.shipped())
def test_a_healthy_cluster_is_ready(name: str) -> None:
    """Nothing is found in a shipped scenario."""
    cluster = SimulatedCluster(scenario.find(name), VirtualClock())
    assert [] == _culprits(cluster)
    assert Verdict.READY is verdict_of(_judge(cluster))


@pytest.mark.parametrize(("text", "fault"), CASES)
def test_one_fault_is_one_culprit(text: str, fault: str) -> None:
    """The fault is found once, by a check that it names, at its place; the rest is folded under it."""
    cluster = simulated.make(f"{text}faults:\n  - {fault}\n")
    (known,) = cluster.scenario.faults
    found = _culprits(cluster)
    assert 1 == len(found), [str(finding.summary) for finding in found]
    assert found[0].check in known.found_by
    assert known.place in _places(found[0])


def test_the_drill_of_the_demo_ends_ready() -> None:
    """Three faults one after another are three culprits; once they are repaired, the cluster is ready again."""
    clock = VirtualClock()
    cluster = SimulatedCluster(scenario.find("demo"), clock)
    for fault in (CablePulled(node="node-1", npu=3), TlsOdd(node="node-2", npu=5), FirmwareMismatch(node="node-2")):
        clock.advance(10.0)
        cluster.inject(fault)
    clock.advance(10.0)
    assert {"roce.link", "cluster.tls-equal", "version.driver-firmware"} == {
        found.check for found in _culprits(cluster)
    }
    assert 3 == len(_culprits(cluster))
    cluster.repair()
    clock.advance(10.0)
    assert Verdict.READY is verdict_of(_judge(cluster))
