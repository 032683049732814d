"""What is set on a RoCE port beyond its address, and what its device keeps of its neighbourhood."""

from __future__ import annotations

from typing import List, Optional, Tuple

import attrs


def _by_priority(*values: int) -> List[int]:
    return list(values)


@attrs.define
class TrafficClasses:
    """How packets are sorted. All lists but `dscp_tc` (64) have eight numbers, by priority or by traffic class.

    `pfc` is 1 for the priorities that PFC protects, `priority_tc` and `dscp_tc` lead to traffic classes. `buffers`,
    `up_levels` and `low_levels` are bytes. `sent` and `received` are packets, `most_used` the buffer's highest use.
    """

    pfc: List[int] = attrs.field(factory=lambda: _by_priority(0, 0, 0, 0, 1, 0, 0, 0))
    priority_tc: List[int] = attrs.field(factory=lambda: _by_priority(0, 1, 2, 3, 0, 1, 2, 3))
    dscp_tc: List[int] = attrs.field(factory=lambda: [0] * 64)
    buffers: List[int] = attrs.field(factory=lambda: _by_priority(816_640, 81_920, 81_920, 816_640, 0, 0, 0, 0))
    up_levels: List[int] = attrs.field(factory=lambda: _by_priority(780_800, 46_080, 46_080, 780_800, 0, 0, 0, 0))
    low_levels: List[int] = attrs.field(factory=lambda: _by_priority(768_000, 33_280, 33_280, 768_000, 0, 0, 0, 0))
    sent: List[int] = attrs.field(factory=lambda: [0] * 8)
    received: List[int] = attrs.field(factory=lambda: [0] * 8)
    most_used: List[int] = attrs.field(factory=lambda: [0] * 8)


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
    bond_address: str = ""
    bond_netmask: str = "255.255.0.0"
    classes: TrafficClasses = attrs.field(factory=TrafficClasses)
    neighbours: List[Neighbour] = attrs.field(factory=list)
    extra_routes: List[ExtraRoute] = attrs.field(factory=list)
    extra_rules: List[Tuple[str, int]] = attrs.field(factory=list)
    """Rules that somebody added: which packets (`from 10.0.0.9`), and the table they use."""
