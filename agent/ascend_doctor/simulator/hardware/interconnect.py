"""What connects the chips of a node: HCCS links, the bus between two dies, the place in a super pod."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

import attrs

LINKS = range(1, 8)
"""The HCCS links of a chip. Boards of the 9000 class do not use the first."""
ALL_LANES = 0x41F
"""The word of a link with four lanes in use: 10 in bits 9 and 10 says four, bits 1 to 4 say which (vendor source)."""
TWO_LANES = 0x607
"""The word of a link with two of its lanes in use."""
NO_LANE = 0x001
"""The word of a link without any lane."""
HEALTHY_HDLC = 3


def _per_link(value: int) -> Dict[int, int]:
    return dict.fromkeys(LINKS, value)


@attrs.define
class Hccs:
    """The HCCS links of a chip: a value per link. `lanes` are the driver's words, counters run from the chip's start.

    `hdlc_status` is 3 and `pcs_status` 0 while all is well; bits 8 to 15 of the latter name the first faulty lane.
    `window_tx` and `window_rx` are the packets of one measurement of the bandwidth.
    """

    lanes: Dict[int, int] = attrs.field(factory=lambda: _per_link(ALL_LANES))
    hdlc_status: int = HEALTHY_HDLC
    pcs_status: int = 0
    tx_packets: Dict[int, int] = attrs.field(factory=lambda: _per_link(0))
    rx_packets: Dict[int, int] = attrs.field(factory=lambda: _per_link(0))
    retries: Dict[int, int] = attrs.field(factory=lambda: _per_link(0))
    errors: Dict[int, int] = attrs.field(factory=lambda: _per_link(0))
    credits: Dict[int, int] = attrs.field(factory=lambda: _per_link(64))
    window_tx: int = 0
    window_rx: int = 0


@attrs.define
class Sio:
    """The bus between the two dies of a module: check-sum errors seen from this die since its start.

    `growing` are those that a fault has added to both until now.
    """

    tx_errors: int = 0
    rx_errors: int = 0
    growing: int = 0


@attrs.define
class Topology:
    """How the chips of a node are connected, in the words of `npu-smi` (`HCCS`).

    `pairs` are the connections that differ from the product's own, by two phy-ids in order; `default` is that of all
    others, None for the product's. `cpu_affinity` are the CPUs near to each chip, `nics` the host's interfaces.
    """

    default: Optional[str] = None
    pairs: Dict[Tuple[int, int], str] = attrs.field(factory=dict)
    cpu_affinity: Tuple[str, ...] = ()
    nics: List[str] = attrs.field(factory=list)

    def path_over_pcie(self, one: int, other: int) -> str:
        """Return how the chips of two places are connected without HCCS: behind one bridge, or on two sides.

        So do the tool for cards and the driver for chips without a link (vendor source, npu_info.c, devdrv_ctrl.c).
        """
        return "PHB" if self.cpu_affinity[one] == self.cpu_affinity[other] else "SYS"


@attrs.define
class SuperPod:
    """The super pod of a server. `server_index` is the server's number in it; its other servers share the rest."""

    size: int = 384
    id: int = 4
    server_index: int = 11
    chassis_id: int = 0
    type: int = 1


@attrs.frozen
class Regulator:
    """A voltage regulator of a board: its running version, the one after the next power cycle, and upgrades left."""

    name: str
    current: int
    target: int
    remaining: int = 255


@attrs.frozen
class ChipCertificate:
    """The certificate of a chip, times as the device words them."""

    alarm_status: int = 0
    start: str = "Thu Jan  1 00:00:00 2026"
    end: str = "Fri Jan  1 00:00:00 2027"
    common_name: str = "Huawei IT Product CA"
