"""`hccn_tool -link|-ip|-gateway|-netdetect|-net_health|-lldp|-speed -g`: one or two lines each."""

from __future__ import annotations

import ipaddress

from ascend_doctor.simulator.hccn_tool.outcome import FAILED, NO_ADDRESS, NO_GATEWAY, Outcome, Request

_UNSET = str(ipaddress.IPv4Address(0))


def link(request: Request) -> Outcome:
    """Return whether the link is up."""
    return Outcome((f"link status: {'UP' if request.port.link_up else 'DOWN'}",))


def ip(request: Request) -> Outcome:
    """Return the address and the netmask."""
    port = request.port
    if not port.address:
        return NO_ADDRESS
    return Outcome((f"ipaddr:{port.address}", f"netmask:{port.netmask}"))


def gateway(request: Request) -> Outcome:
    """Return the default gateway; on A2 and A3 every port is `eth0` for its own device."""
    if not request.port.gateway:
        return NO_GATEWAY
    return Outcome((f"default gateway:{request.port.gateway}, Iface:eth0",))


def netdetect(request: Request) -> Outcome:
    """Return the address that the device probes; unset is 0.0.0.0."""
    return Outcome((f"netdetect addr: {request.port.netdetect or _UNSET}",))


def net_health(request: Request) -> Outcome:
    """Return the device's judgement of its network."""
    if request.port.net_health is None:
        return FAILED
    return Outcome((f"net health status: {request.port.net_health}",))


def lldp(request: Request) -> Outcome:
    """Return what the port hears from its neighbour, as the device passes it on, and a line end."""
    return Outcome((request.port.lldp,))


def speed(request: Request) -> Outcome:
    """Return the speed of the link."""
    rate = request.port.speed_mbps
    return Outcome(("Speed: Unknown!" if rate is None else f"Speed: {rate} Mb/s",))
