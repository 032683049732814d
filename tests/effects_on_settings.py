"""Which answers each fault of a port's settings changes: cases of `tests/simulator/test_faults.py`."""

from __future__ import annotations

from typing import Dict, FrozenSet, Tuple

from effects_on_ports import A2, A3, of

_CONF = "hccn-conf"
_ANSWERS: Dict[str, Tuple[str, Tuple[str, ...]]] = {
    "speed-odd": (A2, ("speed",)),
    "half-duplex": (A2, ("duplex",)),
    "mtu-odd": (A2, ("mtu", _CONF)),
    "fec-off": (A2, ("fec", _CONF)),
    "pfc-off": (A2, ("pfc", _CONF)),
    "dscp-changed": (A2, ("dscp_to_tc",)),
    "bandwidth-limit": (A2, ("shaping", _CONF)),
    "udp-port-fixed": (A2, ("udp",)),
    "arp-conflict": (A2, ("arp",)),
    "route-foreign": (A2, ("route", "ip_route")),
    "route-foreign, kind: rule": (A2, ("ip_rule",)),
    "route-foreign, kind: table": (A2, ("ip_route",)),
    "recovery-failed": (A2, ("cfg_status",)),
    "vnic-down": (A3, ("vnic",)),
    "vnic-down, kind: no-address": (A3, ("vnic",)),
    "hccp-leftover": (A2, ("process",)),
    "netdetect-unset": (A2, ("netdetect", "net_health", _CONF)),
    "netdetect-unset, kind: own": (A2, ("netdetect", _CONF)),
    "netdetect-foreign": (A2, ("netdetect", "net_health", _CONF)),
    "gateway-outside": (A2, ("gateway", "route", "ip_route", _CONF)),
    "lldp-silent": (A2, ("lldp",)),
    "cable-astray": (A2, ("lldp", "net_health", "arp")),
    "tls-unreadable": (A2, ("tls",)),
    "link-shut": (
        A2,
        ("link", "speed", "duplex", "lldp", "net_health", "arp", "link_stat", "stat", "stat-extra"),
    ),
}


def _effects(commands: Tuple[str, ...]) -> FrozenSet[Tuple[str, str]]:
    """Return the answers about NPU 3 of the first node, and the file where it changes too."""
    saved = {("n1", "file/hccn-conf")} if _CONF in commands else set()
    return of("n1", *(command for command in commands if command != _CONF)) | saved


EFFECTS: Dict[str, Tuple[str, str, FrozenSet[Tuple[str, str]]]] = {
    **{
        fault: (text, f"{{fault: {fault}, node: n1, npu: 3}}", _effects(commands))
        for fault, (text, commands) in _ANSWERS.items()
    },
    "conf-missing": (A2, "{fault: conf-missing, node: n1}", _effects((_CONF,))),
    "conf-missing, incomplete": (A2, "{fault: conf-missing, node: n1, incomplete: true}", _effects((_CONF,))),
}
