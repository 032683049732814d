"""`hccn_tool -i N -udp -g`: the UDP source port of RoCE packets, by which switches spread flows over their paths."""

from __future__ import annotations

import re
from typing import Optional, Sequence, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer, value_of
from ascend_doctor.facts.parsing import Line, integer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading

_UNKNOWN = "Unknown udp port"
_NSLB = "calculated by the NSLB-DP algorithm"
_LIST = "UDP port list(based on IP pair):"
_EMPTY = "no entry has been configured."
_HEAD = ("index", "src_ip", "dst_ip", "udp_port")
_ONE_PORT = ("auto", "custom")
_PORTS = re.compile(r"[0-9]{1,5}(?:,[0-9]{1,5}){1,31}\Z")


@attrs.frozen
class UdpPair:
    """A port that is set for the packets between two addresses."""

    src_ip: str
    dst_ip: str
    udp_port: int


@attrs.frozen
class UdpFacts:
    """How the source port is chosen, and which it is.

    `status` is `auto` (the device chooses), `custom` (somebody set `udp_port`), `multi_qp` (one of `ports` for each
    queue pair) or `code(nslb_dp)` (computed). `udp_port` is missing where the tool does not know it or where there is
    more than one. `pairs` are ports for single pairs of addresses.
    """

    status: Reading[str]
    udp_port: Reading[int] = NOT_REPORTED
    ports: Tuple[int, ...] = ()
    listen_port: Optional[int] = None
    pairs: Tuple[UdpPair, ...] = ()


def parse(evidence: Evidence) -> Reading[UdpFacts]:
    """Parse `hccn_tool -i N -udp -g` (vendor source, tool_roce.c and tool_ops_ext.c)."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    position = next((index for index, line in enumerate(lines) if line.stripped == _LIST), len(lines))
    facts = _choice(lines[:position] or lines)
    if position == len(lines):
        if isinstance(facts.status, Missing) or facts.status in _ONE_PORT:
            raise lines[-1].error(f"`{_LIST}` after this line")
        return facts
    return attrs.evolve(facts, pairs=_pairs(lines[position:]))


def _choice(lines: Sequence[Line]) -> UdpFacts:
    if lines[0].stripped == _UNKNOWN:
        _end(lines, 1)
        return UdpFacts(NOT_REPORTED)
    text = value_of(lines[0], "udp_port")
    if len(lines) == 1:
        raise lines[0].error("a line `status:` after this one")
    status = value_of(lines[1], "status")
    if status in _ONE_PORT:
        _end(lines, 2)
        port: Reading[int] = NOT_REPORTED if text == "Unknown" else integer(text, lines[0], "the port")
        return UdpFacts(status, port)
    if len(lines) == 2:
        raise lines[1].error("a line `qp_count:` or `listen_port:` after this one")
    _end(lines, 3)
    if status == "multi_qp" and _PORTS.match(text):
        ports = tuple(int(port) for port in text.split(","))
        if integer(value_of(lines[2], "qp_count"), lines[2], "the number of ports") != len(ports):
            raise lines[2].error(f"the number of ports, {len(ports)}")
        return UdpFacts(status, ports=ports)
    if status == "code(nslb_dp)" and text == _NSLB:
        return UdpFacts(status, listen_port=integer(value_of(lines[2], "listen_port"), lines[2], "the port"))
    raise lines[1].error("a status that goes with the port")


def _pairs(lines: Sequence[Line]) -> Tuple[UdpPair, ...]:
    if len(lines) == 1:
        raise lines[0].error(f"`{_EMPTY}` or a table after this line")
    if lines[1].stripped == _EMPTY:
        _end(lines, 2)
        return ()
    if lines[1].words != _HEAD:
        raise lines[1].error(f"`{_EMPTY}` or the head `{' '.join(_HEAD)}`")
    found = []
    for number, line in enumerate(lines[2:]):
        if len(line.words) != len(_HEAD) or line.words[0] != str(number):
            raise line.error(f"entry {number} of the list")
        found.append(UdpPair(line.words[1], line.words[2], integer(line.words[3], line, "the port")))
    if not found:
        raise lines[1].error("an entry after this line")
    return tuple(found)


def _end(lines: Sequence[Line], count: int) -> None:
    if len(lines) > count:
        raise lines[count].error("the end of the answer")


SOURCE: Source[UdpFacts] = Source(
    name="hccn_tool/udp",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-udp", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=900.0,
)
