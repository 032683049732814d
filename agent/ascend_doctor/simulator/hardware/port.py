"""The RoCE port of an NPU: its settings, its link and its counters."""

from __future__ import annotations

import enum
from typing import Dict, List, Optional, Tuple

import attrs

from ascend_doctor.simulator.hardware.optic import Optic
from ascend_doctor.simulator.hardware.port_settings import PortSettings


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
class Retimer:
    """The retimer between NPU and module: its signal-to-noise ratios, one per lane, as linear measures.

    `in_db` tells which of two kinds it is: the tool shows the ratios of the one in dB and without a history, those of
    the other, which are some hundred thousands, as they are.
    """

    in_db: bool = True
    host_snr: List[int] = attrs.field(factory=lambda: [251, 263, 245, 257])
    media_snr: List[int] = attrs.field(factory=lambda: [240, 229, 251, 246])
    host_snr_history: List[int] = attrs.field(factory=lambda: [0] * 4)
    media_snr_history: List[int] = attrs.field(factory=lambda: [0] * 4)


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
    link_downs: List[Dict[str, int]] = attrs.field(factory=list)
    """The registers of each loss of the link that the device remembers, newest first."""
    bandwidth_mb_s: Tuple[float, float] = (0.0, 0.0)
    """Megabytes per second sent and received."""
    serdes_snr: Optional[List[int]] = attrs.field(factory=lambda: [459_340, 421_056, 438_960, 432_264])
    """The linear measure of each lane of the NPU's receivers, None where the call fails."""
    retimer: Retimer = attrs.field(factory=Retimer)
    settings: PortSettings = attrs.field(factory=PortSettings)
    call_failures: Dict[str, int] = attrs.field(factory=dict)
