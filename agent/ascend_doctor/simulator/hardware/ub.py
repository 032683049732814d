"""The network side of an NPU of the 950: its UB ports, its addresses, its TLS switch."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

import attrs

from ascend_doctor.simulator.hardware.port import Certificate, LinkEvent

End = Tuple[int, int, int]
"""A port: NPU, die, number."""


@attrs.define
class UbLight:
    """What one lane of an optical port reads: light in dBm, current in mA, signal in dB. None: no light at all."""

    tx_dbm: Optional[float] = 1.5
    rx_dbm: Optional[float] = 0.8
    bias_ma: float = 7.2
    host_snr_db: float = 22.5
    media_snr_db: float = 23.0
    rx_los: bool = False


@attrs.define
class UbPort:
    """One port. `peer` is the port at the other end where that is on the same node, None for one that leaves it.

    `lanes` is what it is set up for, `lanes_now` what carries the link. `light` has a value for each lane of an optical
    port, and is empty for an electrical one. `uncorrected` and `wrong_bits` are the counts of the error correction.
    """

    udie: int
    port: int
    peer: Optional[End] = None
    speed_gbps: int = 400
    enabled: bool = True
    lanes: int = 4
    lanes_now: int = 4
    link_up: bool = True
    light: List[UbLight] = attrs.field(factory=list)
    counters: Dict[str, int] = attrs.field(factory=dict)
    uncorrected: int = 0
    wrong_bits: int = 0
    link_up_count: int = 1
    link_down_count: int = 0
    link_history: List[Tuple[float, LinkEvent]] = attrs.field(factory=list)

    @property
    def works(self) -> bool:
        """Whether the port is on and has its link."""
        return self.enabled and self.link_up


@attrs.define
class UbDevice:
    """What `hccn_tool` can be asked about one NPU. `eids` are its UB addresses; `address` is that of its own interface.

    `is_card` tells a card from an NPU on a server's board: only cards know which ports connect them to each other.
    `busy` lets the device turn every call away.
    """

    npu: int
    ports: List[UbPort]
    is_card: bool
    eids: List[str]
    address: str
    netmask: str = "255.255.255.0"
    hccp: bool = False
    config_status: str = "NONE"
    tls_switch: int = 1
    tls_alarm_days: int = 60
    certificates: List[Certificate] = attrs.field(factory=list)
    busy: bool = False
    as_of: Optional[float] = None
    """The moment for which the links, their history and their counters have been worked out."""
    silent: bool = False
    """Whether packets to its UB addresses get lost."""

    @property
    def ports_by_place(self) -> Dict[Tuple[int, int], UbPort]:
        """The ports by die and number."""
        return {(port.udie, port.port): port for port in self.ports}
