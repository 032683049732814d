"""What several checks ask about a RoCE port: is it in use at all, and which addresses belong to it."""

from __future__ import annotations

import ipaddress
from typing import Any, Optional, Tuple

from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.files import hccn_conf
from ascend_doctor.facts.files.hccn_conf import HccnConfDevice
from ascend_doctor.facts.hccn_tool import ip, ipv6, link
from ascend_doctor.facts.source import Source, Target
from ascend_doctor.model.reading import Absence, Missing, known

USE: Tuple[Source[Any], ...] = (ip.SOURCE, ipv6.SOURCE, hccn_conf.SOURCE)
"""The sources that tell whether a port is in use; a check that asks has to declare them."""


def unused(view: NodeView, target: Target) -> bool:
    """Tell whether nobody has set the port up: it has no address of either kind, and /etc/hccn.conf has none for it.

    Such a port may be down, without module and without neighbour, and nothing is wrong: on servers that use only the
    links between their own NPUs no port is wired. A port of which the address is not known counts as used.
    """
    return _has_no_ipv4(view, target) and ipv6_address(view, target) is None and not _is_planned(view, target)


UNUSED = "the port has no address, so it is not in use"


def _has_no_ipv4(view: NodeView, target: Target) -> bool:
    facts = view.read(ip.SOURCE, target)
    if isinstance(facts, Missing) or not isinstance(facts.ipaddr, Missing):
        return False
    return facts.ipaddr.why is Absence.NOT_CONFIGURED


def ipv6_address(view: NodeView, target: Target) -> Optional[str]:
    """Return the IPv6 address of a port, None where it has none or does not tell."""
    facts = view.read(ipv6.SOURCE, target)
    return None if isinstance(facts, Missing) else known(facts.ipv6_address)


def is_ipv6_only(view: NodeView, target: Target) -> bool:
    """Tell whether a port has an IPv6 address and no other: what it has not set for IPv4 it does not need."""
    return _has_no_ipv4(view, target) and ipv6_address(view, target) is not None


IPV6_ONLY = "the port has an IPv6 address only"


def planned(view: NodeView, target: Target) -> Optional[HccnConfDevice]:
    """Return what /etc/hccn.conf says of a port, None when it says nothing or cannot be read."""
    conf = view.read(hccn_conf.SOURCE)
    if isinstance(conf, Missing):
        return None
    return next((device for device in conf.devices if device.device == target.phy_id), None)


def planned_address(view: NodeView, target: Target) -> Optional[str]:
    """Return the address that /etc/hccn.conf has for a port, None when it has none."""
    device = planned(view, target)
    return device.address if device is not None and isinstance(device.address, str) else None


PLANNED_IPV6, PLANNED_BOND = "IPv6address", "bond_address"
"""By which names /etc/hccn.conf keeps the further addresses of a port (vendor source, tool_ipv6.c and tool_ops.c)."""


def planned_further(view: NodeView, target: Target, name: str) -> Optional[str]:
    """Return a further address that /etc/hccn.conf has for a port, None when it has none of this name."""
    device = planned(view, target)
    return None if device is None else device.extra.get(name) or None


def _is_planned(view: NodeView, target: Target) -> bool:
    further = (planned_further(view, target, name) for name in (PLANNED_IPV6, PLANNED_BOND))
    return any((planned_address(view, target), *further))


def network(address: object, netmask: object) -> Optional[ipaddress.IPv4Network]:
    """Return the network of an address and a netmask, None where either is missing or is no IPv4 text."""
    try:
        return ipaddress.IPv4Network(f"{address}/{netmask}", strict=False)
    except ValueError:
        return None


def network_of(view: NodeView, target: Target) -> Optional[ipaddress.IPv4Network]:
    """Return the network that a port belongs to, None where its address or netmask is not known."""
    facts = view.read(ip.SOURCE, target)
    return None if isinstance(facts, Missing) else network(facts.ipaddr, facts.netmask)


def ipv4(address: object) -> Optional[ipaddress.IPv4Address]:
    """Return an IPv4 address, None for anything else."""
    try:
        return ipaddress.IPv4Address(address) if isinstance(address, str) else None
    except ValueError:
        return None


def is_down(view: NodeView, target: Target) -> bool:
    """Tell whether a port says that it has no link. A check that asks has to declare the source."""
    facts = view.read(link.SOURCE, target)
    return not isinstance(facts, Missing) and facts.link == "DOWN"


SAME_ROUND_S = 30.0
NOT_TOLD_SINCE = "the device knew none when it was asked last, and the link was asked about later"


def is_older_than_link(view: NodeView, target: Target, source: Source[Any]) -> bool:
    """Tell whether a source answered in an earlier round than the link: then the port may have been without link.

    What is asked seldom (speed, duplex mode) stays `Unknown!` for long after the link has come up.
    """
    asked = view.evidence.get(source.about(target).key)
    seen = view.evidence.get(link.SOURCE.about(target).key)
    return asked is not None and seen is not None and seen.started_at - asked.started_at > SAME_ROUND_S
