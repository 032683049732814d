"""`hccn_tool -arp|-route|-ip_rule|-ip_route|-status -g`: what the device itself prints, below a title of the tool.

Forms: ARP and routes as recorded on 910A and 910B, the network device as recorded on 910B1; rules and routes of other
tables as `ip` prints them.
"""

from __future__ import annotations

import ipaddress
import re
from typing import List, Optional

from ascend_doctor.simulator.hardware import Port
from ascend_doctor.simulator.hccn_tool.outcome import DENIED, NO_IPV6, Outcome, Request
from ascend_doctor.simulator.hccn_tool.port_settings import SUPERPOD_9000
from ascend_doctor.simulator.hccn_tool.usage import invalid, unknown_option, wrong_count

_TABLE = re.compile(r"[0-9]{1,3}\Z")
_LAST_TABLE = 255
_FIRST_FREE_RULE = 32_765
NO_ENTRY = Outcome(err=("The confuguraion does not exist! Please preset firstly!",), code=32)
"""The tool's own spelling (vendor source, cmd.c)."""


def arp(request: Request) -> Outcome:
    """Return the neighbours that the device knows."""
    lines = ["arp table:"]
    for neighbour in request.port.settings.neighbours:
        kind = "[ether] PERM" if neighbour.permanent else "[ether] "
        hardware = f"{neighbour.mac} {kind}" if neighbour.mac else "<incomplete> "
        lines.append(f"({neighbour.address}) at {hardware} on {neighbour.interface}")
    return Outcome(lines)


def interface(phy_id: int) -> str:
    """Return the name of the port on its device."""
    return f"eth{phy_id}"


def route(request: Request) -> Outcome:
    """Return the main routing table."""
    port, own = request.port, interface(request.phy_id)
    rows = []
    if port.gateway and port.gateway != port.address:
        rows.append(_row("default", port.gateway, "0.0.0.0", "UG", own))  # noqa: S104 - text of a table
    for extra in port.settings.extra_routes:
        if not extra.table:
            network = ipaddress.IPv4Network(extra.network)
            rows.append(_row(str(network.network_address), extra.gateway, str(network.netmask), "UG", own))
    if port.address:
        rows.append(_row(str(_network(port).network_address), "*", port.netmask, "U", own))
    rows.append(_row("127.0.0.1", "*", "255.255.255.255", "UH", "lo"))
    virtual = f"end{request.phy_id}v0"
    rows += [_row(f"192.168.{number}.0", "*", "255.255.255.0", "U", virtual) for number in (1, 2)]
    head = "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface"
    return Outcome(("Routing table:", head, *rows))


def _row(destination: str, gateway: str, mask: str, flags: str, device: str) -> str:
    return f"{destination:<16}{gateway:<16}{mask:<16}{flags:<6}{0:<6} {0:<2} {0:>7} {device}"


def _network(port: Port) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(f"{port.address}/{port.netmask}", strict=False)


def ip_rule(request: Request) -> Outcome:
    """Return the rules by which the device chooses a routing table."""
    rules = request.port.settings.extra_rules
    lines = ["ip rule table:", "0:\tfrom all lookup local"]
    lines += [
        f"{_FIRST_FREE_RULE - len(rules) + 1 + number}:\t{selector} lookup {table}"
        for number, (selector, table) in enumerate(rules)
    ]
    return Outcome((*lines, "32766:\tfrom all lookup main", "32767:\tfrom all lookup default"))


def check_ip_route(request: Request) -> Optional[Outcome]:
    """Return the tool's complaint about the words of `-ip_route`: `-g`, or `-g table T`."""
    first, *words = request.words
    if first in ("-a", "-d"):
        return DENIED
    if first != "-g":
        return unknown_option("ip_route")
    if len(words) not in (0, 2):
        return wrong_count("ip_route")
    if words and (words[0] != "table" or not _TABLE.match(words[1]) or int(words[1]) > _LAST_TABLE):
        return invalid("ip_route")
    return None


def ip_route(request: Request) -> Outcome:
    """Return the routes of all tables, or of the one that is asked for."""
    port, own = request.port, interface(request.phy_id)
    asked = int(request.words[2]) if request.words[2:] else None
    lines: List[str] = []
    if asked is None:
        if port.gateway and port.gateway != port.address:
            lines.append(f"default via {port.gateway} dev {own}")
        if port.address:
            lines.append(f"{_network(port)} dev {own} proto kernel scope link src {port.address}")
    for extra in port.settings.extra_routes:
        if asked in (None, extra.table):
            suffix = f" table {extra.table}" if asked is None and extra.table else ""
            lines.append(f"{extra.network} via {extra.gateway} dev {own}{suffix}")
    return Outcome(("ip route table:", *lines))


def check_neigh(request: Request) -> Optional[Outcome]:
    """Return the tool's complaint about the words of `-neigh`, which has to begin with `-inet6`."""
    if len(request.words) < len(("-inet6", "-g")):
        return wrong_count("neigh")
    if request.words[0] != "-inet6":
        return unknown_option("neigh")
    if request.machine.board.main_board_id in SUPERPOD_9000:
        return NO_IPV6
    if request.words[1] in ("-a", "-d"):
        return DENIED
    if request.words[1] != "-g":
        return unknown_option("neigh")
    return wrong_count("neigh") if request.words[2:] else None


def neigh(request: Request) -> Outcome:
    """Return the neighbours that the device knows by IPv6, in the form of `ip neigh`."""
    lines = ["neigh table:"]
    for neighbour in request.port.settings.ipv6_neighbours:
        known = f" lladdr {neighbour.mac}" if neighbour.mac else ""
        state = "PERMANENT" if neighbour.permanent else "REACHABLE" if neighbour.mac else "INCOMPLETE"
        lines.append(f"{neighbour.address} dev {neighbour.interface}{known} {state}")
    return Outcome(lines)


def status(request: Request) -> Outcome:
    """Return what the device's `ethtool` says of the port."""
    port = request.port
    speed = f"{port.speed_mbps}Mb/s" if port.link_up and port.speed_mbps else "Unknown!"
    rows = (
        "Supported ports: [ Backplane ]",
        "Supported link modes:   100000baseKR4/Full",
        "Supported pause frame use: Symmetric",
        "Supports auto-negotiation: No",
        "Supported FEC modes: None        RS",
        "Advertised link modes:  Not reported",
        "Advertised pause frame use: No",
        "Advertised auto-negotiation: No",
        "Advertised FEC modes: None        RS",
        f"Speed: {speed}",
        f"Duplex: {port.settings.duplex or 'Unknown!'}",
        "Auto-negotiation: off",
        f"Link detected: {'yes' if port.link_up else 'no'}",
    )
    return Outcome((f"Netdev status:Settings for {interface(request.phy_id)}:", *(f"\t{row}" for row in rows)))
