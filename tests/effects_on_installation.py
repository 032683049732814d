"""Which answers each fault of what is installed changes: cases of `tests/simulator/test_faults.py`."""

from __future__ import annotations

from typing import Dict, FrozenSet, Tuple

import simulated

A2 = "nodes:\n  - {name: 'n[1-2]', product: atlas-800t-a2}\n"
_KEYS = tuple(query.key for query in simulated.queries(simulated.make(A2), "n1"))


def _all(start: str) -> FrozenSet[str]:
    return frozenset(key for key in _KEYS if key.startswith(start))


_RUNNING = _all("npu-smi/board") | {"npu-smi/info"}
_VERSIONS = frozenset({"file/driver-version", "file/firmware-version"})
_CHANGED: Dict[str, FrozenSet[str]] = {
    "driver-not-loaded": _all("npu-smi/"),
    "device-occupied": _all("npu-smi/"),
    "driver-incomplete": frozenset({"npu-smi/info", "file/install-info"}),
    "hccn-tool-missing": _all("hccn_tool/"),
    "reboot-pending": frozenset({"file/driver-version", "host/facts"}),
    "driver-old": _RUNNING | _VERSIONS,
    "versions-mixed": _RUNNING | _VERSIONS,
    "cann-odd": _all("file/cann"),
    "torch-mismatch": frozenset({"python/stack"}),
    "runtime-blind": frozenset({"python/devices", "python/compute"}),
    "chip-slow, npu: 3": frozenset({"python/compute"}),
    "chip-wrong, npu: 3": frozenset({"python/compute"}),
}
EFFECTS: Dict[str, Tuple[str, str, FrozenSet[Tuple[str, str]]]] = {
    fault: (A2, f"{{fault: {fault}, node: n1}}", frozenset(("n1", key) for key in keys))
    for fault, keys in _CHANGED.items()
}
