"""Every fault that the simulator knows, put into a whole simulated cluster, has the one culprit it should have."""

from __future__ import annotations

from importlib import resources
from typing import List

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.report import Report
from ascend_doctor.model.verdict import Verdict
from simulated import make, watched

ENTRIES = catalogue.load()
SCENARIOS = ("demo", "direct", "a3", "310p", "a5")
AFTER_THE_START_S = 900.0
FAULTS = {
    "cable-pulled, npu: 3": "roce.link",
    "module-pulled, npu: 3": "roce.optical.present",
    "gateway-missing, npu: 3": "roce.gateway",
    "tls-odd, npu: 3": "cluster.tls-equal",
    "tls-odd": "cluster.tls-equal",
    "address-differs, npu: 3": "roce.ip",
    "address-changed, npu: 3": "roce.ip",
    "address-duplicate, npu: 3, like: node-2/3": "cluster.ip-duplicate",
    "firmware-mismatch": "version.driver-firmware",
    "npu-dropped, npu: 3": "tool.timeout",
    "npu-dropped, npu: 3, info: hangs": "tool.timeout",
    "tool-busy, npu: 3": "tool.busy",
    "leftover-process, npu: 3, memory_mb: 20000": "npu.processes",
    "aic-load, npu: 3": "npu.processes",
    "aiv-load, npu: 3": "npu.processes",
    "aicpu-load, npu: 3": "npu.processes",
    "hbm-load, npu: 3": "npu.processes",
    "memory-leak, npu: 3": "npu.hbm-free",
    "hbm-shrunk, npu: 3": "npu.hbm-capacity",
    "ecc-isolated, npu: 3": "npu.ecc-isolation",
    "ecc-isolated, npu: 3, pages: 64": "npu.ecc-isolation",
    "ecc-isolated, npu: 3, pages: 0, waiting: 2": "npu.ecc-isolation",
    "npu-alarm, npu: 3": "npu.health",
    "npu-alarm, npu: 3, code: 80CB8009, word: Warning": "npu.health",
    "hot-chip, npu: 3": "npu.temperature",
    "hot-chip, npu: 3, part: hbm": "npu.temperature",
    "hot-chip, npu: 3, part: hbm-fatal": "npu.temperature",
    "clock-throttled, npu: 3": "npu.throttle",
    "npu-lost, npu: 3": "npu.dropped",
    "npu-lost, npu: 3, off: bus": "npu.dropped",
    "chip-reset, npu: 3": "npu.dropped",
    "npu-missing, npu: 3": "npu.present",
    "npu-not-ready, npu: 3": "npu.boot",
    "net-health-init, npu: 3": "roce.net-health",
    "weak-light, npu: 3": "roce.optical.power",
    "weak-light, npu: 3, lane: 1": "roce.optical.power",
    "dirty-fibre, npu: 3": "roce.optical.power",
    "dying-laser, npu: 3": "roce.optical.bias",
    "lane-dark, npu: 3": "roce.optical.los",
    "snr-low, npu: 3": "roce.optical.snr",
    "snr-low, npu: 3, side: host, lane: 0": "roce.optical.snr",
    "module-hot, npu: 3": "roce.optical.env",
    "module-undervoltage, npu: 3": "roce.optical.env",
    "tx-disabled, npu: 3": "roce.optical.state",
    "high-power-off, npu: 3": "roce.optical.state",
    "crc-errors, npu: 3": "roce.errors",
    "fec-errors, npu: 3": "roce.fec-counters",
    "link-flapping, npu: 3": "roce.flap",
    "pfc-storm, npu: 3": "roce.pfc-storm",
    "congestion, npu: 3": "roce.ecn",
    "ecc-double-bit, npu: 3": "npu.ecc",
    "speed-odd, npu: 3": "roce.speed",
    "half-duplex, npu: 3": "roce.duplex",
    "mtu-odd, npu: 3": "roce.mtu",
    "fec-off, npu: 3": "roce.fec",
    "pfc-off, npu: 3": "roce.pfc",
    "dscp-changed, npu: 3": "roce.pfc",
    "bandwidth-limit, npu: 3": "roce.shaping",
    "udp-port-fixed, npu: 3": "roce.udp-port",
    "arp-conflict, npu: 3": "roce.arp",
    "route-foreign, npu: 3": "roce.route",
    "recovery-failed, npu: 3": "roce.cfg-status",
    "hccp-leftover, npu: 3": "npu.hccp",
    "netdetect-unset, npu: 3": "roce.netdetect",
    "netdetect-unset, npu: 3, kind: own": "roce.netdetect",
    "netdetect-foreign, npu: 3": "cluster.netdetect-target",
    "gateway-outside, npu: 3": "roce.gateway",
    "lldp-silent, npu: 3": "roce.lldp",
    "link-shut, npu: 3": "roce.link",
    "conf-missing": "roce.hccn-conf",
    "conf-missing, incomplete: true": "roce.hccn-conf",
    "hccs-lane-lost, npu: 3": "npu.hccs",
    "hccs-link-down, npu: 3, peer: 6": "npu.hccs",
    "pair-over-pcie, npu: 3": "npu.topo",
    "other-product, npu: 3": "npu.product",
    "system-unlisted": "host.os",
    "kernel-old": "host.kernel",
    "pages-large": "host.page-size",
    "governor-slow": "host.cpu-governor",
    "machine-virtual": "host.virtual",
    "huge-pages-off": "host.thp",
    "swaps-readily": "host.swappiness",
    "numa-balancing-on": "host.numa-balancing",
    "migration-cost-default": "host.sched-migration",
    "overcommit-strict": "host.overcommit",
    "memory-low": "host.memory",
    "shared-memory-small": "host.shm",
    "disk-full": "host.disk",
    "open-files-few": "host.ulimit",
    "backlog-short": "host.tcp-backlog",
    "preload-absent": "host.malloc",
    "cpus-offline": "host.cpu-binding",
    "logs-debug": "host.log-level",
    "pcie-down, npu: 3": "npu.pcie",
    "driver-unbound, npu: 3": "npu.dropped",
    "numa-unknown": "npu.numa",
    "device-node-missing": "npu.device-nodes",
    "device-node-missing, device: devmm_svm": "npu.device-nodes",
    "kernel-upgraded": "version.kernel-module",
    "port-taken": "host.ports",
    "firewall-on": "host.firewall",
    "nic-down": "host.nic",
    "hostname-on-loopback": "host.hostname",
    "clock-unsynchronised": "host.time",
    "kernel-trouble": "host.dmesg",
    "kernel-trouble, kind: aer": "host.dmesg",
    "kernel-trouble, kind: out-of-memory": "host.dmesg",
    "kernel-trouble, kind: hung-task": "host.dmesg",
    "kernel-trouble, kind: driver-error": "host.dmesg",
    "docker-down": "host.docker",
    "not-root": "tool.permission",
}


def report(scenario: str, fault: str = "") -> Report:
    """Judge a simulated cluster, with one fault on its first node or without any."""
    text = (
        resources.files("ascend_doctor.simulator").joinpath("scenarios").joinpath(f"{scenario}.yaml").read_text("utf-8")
    )
    text += f"faults:\n  - {{fault: {fault}, node: node-1}}\n" if fault else ""
    views = [NodeView(node, evidence) for node, evidence in watched(make(text, AFTER_THE_START_S)).items()]
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


@pytest.mark.parametrize(
    ("scenario", "fault", "culprit"),
    [
        (scenario, fault, culprit)
        for scenario in ("a3", "310p", "a5")
        for fault, culprit in (
            ("npu-dropped, npu: 3", "tool.timeout"),
            ("npu-dropped, npu: 3, info: hangs", "tool.timeout"),
            ("npu-lost, npu: 3", "npu.dropped"),
            ("npu-lost, npu: 3, off: bus", "npu.dropped" if scenario == "a3" else "npu.present"),
            ("chip-reset, npu: 3", "npu.dropped"),
            ("npu-not-ready, npu: 3", "npu.boot"),
        )
    ],
)
def test_an_npu_that_is_gone_has_one_culprit_on_every_product(scenario: str, fault: str, culprit: str) -> None:
    """Whether the tools hang, fail or leave it out, and whether or not the bus still shows it."""
    found = report(scenario, fault)
    assert [culprit] == culprits(found)
    assert set() == {item.subject.node for item in found.blind_spots} - {""}


@pytest.mark.parametrize("fault", ["cable-pulled, npu: 3", "firmware-mismatch", "npu-dropped, npu: 3"])
def test_a_fault_of_one_die_has_one_culprit(fault: str) -> None:
    """On a machine with two dies in a module too, where the loss of one die hides the other."""
    assert [FAULTS[fault]] == culprits(report("a3", fault))
