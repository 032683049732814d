"""What is set on a RoCE port beyond its address, and what its device keeps of its neighbourhood."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

import attrs


def _by_priority(*values: int) -> List[int]:
    return list(values)


@attrs.define
class TrafficClasses:
    """How packets are sorted. All lists but `dscp_tc` (64) have eight numbers, by priority or by traffic class.

    `pfc` is 1 for the priorities that PFC protects, `priority_tc` and `dscp_tc` lead to traffic classes. `buffers`,
    `up_levels` and `low_levels` are bytes. `schedule` is the algorithm of each class and its share of the bandwidth in
    percent, None where the call to the device fails. `sent` and `received` are packets, `most_used` is the buffer's
    highest use.
    """

    pfc: List[int] = attrs.field(factory=lambda: _by_priority(0, 0, 0, 0, 1, 0, 0, 0))
    priority_tc: List[int] = attrs.field(factory=lambda: _by_priority(0, 1, 2, 3, 0, 1, 2, 3))
    dscp_tc: List[int] = attrs.field(factory=lambda: [0] * 64)
    buffers: List[int] = attrs.field(factory=lambda: _by_priority(816_640, 81_920, 81_920, 816_640, 0, 0, 0, 0))
    up_levels: List[int] = attrs.field(factory=lambda: _by_priority(780_800, 46_080, 46_080, 780_800, 0, 0, 0, 0))
    low_levels: List[int] = attrs.field(factory=lambda: _by_priority(768_000, 33_280, 33_280, 768_000, 0, 0, 0, 0))
    schedule: Optional[List[Tuple[str, int]]] = attrs.field(factory=lambda: [("ets", 25)] * 4 + [("strict", 0)] * 4)
    sent: List[int] = attrs.field(factory=lambda: [0] * 8)
    received: List[int] = attrs.field(factory=lambda: [0] * 8)
    most_used: List[int] = attrs.field(factory=lambda: [0] * 8)


@attrs.define
class Congestion:
    """How the port reacts to notifications of congestion (DCQCN).

    `cnp_dscp` is 255 where the device knows none. `parameters` are the numbers of the algorithm, by the tool's names.
    """

    enabled: bool = True
    algorithm: int = 0
    cnp_dscp: int = 48
    parameters: Dict[str, int] = attrs.field(
        factory=lambda: {
            "f": 5,
            "g_shift": 8,
            "alpha_min": 1,
            "tkp_shift": 4,
            "max_speed": 200_000,
            "ai": 40,
            "tmp_shift": 6,
            "alp": 1023,
            "cnp_time": 4,
            "alpha_shift": 5,
            "max_des_shift": 7,
        }
    )


@attrs.define
class LaneDowngrade:
    """Whether the port goes on with fewer lanes when one fails. `state` is 0 (no), 1 (did), 2 (failed) or another."""

    enabled: bool = False
    able: bool = True
    filter_s: int = 7
    state: int = 0


@attrs.define
class Neighbour:
    """A line of the device's ARP table; without a hardware address nobody has answered yet."""

    address: str
    mac: str
    interface: str
    permanent: bool = False


@attrs.define
class ExtraRoute:
    """A route that somebody added: to a network (`10.30.50.0/24`), over a neighbour, into a table (0 for the main)."""

    network: str
    gateway: str
    table: int = 0


@attrs.define
class PortSettings:
    """The settings of one port.

    `duplex` is None when the device does not know it. `fec` is the word for the mode (`rs`, `no`, `auto`), None on
    machines of which the tool does not tell it. `bandwidth_limit_mbps` is None without a limit. `udp_port` is None
    where the device chooses and does not tell; `udp_status` is `auto` or `custom`. `hccp` tells whether the process of
    a job runs on the device. `config_status` is the number by which the device tells whether the saved settings were
    applied. `vnic_address` is empty when the virtual network card has none, and so are the addresses of IPv6 and of the
    bond of its links.
    """

    mac: str = "02:4e:00:00:00:00"
    mtu: int = 4200
    duplex: Optional[str] = "Full"
    fec: Optional[str] = "rs"
    bandwidth_limit_mbps: Optional[int] = None
    bandwidth_max_mbps: int = 200_000
    udp_port: Optional[int] = None
    udp_status: str = "auto"
    hccp: bool = False
    config_status: int = 0
    vnic_up: bool = True
    vnic_address: str = "192.168.1.199"
    vnic_netmask: str = "255.255.255.0"
    announces_itself: bool = True
    announce_period_s: int = 60
    bad_code_words: int = 3
    hears: str = ""
    """`nobody` or `an NPU`, where the port hears something else than its cable tells; empty where it does not."""
    ipv6_address: str = ""
    ipv6_prefix: int = 64
    ipv6_gateway: str = ""
    ipv6_netdetect: str = ""
    ipv6_neighbours: List[Neighbour] = attrs.field(factory=list)
    bond_address: str = ""
    bond_netmask: str = "255.255.0.0"
    classes: TrafficClasses = attrs.field(factory=TrafficClasses)
    congestion: Congestion = attrs.field(factory=Congestion)
    downgrade: Optional[LaneDowngrade] = attrs.field(factory=LaneDowngrade)
    """None where the call to the device fails."""
    down_filter_s: int = 0
    """For how many seconds a lost link is not reported yet."""
    neighbours: List[Neighbour] = attrs.field(factory=list)
    extra_routes: List[ExtraRoute] = attrs.field(factory=list)
    extra_rules: List[Tuple[str, int]] = attrs.field(factory=list)
    """Rules that somebody added: which packets (`from 10.0.0.9`), and the table they use."""
