"""Which answers the faults of the ports of a 950 change: cases of `tests/simulator/test_faults.py`."""

from __future__ import annotations

from typing import Dict, FrozenSet, Tuple

SERVER = "nodes:\n  - {name: n1, product: ascend-950, npus: 3}\n"
BRIDGED = "nodes:\n  - {name: n1, product: atlas-350-2p}\n"

_PAST = ("bit_err", "port_info", "ub_link_stat", "ub_stat")
"""What a port tells of its past: counters, and when its link changed."""
LEFT_BEHIND = frozenset(f"hccn_tool/{command}" for command in _PAST)
_OPTICAL, _MESH_OF_1, _MESH_OF_0, _BRIDGE_OF_1, _BRIDGE_OF_0 = "1.0.4", "1.1.0", "0.1.0", "1.0.4", "0.0.4"


def _about(place: str, *commands: str) -> FrozenSet[Tuple[str, str]]:
    """Return the answers about a port, or about an NPU as a whole."""
    return frozenset(("n1", f"hccn_tool/{command}@{place}") for command in commands)


_CHANGED: Dict[str, Tuple[str, FrozenSet[Tuple[str, str]]]] = {
    "ub-port-down": (SERVER, _about(_OPTICAL, *_PAST, "ub_optical") | _about("1", "dev_info")),
    "ub-port-down, udie: 1, port: 0": (
        SERVER,
        _about(_MESH_OF_1, *_PAST) | _about("1", "dev_info") | _about(_MESH_OF_0, *_PAST) | _about("0", "dev_info"),
    ),
    "ub-port-down, port: 4": (
        BRIDGED,
        _about(_BRIDGE_OF_1, *_PAST)
        | _about("1", "dev_info", "ub_connect")
        | _about(_BRIDGE_OF_0, *_PAST)
        | _about("0", "dev_info", "ub_connect"),
    ),
    "ub-lanes-reduced": (SERVER, _about(_OPTICAL, "port_info")),
    "ub-lanes-reduced, port: 4": (
        BRIDGED,
        _about(_BRIDGE_OF_1, "port_info")
        | _about("1", "ub_connect")
        | _about(_BRIDGE_OF_0, "port_info")
        | _about("0", "ub_connect"),
    ),
    "ub-flapping": (SERVER, _about(_OPTICAL, *_PAST)),
    "ub-bit-errors": (SERVER, _about(_OPTICAL, "bit_err", "port_info", "ub_stat")),
    "ub-weak-light": (SERVER, _about(_OPTICAL, "ub_optical")),
    # Nothing that is asked in every round shows it.
    "ub-peer-silent": (SERVER, frozenset()),
    "ub-tls-odd": (SERVER, _about("1", "ub_tls")),
}

EFFECTS: Dict[str, Tuple[str, str, FrozenSet[Tuple[str, str]]]] = {
    **{fault: (text, f"{{fault: {fault}, node: n1, npu: 1}}", answers) for fault, (text, answers) in _CHANGED.items()},
    "ub-files-missing": (SERVER, "{fault: ub-files-missing, node: n1}", frozenset({("n1", "host/ub-files")})),
}
