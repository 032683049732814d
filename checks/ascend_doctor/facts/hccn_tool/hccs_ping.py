"""`hccn_tool -i N -hccs_ping -g address A`: whether an A3 reaches another over HCCS. Sends traffic."""

from __future__ import annotations

import re
from typing import List, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines
from ascend_doctor.facts.hccn_tool.newer import newer_answer
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Reading

# Vendor source, tool_cmd.c.
_HEAD = re.compile(r"device ([0-9]{1,4}) PING ((?:[0-9]{1,3}\.){3}[0-9]{1,3})\Z")
SUCCESS = "This pkt ping success!"
_RESULTS = (
    SUCCESS,
    "This pkt send fail!",
    "This pkt check recv msg fail!",
    "This pkt ping not start to send!",
)
_REPLY = re.compile(
    r"recv seq ([0-9]{1,4}), time = ([0-9]{1,9}\.[0-9]{3})us, L1 plane check result = (0x[0-9a-f]{1,8})\Z"
)
_SUMMARY = re.compile(
    r"([0-9]{1,4}) packets transmitted, ([0-9]{1,4}) received, ([0-9]{1,3}\.[0-9]{2})% packets loss\Z"
)
_TIMES = tuple(re.compile(rf"{name} time ([0-9]{{1,9}}\.[0-9]{{3}})us\Z") for name in ("max", "min", "average", "TP95"))
_ROUNDING_PCT = 0.02


@attrs.frozen
class HccsPacket:
    """One packet: the tool's words, its time in microseconds, and what the first layer of switches says of it."""

    result: str
    time_us: float
    l1_check: str


@attrs.frozen
class HccsPingFacts:
    """The summary of a ping over HCCS. Times are in microseconds, over the packets that came back.

    The exit code does not decide: the tool leaves with 0 when all packets were lost.
    """

    device: int
    destination: str
    transmitted: int
    received: int
    loss_pct: float
    max_us: float
    min_us: float
    average_us: float
    tp95_us: float
    packets: Tuple[HccsPacket, ...] = ()


def parse(evidence: Evidence) -> Reading[HccsPingFacts]:
    """Parse `hccn_tool -i N -hccs_ping -g address A`."""
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    first, *lines = data_lines(evidence)
    head = _HEAD.match(first.stripped)
    if head is None:
        raise first.error("`device N PING ADDRESS`")
    if len(lines) < 1 + len(_TIMES) or len(lines) % 2 == 0:
        raise (lines[-1] if lines else first).error("two lines for each packet, the summary and four times")
    *replies, summary = lines[: -len(_TIMES)]
    packets = _packets(replies)
    transmitted, received, loss_pct = _summary(summary)
    if len(packets) != transmitted or sum(packet.result == SUCCESS for packet in packets) != received:
        raise summary.error(f"a summary of the {len(packets)} packets before it")
    longest, shortest, average, tp95 = (_time(line, number) for number, line in enumerate(lines[-len(_TIMES) :]))
    return HccsPingFacts(
        device=int(head.group(1)),
        destination=head.group(2),
        transmitted=transmitted,
        received=received,
        loss_pct=loss_pct,
        max_us=longest,
        min_us=shortest,
        average_us=average,
        tp95_us=tp95,
        packets=packets,
    )


def _packets(lines: List[Line]) -> Tuple[HccsPacket, ...]:
    packets: List[HccsPacket] = []
    for said, line in zip(lines[::2], lines[1::2]):
        reply = _REPLY.match(line.stripped)
        if said.stripped not in _RESULTS or reply is None or int(reply.group(1)) != len(packets):
            raise said.error("the result of the next packet, and its time")
        packets.append(HccsPacket(said.stripped, float(reply.group(2)), reply.group(3)))
    return tuple(packets)


def _summary(line: Line) -> Tuple[int, int, float]:
    found = _SUMMARY.match(line.stripped)
    if found is None:
        raise line.error("`N packets transmitted, N received, N% packets loss`")
    transmitted, received, loss_pct = int(found.group(1)), int(found.group(2)), float(found.group(3))
    lost_pct = 100.0 * (transmitted - received) / max(transmitted, 1)
    if received > transmitted or abs(lost_pct - loss_pct) > _ROUNDING_PCT:
        raise line.error("a summary that agrees with itself")
    return transmitted, received, loss_pct


def _time(line: Line, number: int) -> float:
    found = _TIMES[number].match(line.stripped)
    if found is None:
        raise line.error("max, min, average and TP95 time")
    return float(found.group(1))


SOURCE: Source[HccsPingFacts] = Source(
    name="hccn_tool/hccs-ping",
    scope=Scope.PAIR,
    argv=("hccn_tool", "-i", "{phy_id}", "-hccs_ping", "-g", "address", "{address}"),
    forms=(
        ("hccn_tool", "-i", "{phy_id}", "-hccs_ping", "-g", "sdid", "{address}"),
        ("hccn_tool", "-i", "{phy_id}", "-hccs_ping", "-g"),
    ),
    parse=parse,
    cost=Cost.ACTIVE,
    timeout_s=60.0,
    generations=frozenset({Generation.A3}),
)
