"""The RoCE port of an NPU: its settings, its link and its counters."""

from __future__ import annotations

import enum
from typing import Dict, List, Optional, Tuple

import attrs

from ascend_doctor.simulator.hardware.optic import Optic


class LinkEvent(enum.Enum):
    """A change of the link in its history."""

    UP = "LINK UP"
    DOWN = "LINK DOWN"


@attrs.define
class Certificate:
    """A TLS certificate in the device. `start` and `end` are its words for times in GMT: `Thu Jan  1 00:00:00 2026`."""

    subject: str
    issuer: str
    start: str
    end: str


@attrs.define
class Port:
    """The RoCE port of one NPU. Addresses are empty when unset.

    `speed_mbps` is None when the device does not know it, `net_health` the device's word, or None when the call fails.
    `link_history` is (device time in epoch seconds, event), newest first. `call_failures` is what the call to the
    device returns, by the command's word (`link`) or `*` for all of them: -1, -2 (no such entry), -16 (busy),
    -95 (not supported), 256 (the lock is taken).
    """

    link_up: bool = True
    speed_mbps: Optional[int] = 200000
    address: str = ""
    netmask: str = "255.255.255.0"
    gateway: str = ""
    netdetect: str = ""
    net_health: Optional[str] = "Success"
    lldp: str = ""
    """The text that the device passes on from its neighbour, empty when it hears none."""
    tls_switch: int = 0
    tls_alarm_days: int = 60
    certificates: List[Certificate] = attrs.field(factory=list)
    optic: Optic = attrs.field(factory=Optic)
    counters: Dict[str, int] = attrs.field(factory=dict)
    link_up_count: int = 1
    link_down_count: int = 0
    link_history: List[Tuple[float, LinkEvent]] = attrs.field(factory=list)
    call_failures: Dict[str, int] = attrs.field(factory=dict)
