"""Which answers about a port each fault of light and traffic changes: cases of `tests/simulator/test_faults.py`."""

from __future__ import annotations

from typing import Dict, FrozenSet, Tuple

A2 = "nodes:\n  - {name: 'n[1-2]', product: atlas-800t-a2}\n"
A3 = "nodes:\n  - {name: 'n[1-2]', product: atlas-800t-a3}\n"
DIRECT = A2 + "fabric: {kind: direct}\n"

_MODULE = ("optical", "optical-v2")
_ANSWERS: Dict[str, Tuple[str, Tuple[str, ...]]] = {
    "weak-light": (A2, _MODULE),
    "dirty-fibre": (A2, (*_MODULE, "stat", "stat-extra")),
    "dying-laser": (A2, _MODULE),
    "lane-dark": (A2, _MODULE),
    "snr-low": (A2, _MODULE),
    "module-hot": (A2, _MODULE),
    "module-undervoltage": (A2, _MODULE),
    "high-power-off": (A2, _MODULE),
    "retimer-snr-low": (A3, ("scdr",)),
    "crc-errors": (A2, ("stat",)),
    "fec-errors": (A2, ("stat-extra",)),
    "link-flapping, period: 20": (A2, ("link_stat", "stat", "stat-extra")),
    "pfc-storm": (A2, ("stat", "pfc-stat")),
    "congestion": (A2, ("stat",)),
    "certificate": (A2, ("tls",)),
    # Nothing that is asked in every round shows these.
    "ping-loss": (A2, ()),
    "hccs-ping-loss": (A3, ()),
}
LEFT_BEHIND = {"hccn_tool/stat", "hccn_tool/link_stat", "hccn_tool/stat-extra", "hccn_tool/pfc-stat"}
"""Sources of which the answers hold what was counted while a fault was there."""


def of(node: str, *commands: str) -> FrozenSet[Tuple[str, str]]:
    """Return the answers about NPU 3 of a node."""
    return frozenset((node, f"hccn_tool/{command}@3") for command in commands)


EFFECTS: Dict[str, Tuple[str, str, FrozenSet[Tuple[str, str]]]] = {
    **{
        fault: (text, f"{{fault: {fault}, node: n1, npu: 3}}", of("n1", *commands))
        for fault, (text, commands) in _ANSWERS.items()
    },
    "dying-laser, direct": (
        DIRECT,
        "{fault: dying-laser, node: n1, npu: 3}",
        of("n1", *_MODULE) | of("n2", *_MODULE),
    ),
    "pfc-storm, direct": (
        DIRECT,
        "{fault: pfc-storm, node: n1, npu: 3}",
        of("n1", "stat", "pfc-stat") | of("n2", "stat", "pfc-stat"),
    ),
}
