"""`hccn_tool -g -dev_info -i N`: the ports of an NPU of the 950, its network devices and its UB addresses."""

from __future__ import annotations

import re
from typing import List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines
from ascend_doctor.facts.hccn_tool.table import Row, take_table
from ascend_doctor.facts.hccn_tool.ub.question import of_npu, refused
from ascend_doctor.facts.parsing import Line, integer
from ascend_doctor.facts.tables import cells_of, reading_of, rule_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Reading

_PORTS = ("UDie ID", "Port ID", "Speed Ability(Gbps)", "Port Type", "Link Status", "Media Type")
_INTERFACES = ("Interface Name", "IP Address", "Netmask", "Bond Mode", "Slaves")
_EIDS = ("Name", "EID Index", "EID")
ELECTRICAL, OPTICAL = "Electrical", "Optical"
_ADDRESS = re.compile(r"[0-9a-fA-F:.xX*]{2,45}\Z")
_EID = re.compile(r"[0-9a-fA-FxX*]{4}(?::[0-9a-fA-FxX*]{4}){7}\Z")


@attrs.frozen
class UbPort:
    """One port: the die and the number that name it, what it can do in Gb/s, `UB` or `ETH`, `UP` or `DOWN`.

    `media` is `Electrical` or `Optical`.
    """

    udie: int
    port: int
    speed_gbps: int
    type: str
    link: str
    media: str


@attrs.frozen
class Address:
    """An address of a network device and its mask, as printed."""

    ip: str
    netmask: str


@attrs.frozen
class Interface:
    """A network device with its addresses. `bond_mode` and `slaves` are missing for one that is no bond."""

    name: str
    addresses: Tuple[Address, ...]
    bond_mode: Reading[str]
    slaves: Tuple[str, ...]


@attrs.frozen
class Eid:
    """One UB address by its index."""

    index: int
    eid: str


@attrs.frozen
class UbDevice:
    """A UB device with its addresses; none for a device that has no address yet."""

    name: str
    eids: Tuple[Eid, ...]


@attrs.frozen
class DevInfoFacts:
    """What the tool lists; a single card has no port, and then the first table is left out."""

    ports: Tuple[UbPort, ...]
    interfaces: Tuple[Interface, ...]
    eids: Tuple[UbDevice, ...]


def parse(evidence: Evidence) -> Reading[DevInfoFacts]:
    """Parse `hccn_tool -g -dev_info -i N`."""
    answer = refused(evidence)
    if answer is not None:
        return answer
    lines: List[Line] = data_lines(evidence)
    ports: List[Row] = []
    eids: List[Row] = []
    if _begins(lines, _PORTS):
        ports, lines = take_table(lines, _PORTS)
    interfaces, lines = take_table(lines, _INTERFACES, grouped=True)
    if lines:
        eids, lines = take_table(lines, _EIDS, grouped=True)
    if lines:
        raise lines[0].error("the end of the answer")
    found = tuple(_port(line, cells) for line, cells in ports)
    if len({(port.udie, port.port) for port in found}) < len(found):
        raise ports[-1][0].error("another port than before")
    return DevInfoFacts(found, _interfaces(interfaces), _devices(eids))


def _begins(lines: Sequence[Line], columns: Tuple[str, ...]) -> bool:
    return len(lines) > 1 and bool(rule_of(lines[0])) and cells_of(lines[1]) == columns


def _port(line: Line, cells: Sequence[str]) -> UbPort:
    udie, port, speed, kind, link, media = cells
    if kind not in ("UB", "ETH") or link not in ("UP", "DOWN") or media not in (ELECTRICAL, OPTICAL):
        raise line.error("`UB` or `ETH`, `UP` or `DOWN`, `Electrical` or `Optical`")
    numbers = (integer(udie, line, "UDie ID"), integer(port, line, "Port ID"), integer(speed, line, "the speed"))
    return UbPort(*numbers, kind, link, media)


def _interfaces(rows: Sequence[Row]) -> Tuple[Interface, ...]:
    """Put the rows of each device together: only its first one has a name, a further one an address or a slave."""
    found: List[Interface] = []
    for line, (name, ip, netmask, bond_mode, slave) in rows:
        address = _address(line, ip, netmask)
        addresses = (address,) if address is not None else ()
        if name:
            known = reading_of(bond_mode)
            found.append(Interface(name, addresses, known, (slave,) if slave not in ("", "NA") else ()))
            continue
        if not found or bond_mode:
            raise line.error("the name of a network device")
        last = found[-1]
        slaves = (*last.slaves, slave) if slave else last.slaves
        found[-1] = attrs.evolve(last, addresses=(*last.addresses, *addresses), slaves=slaves)
    return tuple(found)


def _address(line: Line, ip: str, netmask: str) -> Optional[Address]:
    if {ip, netmask} <= {"", "NA"}:
        # Also what the tool prints of an address that it cannot put into words (vendor source, tool_dev_info.c).
        return None
    if not _ADDRESS.match(ip) or not _ADDRESS.match(netmask):
        raise line.error("an address and its mask")
    return Address(ip, netmask)


def _devices(rows: Sequence[Row]) -> Tuple[UbDevice, ...]:
    found: List[UbDevice] = []
    for line, (name, index, eid) in rows:
        if name:
            found.append(UbDevice(name, ()))
        elif not found:
            raise line.error("the name of a UB device")
        if (index, eid) == ("NA", "NA"):
            continue
        if not _EID.match(eid):
            raise line.error("a UB address of eight groups")
        last = found[-1]
        found[-1] = attrs.evolve(last, eids=(*last.eids, Eid(integer(index, line, "EID Index"), eid)))
    return tuple(found)


SOURCE = of_npu("dev_info", parse)
