"""Which answers each fault of the host around the NPUs changes: cases of `tests/simulator/test_faults.py`."""

from __future__ import annotations

from typing import Dict, FrozenSet, Optional, Tuple

import simulated

A2 = "nodes:\n  - {name: 'n[1-2]', product: atlas-800t-a2}\n"
_QUERIES = tuple(simulated.queries(simulated.make(A2), "n1"))


def _of_tools(npu: Optional[int] = None) -> FrozenSet[str]:
    """Return the keys of what the vendor's tools are asked: all of them, or those about one NPU and about the node."""
    return frozenset(
        query.key
        for query in _QUERIES
        if query.argv[0] in ("npu-smi", "hccn_tool")
        and (npu is None or npu in (query.target.npu, query.target.phy_id) or not query.target.key)
    )


def _of_host(*sections: str) -> FrozenSet[str]:
    return frozenset(f"host/{section}" for section in sections)


_CHANGED: Dict[str, FrozenSet[str]] = {
    "pcie-down, npu: 3": _of_host("pci"),
    "driver-unbound, npu: 3": _of_host("pci", "device-nodes", "facts") | _of_tools(3),
    "numa-unknown": _of_host("pci"),
    "device-node-missing": _of_host("device-nodes") | _of_tools(),
    "device-node-missing, device: devmm_svm": _of_host("device-nodes"),
    "kernel-upgraded": _of_host("pci", "device-nodes", "facts", "kernel-modules") | _of_tools(),
    "port-taken": _of_host("network"),
    "firewall-on": _of_host("services"),
    "nic-down": _of_host("network"),
    "hostname-on-loopback": _of_host("network"),
    "clock-unsynchronised": _of_host("services"),
    "kernel-trouble": _of_host("kernel-log"),
    "bmc-event": frozenset({"ipmitool/sel"}),
    "docker-down": _of_host("services"),
    # Only root is told the firmware, and whether it fits.
    "not-root": _of_host("device-nodes", "facts") | {key for key in _of_tools() if key.startswith("npu-smi/board")},
    "ssh-key-missing": _of_host("ssh"),
}

EFFECTS: Dict[str, Tuple[str, str, FrozenSet[Tuple[str, str]]]] = {
    fault: (A2, f"{{fault: {fault}, node: n1}}", frozenset(("n1", key) for key in keys))
    for fault, keys in _CHANGED.items()
}
