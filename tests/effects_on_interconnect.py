"""Which answers the faults between chips, and of cards that are not like the others, change."""

from __future__ import annotations

from typing import Dict, FrozenSet, Tuple

Effects = Tuple[str, str, FrozenSet[Tuple[str, str]]]

A2 = "nodes:\n  - {name: n1, product: atlas-800t-a2}\n"
A3 = "nodes:\n  - {name: n1, product: atlas-800t-a3}\nfabric: {leaves: npu}\n"
A5 = "nodes:\n  - {name: n1, product: ascend-950}\n"


def _effects(text: str, fault: str, *answers: str) -> Effects:
    return text, f"{{fault: {fault}, node: n1, npu: 3}}", frozenset(("n1", f"npu-smi/{answer}") for answer in answers)


_ENDS = ("hccs@3.0", "hccs@4.0", "health@3.0", "health@4.0", "info")

LEFT_BEHIND = frozenset({"npu-smi/sio-info"})
"""What keeps counts after a repair."""

EFFECTS: Dict[str, Effects] = {
    "hccs-lane-lost": _effects(A2, "hccs-lane-lost", *_ENDS),
    "hccs-lane-lost, a3": _effects(A3, "hccs-lane-lost", "hccs@1.1", "health@1.1", "info"),
    "hccs-link-down": _effects(A2, "hccs-link-down", *_ENDS),
    "pair-over-pcie": _effects(A2, "pair-over-pcie", "topo"),
    "sio-errors": _effects(A3, "sio-errors", "sio-info@1.0", "sio-info@1.1"),
    "super-pod-place": _effects(A3, "super-pod-place", "spod-info@1.1"),
    "other-product": _effects(A2, "other-product", "info", "mapping"),
    "mcu-odd": _effects(A2, "mcu-odd", "mcu-version@3"),
    "vrd-odd": _effects(A5, "vrd-odd", "vrd-version@3"),
}
