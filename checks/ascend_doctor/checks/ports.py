"""What several checks ask about a RoCE port: is it in use at all, and which addresses belong to it."""

from __future__ import annotations

import ipaddress
from typing import Any, Optional, Tuple

from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.files import hccn_conf
from ascend_doctor.facts.files.hccn_conf import HccnConfDevice
from ascend_doctor.facts.hccn_tool import ip, link
from ascend_doctor.facts.source import Source, Target
from ascend_doctor.model.reading import Absence, Missing

USE: Tuple[Source[Any], ...] = (ip.SOURCE, hccn_conf.SOURCE)
"""The sources that tell whether a port is in use; a check that asks has to declare them."""


def unused(view: NodeView, target: Target) -> bool:
    """Tell whether nobody has set the port up: it has no address, and /etc/hccn.conf has none for it.

    Such a port may be down, without module and without neighbour, and nothing is wrong: on servers that use only the
    links between their own NPUs no port is wired. A port of which the address is not known counts as used.
    """
    facts = view.read(ip.SOURCE, target)
    if isinstance(facts, Missing) or not isinstance(facts.ipaddr, Missing):
        return False
    return facts.ipaddr.why is Absence.NOT_CONFIGURED and planned_address(view, target) is None


UNUSED = "the port has no address, so it is not in use"


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
