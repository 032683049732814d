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
from ascend_doctor.simulator.faults import KINDS, NAMES
from ascend_doctor.simulator.faults.installation import FirmwareMismatch
from ascend_doctor.simulator.faults.ports import CablePulled, TlsOdd

SWITCHED = "nodes:\n  - {name: 'n[1-3]', product: atlas-800t-a2}\n"
DIRECT = "nodes:\n  - {name: 'n[1-2]', product: atlas-800t-a2}\nfabric: {kind: direct}\n"
A3 = "nodes:\n  - {name: 'n[1-3]', product: atlas-800t-a3}\nfabric: {leaves: npu}\n"
SMALL_A2 = "nodes:\n  - {name: n2, product: atlas-800t-a2, npus: 4}\n"
SMALL_9000 = "nodes:\n  - {name: n2, product: atlas-9000-a3, npus: 4}\n"
SMALL_A3 = "nodes:\n  - {name: n2, product: atlas-800t-a3, npus: 4}\n"
P310 = "nodes:\n  - {name: 'n[1-3]', product: atlas-300i-pro}\n"

FAULTS = (
    "{fault: cable-pulled, node: n2, npu: 3}",
    "{fault: module-pulled, node: n2, npu: 3}",
    "{fault: gateway-missing, node: n2, npu: 3}",
    "{fault: tls-odd, node: n2, npu: 3}",
    "{fault: address-differs, node: n2, npu: 3}",
    "{fault: address-changed, node: n2, npu: 3}",
    "{fault: address-duplicate, node: n2, npu: 3, like: n1/3}",
    "{fault: firmware-mismatch, node: n2}",
    "{fault: npu-dropped, node: n2, npu: 3}",
    "{fault: tool-busy, node: n2, npu: 3}",
    "{fault: leftover-process, node: n2, npu: 3}",
    "{fault: net-health-init, node: n2, npu: 3}",
    "{fault: ecc-double-bit, node: n2, npu: 3}",
)
SETTINGS = (
    *("speed-odd", "half-duplex", "mtu-odd", "fec-off", "pfc-off", "dscp-changed", "bandwidth-limit"),
    *("udp-port-fixed", "arp-conflict", "route-foreign", "recovery-failed", "hccp-leftover", "netdetect-unset"),
    *("netdetect-foreign", "gateway-outside", "lldp-silent", "cable-astray", "link-shut", "tls-unreadable"),
)
OF_SETTINGS = (
    "{fault: conf-missing, node: n2}",
    *(f"{{fault: {fault}, node: n2, npu: 1}}" for fault in SETTINGS),
)
OF_LIGHT = tuple(
    f"{{fault: {fault}, node: n2, npu: 1}}"
    for fault in (
        *("weak-light", "dirty-fibre", "dying-laser", "lane-dark", "snr-low", "module-hot", "module-undervoltage"),
        *("tx-disabled", "high-power-off"),
    )
)
TRIED_WITH_THEIR_CHECKS = (
    # Counters mean something only over several rounds, and the others need an opt-in check or TLS: tests/checks.
    *("crc-errors", "fec-errors", "link-flapping", "pfc-storm", "congestion", "certificate"),
    *("retimer-snr-low", "ping-loss", "hccs-ping-loss"),
)
OF_DIES = ("{fault: vnic-down, node: n2, npu: 1}", "{fault: vnic-down, node: n2, npu: 1, kind: no-address}")
OF_BONDS = (
    "{fault: bond-lost, node: n2, npu: 1}",
    "{fault: bond-lost, node: n2, npu: 1, address: 10.128.0.99}",
)
OF_SURROUNDINGS = (
    *(f"{{fault: {fault}, node: n2, npu: 1}}" for fault in ("pcie-down", "driver-unbound")),
    *(
        f"{{fault: {fault}, node: n2}}"
        for fault in (
            *("numa-unknown", "device-node-missing", "kernel-upgraded", "port-taken", "firewall-on", "nic-down"),
            *("hostname-on-loopback", "clock-unsynchronised", "kernel-trouble", "docker-down", "not-root"),
        )
    ),
)
OF_LINKS = tuple(
    f"{{fault: {fault}, node: n2, npu: 1}}"
    for fault in ("hccs-lane-lost", "hccs-link-down", "pair-over-pcie", "other-product")
)
LINKS_WITH_THEIR_CHECKS = tuple(
    # Two need a module with two dies, the first of them several rounds too; two are found by opt-in checks.
    f"{{fault: {fault}, node: n2, npu: 1}}"
    for fault in ("sio-errors", "super-pod-place", "mcu-odd", "vrd-odd")
)
ONLY_WHEN_ASKED = ("{fault: bmc-event, node: n2}", "{fault: ssh-key-missing, node: n2}")
"""Found by checks that run only where somebody asks for them: see tests/checks/test_simulated_host_faults.py."""
WITHOUT_ROCE = tuple(fault for fault in FAULTS if any(word in fault for word in ("firmware", "process")))
CASES = [(text, fault) for text in (SWITCHED, DIRECT, A3) for fault in FAULTS] + [
    (P310, fault) for fault in WITHOUT_ROCE
]
CASES += [(SMALL_A2, fault) for fault in (*OF_SETTINGS, *OF_LIGHT)] + [(SMALL_A3, fault) for fault in OF_DIES]
CASES += [(SMALL_9000, fault) for fault in OF_BONDS]
CASES += [(SMALL_A2, fault) for fault in OF_SURROUNDINGS]
CASES += [(SMALL_A2, fault) for fault in OF_LINKS]


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
    of_ports = (*FAULTS, *OF_SETTINGS, *OF_DIES, *OF_BONDS)
    known = (*of_ports, *OF_SURROUNDINGS, *ONLY_WHEN_ASKED, *OF_LINKS, *LINKS_WITH_THEIR_CHECKS)
    assert set(NAMES) == {fault.partition(",")[0][len("{fault: ") :] for fault in known}


def test_every_check_that_a_fault_names_exists() -> None:
    """The ground truth speaks of checks of the catalogue only."""
    named = {check for kind in KINDS for check in kind.found_by}
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
