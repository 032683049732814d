"""The table of drills: for every check a fault that makes exactly this check the culprit, on small clusters."""

from __future__ import annotations

from typing import Dict, Mapping, Tuple

import attrs

from ascend_doctor.checks.engine import CheckSettings, Settings
from ascend_doctor.checks.node import roce_hccs_ping, ub_ping

_HDK = "driver: 25.5.1, firmware: 7.8.0.6.201"
_HDK_950 = "driver: 25.7.rc1, firmware: 9.0.0.1.200"
_DAY_S = 24 * 3600.0

SWITCHED = "A2 on switches"
DIRECT = "A2 back to back"
WITH_TLS = "A2 with TLS"
A3 = "A3"
BONDED = "Atlas 9000 A3"
P310 = "310P"
A5 = "950"
A5_X86 = "950 on x86"
BRIDGED = "Atlas 350"

CLUSTERS: Mapping[str, str] = {
    SWITCHED: f"nodes: [{{name: 'node-[1-2]', product: atlas-800i-a2, npus: 4, {_HDK}}}]\nfabric: {{leaves: pair}}\n",
    DIRECT: f"nodes: [{{name: 'node-[1-2]', product: atlas-800i-a2, npus: 4, {_HDK}}}]\nfabric: {{kind: direct}}\n",
    WITH_TLS: f"nodes: [{{name: 'node-[1-2]', product: atlas-800i-a2, npus: 4, tls: 1, {_HDK}}}]\n",
    A3: f"nodes: [{{name: 'node-[1-2]', product: atlas-800t-a3, npus: 4, {_HDK}}}]\nfabric: {{leaves: npu}}\n",
    BONDED: f"nodes: [{{name: 'node-[1-2]', product: atlas-9000-a3, npus: 4, {_HDK}}}]\nfabric: {{leaves: npu}}\n",
    P310: f"nodes: [{{name: 'node-[1-2]', product: atlas-300i-pro, {_HDK}}}]\n",
    A5: f"nodes: [{{name: node-1, product: ascend-950, npus: 4, {_HDK_950}}}]\n",
    A5_X86: f"nodes: [{{name: 'node-1', product: ascend-950-x86, npus: 2, {_HDK_950}}}]\n",
    BRIDGED: f"nodes: [{{name: node-1, product: atlas-350-4p, {_HDK_950}}}]\n",
}
"""Clusters as small as the products allow, by what they are. The fault is always on `node-1`."""


@attrs.frozen
class Drill:
    """A fault of `node-1`, and the check that has to name it: once, at the place of the fault.

    `on` are the clusters to try it on: more than one where fabric or product changes what is seen of it. `at` are the
    places that are named where they are others than that of the fault. `asks_for` are the opt-in checks that have to be
    switched on. For `recorded_s` after the repair what the device has recorded of the fault still counts: a link that
    was down is no good link yet.
    """

    fault: str
    culprit: str
    on: Tuple[str, ...] = (SWITCHED,)
    at: Tuple[str, ...] = ()
    asks_for: Tuple[str, ...] = ()
    recorded_s: float = 0.0

    @property
    def kind(self) -> str:
        """The kind of the fault."""
        return self.fault.partition(",")[0]

    @property
    def settings(self) -> Settings:
        """What the operator has to set to let the culprit look."""
        return {check: ASKED[check] for check in self.asks_for}

    def scenario(self, cluster: str) -> str:
        """Return the scenario of one of the clusters, with the fault in it from the start."""
        return f"{CLUSTERS[cluster]}faults: [{{fault: {self.fault}, node: node-1}}]\n"


ASKED: Dict[str, CheckSettings] = {
    **{
        check: CheckSettings(enabled=True)
        for check in (
            *("host.bmc", "host.ssh", "npu.compute", "npu.runtime-visible", "roce.cdr", "roce.ping"),
            *("version.mcu", "version.python-stack", "version.vrd"),
        )
    },
    "roce.hccs-ping": CheckSettings(enabled=True, limits=roce_hccs_ping.Limits(("192.1.2.199",))),
    "ub.ping": CheckSettings(enabled=True, limits=ub_ping.Limits(("0000:0000:0000:0000:0010:0000:dfdf:0020",))),
}
"""Every opt-in check as an operator switches it on, with addresses where it has to be told whom to reach."""

_FABRICS = (SWITCHED, DIRECT, A3)
_CHIPS = (SWITCHED, A3, P310, A5)
_BRIDGE = ("node-1 NPU 0 port 0/4", "node-1 NPU 1 port 0/4")
_MESH = ("node-1 NPU 0 port 1/0", "node-1 NPU 1 port 1/0")
"""Both ends of a link show it, and no answer tells which two ends belong together."""
_EVERYBODY = tuple(f"node-1 NPU {npu}" for npu in range(4))
"""Whoever sends packets to an address that does not answer names himself."""

DRILLS: Tuple[Drill, ...] = (
    # A port: cable, module, settings
    Drill("cable-pulled, npu: 3", "roce.link", _FABRICS, recorded_s=_DAY_S),
    Drill("link-shut, npu: 3", "roce.link", _FABRICS, recorded_s=_DAY_S),
    Drill("module-pulled, npu: 3", "roce.optical.present", _FABRICS, recorded_s=_DAY_S),
    Drill("tx-disabled, npu: 3", "roce.optical.state", _FABRICS, recorded_s=_DAY_S),
    Drill("high-power-off, npu: 3", "roce.optical.state", (SWITCHED, DIRECT)),
    Drill("gateway-missing, npu: 3", "roce.gateway", _FABRICS),
    Drill("gateway-outside, npu: 3", "roce.gateway", _FABRICS),
    Drill("tls-odd, npu: 3", "cluster.tls-equal", _FABRICS),
    Drill("tls-odd", "cluster.tls-equal", (SWITCHED, A3)),
    Drill("tls-unreadable, npu: 3", "roce.tls"),
    Drill("certificate, npu: 3", "roce.tls-cert", (WITH_TLS,)),
    Drill("certificate, npu: 3, state: foreign", "roce.tls-cert", (WITH_TLS,)),
    Drill("certificate, npu: 3, state: expiring", "roce.tls-cert", (WITH_TLS,)),
    Drill("address-differs, npu: 3", "roce.ip", _FABRICS),
    Drill("address-changed, npu: 3", "roce.ip", _FABRICS),
    Drill("address-duplicate, npu: 3, like: node-2/3", "cluster.ip-duplicate", _FABRICS),
    Drill("bond-lost, npu: 3", "roce.bond", (BONDED,)),
    Drill("bond-lost, npu: 3, address: 10.200.0.1", "roce.bond", (BONDED,)),
    Drill("conf-missing", "roce.hccn-conf", _FABRICS),
    Drill("conf-missing, incomplete: true", "roce.hccn-conf"),
    Drill("recovery-failed, npu: 3", "roce.cfg-status"),
    Drill("net-health-init, npu: 3", "roce.net-health", _FABRICS),
    Drill("netdetect-unset, npu: 3", "roce.netdetect", _FABRICS),
    Drill("netdetect-unset, npu: 3, kind: own", "roce.netdetect", _FABRICS),
    Drill("netdetect-foreign, npu: 3", "cluster.netdetect-target", _FABRICS),
    Drill("lldp-silent, npu: 3", "roce.lldp", _FABRICS),
    Drill("cable-astray, npu: 3", "roce.conn-mode", (SWITCHED, A3)),
    Drill("arp-conflict, npu: 3", "roce.arp", _FABRICS),
    Drill("route-foreign, npu: 3", "roce.route", _FABRICS),
    Drill("route-foreign, npu: 3, kind: rule", "roce.route"),
    Drill("route-foreign, npu: 3, kind: table", "roce.route"),
    Drill("speed-odd, npu: 3", "roce.speed", _FABRICS),
    Drill("half-duplex, npu: 3", "roce.duplex"),
    Drill("mtu-odd, npu: 3", "roce.mtu"),
    Drill("fec-off, npu: 3", "roce.fec"),
    Drill("pfc-off, npu: 3", "roce.pfc"),
    Drill("dscp-changed, npu: 3", "roce.pfc"),
    Drill("bandwidth-limit, npu: 3", "roce.shaping"),
    Drill("udp-port-fixed, npu: 3", "roce.udp-port"),
    Drill("vnic-down, npu: 3", "roce.vnic", (A3,)),
    Drill("vnic-down, npu: 3, kind: no-address", "roce.vnic", (A3,)),
    # Light and traffic
    Drill("weak-light, npu: 3", "roce.optical.power", (SWITCHED, DIRECT)),
    Drill("weak-light, npu: 3, lane: 1", "roce.optical.power"),
    Drill("dirty-fibre, npu: 3", "roce.optical.power", (SWITCHED, DIRECT)),
    Drill("dying-laser, npu: 3", "roce.optical.bias", (SWITCHED, DIRECT)),
    Drill("lane-dark, npu: 3", "roce.optical.los"),
    Drill("snr-low, npu: 3", "roce.optical.snr"),
    Drill("snr-low, npu: 3, side: host, lane: 0", "roce.optical.snr"),
    Drill("module-hot, npu: 3", "roce.optical.env"),
    Drill("module-undervoltage, npu: 3", "roce.optical.env"),
    Drill("retimer-snr-low, npu: 3", "roce.cdr", (A3,), asks_for=("roce.cdr",)),
    Drill("crc-errors, npu: 3", "roce.errors"),
    Drill("fec-errors, npu: 3", "roce.fec-counters"),
    Drill("link-flapping, npu: 3", "roce.flap", (SWITCHED, DIRECT), recorded_s=_DAY_S),
    Drill("pfc-storm, npu: 3", "roce.pfc-storm", (SWITCHED, DIRECT)),
    Drill("pfc-storm, npu: 3, side: rx", "roce.pfc-storm"),
    Drill("pfc-storm, npu: 3, side: rx", "roce.pfc-storm", (DIRECT,), at=("node-2 NPU 3 port",)),
    Drill("congestion, npu: 3", "roce.ecn"),
    Drill("ping-loss, npu: 3", "roce.ping", (SWITCHED, A3), asks_for=("roce.ping",)),
    Drill("ping-loss, npu: 3, lost: 3", "roce.ping", (SWITCHED, A3), asks_for=("roce.ping",)),
    Drill("hccs-ping-loss, npu: 3", "roce.hccs-ping", (A3,), asks_for=("roce.hccs-ping",)),
    # The ports of a 950
    Drill("ub-port-down, npu: 1", "ub.ports", (A5,), recorded_s=_DAY_S),
    Drill("ub-port-down, npu: 1, udie: 1, port: 5", "ub.ports", (A5,), recorded_s=_DAY_S),
    Drill("ub-port-down, npu: 1, udie: 1, port: 0", "ub.ports", (A5,), at=_MESH, recorded_s=_DAY_S),
    Drill("ub-lanes-reduced, npu: 1", "ub.ports", (A5,)),
    Drill("ub-lanes-reduced, npu: 1, lanes: 1", "ub.ports", (A5,)),
    Drill("ub-port-down, npu: 1", "ub.connect", (BRIDGED,), recorded_s=_DAY_S),
    Drill("ub-lanes-reduced, npu: 1", "ub.connect", (BRIDGED,)),
    Drill("ub-flapping, npu: 1", "ub.flap", (A5,), recorded_s=_DAY_S),
    Drill("ub-flapping, npu: 1, times: 8", "ub.flap", (A5,), recorded_s=_DAY_S),
    Drill("ub-flapping, npu: 1, times: 8", "ub.flap", (BRIDGED,), at=_BRIDGE, recorded_s=_DAY_S),
    Drill("ub-bit-errors, npu: 1", "ub.errors", (A5, BRIDGED)),
    Drill("ub-weak-light, npu: 1", "ub.optical", (A5,)),
    Drill("ub-weak-light, npu: 1, lane: 3, dbm: -7", "ub.optical", (A5,)),
    Drill("ub-peer-silent, npu: 0", "ub.ping", (A5,), at=_EVERYBODY, asks_for=("ub.ping",)),
    Drill("ub-tls-odd, npu: 1", "ub.tls", (A5,)),
    Drill("ub-files-missing", "ub.files", (A5,)),
    Drill("ub-files-missing, path: /lib/route.conf", "ub.files", (A5,)),
    # An NPU that is not there, or not well
    Drill("npu-dropped, npu: 2", "npu.dropped", (SWITCHED, DIRECT, A3, P310, A5)),
    Drill("npu-dropped, npu: 2, info: hangs", "tool.timeout", (SWITCHED, DIRECT, A3, P310, A5), at=("node-1",)),
    Drill("npu-lost, npu: 2", "npu.dropped", _CHIPS),
    Drill("npu-lost, npu: 2, off: bus", "npu.dropped", (SWITCHED, A3, P310)),
    Drill("npu-lost, npu: 2, off: bus", "npu.present", (A5,)),
    Drill("chip-reset, npu: 2", "npu.dropped", _CHIPS),
    Drill("driver-unbound, npu: 2", "npu.dropped", (SWITCHED, A3, P310)),
    Drill("npu-missing, npu: 1", "npu.present", (SWITCHED, DIRECT, A3)),
    Drill("npu-not-ready, npu: 2", "npu.boot", _CHIPS),
    Drill("npu-alarm, npu: 2", "npu.health", (SWITCHED, A3, P310)),
    Drill("npu-alarm, npu: 2", "npu.fault-events", (A5,)),
    Drill("npu-alarm, npu: 2, code: 80CB8009, word: Warning", "npu.health"),
    Drill("hot-chip, npu: 2", "npu.temperature", _CHIPS),
    Drill("hot-chip, npu: 2, part: hbm", "npu.temperature", (SWITCHED, A3, A5)),
    Drill("hot-chip, npu: 2, part: hbm-fatal", "npu.temperature", (SWITCHED, A3, A5)),
    Drill("clock-throttled, npu: 2", "npu.throttle", _CHIPS),
    Drill("ecc-double-bit, npu: 2", "npu.ecc", (SWITCHED, A3, A5)),
    Drill("ecc-isolated, npu: 2", "npu.ecc-isolation", (SWITCHED, A3, A5)),
    Drill("ecc-isolated, npu: 2, pages: 64", "npu.ecc-isolation"),
    Drill("ecc-isolated, npu: 2, pages: 0, waiting: 2", "npu.ecc-isolation"),
    Drill("hbm-shrunk, npu: 2", "npu.hbm-capacity", (SWITCHED, A3, A5)),
    Drill("memory-leak, npu: 2", "npu.hbm-free", _CHIPS),
    Drill("leftover-process, npu: 2", "npu.processes", _CHIPS),
    Drill("aic-load, npu: 2", "npu.processes", _CHIPS),
    Drill("aiv-load, npu: 2", "npu.processes", (SWITCHED, A3)),
    Drill("aicpu-load, npu: 2", "npu.processes"),
    Drill("hbm-load, npu: 2", "npu.processes", (SWITCHED, P310)),
    Drill("hccp-leftover, npu: 2", "npu.hccp"),
    Drill("chip-slow, npu: 2", "npu.compute", (SWITCHED, A3), asks_for=("npu.compute",)),
    Drill("chip-wrong, npu: 2", "npu.compute", (SWITCHED, A3), asks_for=("npu.compute",)),
    # What connects the NPUs of a node
    Drill("hccs-lane-lost, npu: 2", "npu.hccs", (SWITCHED, A3)),
    Drill("hccs-link-down, npu: 2", "npu.hccs", (SWITCHED, A3)),
    Drill("hccs-link-down, npu: 2, peer: 0", "npu.hccs"),
    Drill("pair-over-pcie, npu: 1", "npu.topo"),
    Drill("pair-over-pcie, npu: 2", "npu.topo"),
    Drill("sio-errors, npu: 2", "npu.sio", (A3,)),
    Drill("super-pod-place, npu: 2", "npu.spod", (A3,)),
    Drill("other-product, npu: 2", "npu.product", _CHIPS),
    Drill("mcu-odd, npu: 2", "version.mcu", (SWITCHED, A3), asks_for=("version.mcu",)),
    Drill("vrd-odd, npu: 2", "version.vrd", (A5,), asks_for=("version.vrd",)),
    Drill("pcie-down, npu: 2", "npu.pcie", (SWITCHED, A3, P310)),
    Drill("numa-unknown", "npu.numa", (SWITCHED, A3, P310)),
    # What is installed, and who else uses it
    Drill("driver-not-loaded", "tool.npu-smi", _CHIPS),
    Drill("device-occupied", "tool.npu-smi", _CHIPS),
    Drill("hccn-tool-missing", "tool.hccn-tool", (SWITCHED, A3)),
    Drill("tool-busy, npu: 3", "tool.busy", _FABRICS),
    Drill("not-root", "tool.permission", _CHIPS),
    Drill("driver-incomplete", "version.driver-install", _CHIPS),
    Drill("firmware-mismatch", "version.driver-firmware", (SWITCHED, A3, P310)),
    Drill("reboot-pending", "version.reboot-pending", _CHIPS),
    Drill("driver-old", "version.driver-min", (SWITCHED, A3, P310)),
    Drill("versions-mixed", "cluster.version-equal", (SWITCHED, A3, P310)),
    Drill("cann-odd", "version.cann"),
    Drill("kernel-upgraded", "version.kernel-module", _CHIPS),
    Drill("device-node-missing", "npu.device-nodes", _CHIPS),
    Drill("device-node-missing, device: davinci_manager", "npu.device-nodes"),
    Drill("device-node-missing, device: devmm_svm", "npu.device-nodes", (SWITCHED, A3, P310)),
    Drill("torch-mismatch", "version.python-stack", asks_for=("version.python-stack",)),
    Drill("runtime-blind", "npu.runtime-visible", (SWITCHED, A3), asks_for=("npu.runtime-visible", "npu.compute")),
    Drill("runtime-blind, visible: 3", "npu.runtime-visible", asks_for=("npu.runtime-visible", "npu.compute")),
    # The host
    Drill("system-unlisted", "host.os"),
    Drill("kernel-old", "host.kernel"),
    Drill("pages-large", "host.page-size"),
    Drill("governor-slow", "host.cpu-governor"),
    Drill("machine-virtual", "host.virtual"),
    Drill("huge-pages-off", "host.thp"),
    Drill("swaps-readily", "host.swappiness"),
    Drill("numa-balancing-on", "host.numa-balancing"),
    Drill("migration-cost-default", "host.sched-migration"),
    Drill("overcommit-strict", "host.overcommit"),
    Drill("memory-low", "host.memory"),
    Drill("shared-memory-small", "host.shm"),
    Drill("disk-full", "host.disk"),
    Drill("open-files-few", "host.ulimit"),
    Drill("backlog-short", "host.tcp-backlog"),
    Drill("preload-absent", "host.malloc"),
    Drill("cpus-offline", "host.cpu-binding"),
    Drill("logs-debug", "host.log-level"),
    Drill("entropy-low", "host.entropy", (A5_X86,)),
    Drill("port-taken", "host.ports"),
    Drill("firewall-on", "host.firewall"),
    Drill("nic-down", "host.nic"),
    Drill("hostname-on-loopback", "host.hostname"),
    Drill("clock-unsynchronised", "host.time"),
    Drill("kernel-trouble", "host.dmesg"),
    Drill("kernel-trouble, kind: aer", "host.dmesg"),
    Drill("kernel-trouble, kind: out-of-memory", "host.dmesg"),
    Drill("kernel-trouble, kind: hung-task", "host.dmesg"),
    Drill("kernel-trouble, kind: driver-error", "host.dmesg"),
    Drill("docker-down", "host.docker"),
    Drill("bmc-event", "host.bmc", asks_for=("host.bmc",)),
    Drill("ssh-key-missing", "host.ssh", asks_for=("host.ssh",)),
)
