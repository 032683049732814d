"""What the 950's tool says of one NPU as a whole."""

from __future__ import annotations

import ipaddress
from typing import List

from ascend_doctor.simulator.hardware import Port
from ascend_doctor.simulator.hardware.ub import UbPort
from ascend_doctor.simulator.hccn_tool import tls as older_tls
from ascend_doctor.simulator.hccn_tool.outcome import NO_CERTIFICATE, Outcome, Request
from ascend_doctor.simulator.hccn_tool_950.frames import frame, grouped
from ascend_doctor.simulator.hccn_tool_950.request import Question

_PORTS = ("UDie ID", "Port ID", "Speed Ability(Gbps)", "Port Type", "Link Status", "Media Type")
_INTERFACES = ("Interface Name", "IP Address", "Netmask", "Bond Mode", "Slaves")
_EIDS = ("Name", "EID Index", "EID")
_PREFIX = "ffff:ffff:ffff:ffff::"
_FAILED = Outcome(err=("Cmd execute failed!",), code=0x0A)


def dev_info(question: Question) -> Outcome:
    """Return the ports, the network interfaces and the UB addresses."""
    device = question.device
    lines: List[str] = []
    if device.ports:
        rows = [
            (
                port.udie,
                port.port,
                port.speed_gbps,
                "UB",
                "UP" if port.works else "DOWN",
                "Optical" if port.light else "Electrical",
            )
            for port in device.ports
        ]
        lines += frame(_PORTS, rows)
    own = [("end0v0", device.address, device.netmask, "NA", "NA")]
    short = [str(ipaddress.IPv6Address(eid)) for eid in device.eids]
    over = [
        (("ipourma0" if not index else ""), eid, _PREFIX, "NA" if not index else "", "NA" if not index else "")
        for index, eid in enumerate(short)
    ]
    lines += grouped(_INTERFACES, [own, over], (15, 42, 42, 9, 15))
    udma = [("udma1" if not index else "", index, eid) for index, eid in enumerate(device.eids)]
    return Outcome((*lines, *grouped(_EIDS, [udma], (15, 9, 39))))


def ub_connect(question: Question) -> Outcome:
    """Return whether the ports of a card are connected; on a server the tool fails."""
    if not question.device.is_card:
        return _FAILED
    states = {port.port: _state(port) for port in question.device.ports}
    words = set(states.values())
    whole = "UP" if words == {"UP"} else "DOWN" if words <= {"DOWN"} else "PARTIAL LINK"
    return Outcome((f"link status : {whole}", *(f"port {number} : {state}" for number, state in states.items())))


def _state(port: UbPort) -> str:
    if not port.works:
        return "DOWN"
    return "UP" if port.lanes_now == port.lanes else "PARTIAL UP"


def tls(question: Question) -> Outcome:
    """Return the switch and the certificates, in the words of the older products."""
    device = question.device
    if not device.certificates:
        return NO_CERTIFICATE
    port = Port(
        tls_switch=device.tls_switch, tls_alarm_days=device.tls_alarm_days, certificates=list(device.certificates)
    )
    return older_tls.tls(Request(question.machine, device.npu, port, (), question.now))


def process(question: Question) -> Outcome:
    """Return whether the device's HCCP process is there."""
    return Outcome((f"device hccp process: {'exist' if question.device.hccp else 'not exist'}",))


def version(question: Question) -> Outcome:
    """Return the versions of the network part of driver and firmware."""
    machine = question.machine
    return Outcome(
        (
            f"Network Driver Version:    {machine.running_driver_version}",
            f"Network Firmware Version:  {machine.running_firmware_version}",
        )
    )


def cfg_recovery(question: Question) -> Outcome:
    """Return what came of applying the saved settings."""
    return Outcome((f"config status:{question.device.config_status}",))


def vnic(question: Question) -> Outcome:
    """Return the state and the address of the virtual network card."""
    device = question.device
    return Outcome(("vnic link status: UP", f"vnic ipaddr: {device.address}", f"vnic netmask: {device.netmask}"))
