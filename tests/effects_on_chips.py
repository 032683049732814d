"""Which answers each fault of a chip changes: cases of `tests/simulator/test_faults.py`."""

from __future__ import annotations

from typing import Dict, FrozenSet, Tuple

A2 = "nodes:\n  - {name: 'n[1-2]', product: atlas-800t-a2}\n"

_LOADED = ("npu-smi/info", "npu-smi/usages@3", "npu-smi/common@3")
_USED = (*_LOADED, "host/npu-processes")
_EVENT = ("npu-smi/info", "npu-smi/health@3.0")
_ANSWERS = {
    "npu-not-ready": (*_LOADED, "npu-smi/ecc@3", "npu-smi/hccs@3.0", "npu-smi/health@3.0"),
    "npu-alarm": _EVENT,
    "hot-chip": (*_EVENT, "npu-smi/common@3"),
    "clock-throttled": _LOADED,
    "ecc-isolated": (*_EVENT, "npu-smi/ecc@3"),
    "hbm-shrunk": _LOADED,
    "memory-leak": _LOADED,
    "aic-load": _USED,
    "aiv-load": _USED,
    "aicpu-load": _USED,
    "hbm-load": _USED,
}

EFFECTS: Dict[str, Tuple[str, str, FrozenSet[Tuple[str, str]]]] = {
    fault: (A2, f"{{fault: {fault}, node: n1, npu: 3}}", frozenset(("n1", answer) for answer in answers))
    for fault, answers in _ANSWERS.items()
}

OF_THE_NODE = ("npu-smi/info", "npu-smi/list", "npu-smi/mapping", "npu-smi/topo")
"""Answers about the whole node that leave out an NPU that is not there."""
OF_THE_HOST = ("host/device-nodes", "host/facts", "host/pci")
"""What the host shows less of when the bus does not have an NPU."""
OF_THE_RUNTIME = ("python/compute", "python/devices")
ABSENT: Dict[str, Tuple[str, ...]] = {
    "npu-lost": OF_THE_NODE,
    "npu-lost, off: bus": (*OF_THE_NODE, *OF_THE_HOST),
    "chip-reset": OF_THE_NODE,
    "npu-missing": (*OF_THE_NODE, *OF_THE_HOST, *OF_THE_RUNTIME),
}
"""The faults that take an NPU away: what changes beside every answer about the NPU itself."""
