"""`hccn_tool -i N -ping -g address A`: whether the NPU reaches an address over its RoCE port. Sends traffic."""

from __future__ import annotations

import re
from typing import List, Optional, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import is_elision
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Reading

_HEAD = re.compile(r"device ([0-9]{1,4}) PING6? ([0-9A-Fa-f.:xX*]{2,45})\Z")
_REPLY = re.compile(r"recv seq=[0-9]{1,9},\s*time=([0-9]{1,9}\.[0-9]{1,9})ms\Z")
# A reply that did not come, or one that a document garbled (`time-0.049000ms`). The first words are the device's own,
# the others those by which the tool knows a failed ping (vendor source, ds_net_ext.c).
_NO_TIME = re.compile(r"recv |.*Destination Host Unreachable|.*Message too long")
_SUMMARY = re.compile(
    r"([0-9]{1,9}) packets transmitted, ([0-9]{1,9}) received, ([0-9]{1,3}(?:\.[0-9]{1,6})?)% packet loss\Z"
)
_ROUNDING_PCT = 0.51


@attrs.frozen
class PingFacts:
    """The summary of a ping and the time of each reply in milliseconds (missing for a lost or garbled one).

    Of a published sample with replies cut out by its author (`...`) `times_ms` holds those that are left.

    The exit code does not decide: the tool leaves with an error for one lost packet of three.
    """

    device: Optional[int]
    destination: str
    transmitted: int
    received: int
    loss_pct: float
    times_ms: Tuple[Reading[float], ...] = ()


def parse(evidence: Evidence) -> Reading[PingFacts]:
    """Parse `hccn_tool -i N -ping -g address A`. A summary counts for more than what the tool says of the ping."""
    refused = error_answer(evidence)
    if refused is not None and b"packet loss" not in evidence.stdout:
        return refused
    first, *rest = data_lines(evidence)
    head = _HEAD.match(first.stripped)
    if head is None:
        raise first.error("`device N PING ADDRESS`")
    if not rest:
        raise first.error("replies and a summary after this line")
    *shown, last = rest
    replies = [line for line in shown if not is_elision(line)]
    transmitted, received, loss_pct = _summary(last)
    times = _times(replies)
    if len(times) > transmitted or sum(isinstance(time, float) for time in times) > received:
        raise last.error(f"a summary of at least the {len(times)} packets before it")
    return PingFacts(int(head.group(1)), head.group(2), transmitted, received, loss_pct, times)


def _times(lines: List[Line]) -> Tuple[Reading[float], ...]:
    times: List[Reading[float]] = []
    for line in lines:
        reply = _REPLY.match(line.stripped)
        if reply is None and not _NO_TIME.match(line.stripped):
            raise line.error("a reply, a lost packet or the summary")
        times.append(NOT_REPORTED if reply is None else float(reply.group(1)))
    return tuple(times)


def _summary(line: Line) -> Tuple[int, int, float]:
    """Return packets sent, packets received and the loss in percent, which have to agree with each other."""
    found = _SUMMARY.match(line.stripped)
    if found is None:
        raise line.error("the summary at the end: `N packets transmitted, N received, N% packet loss`")
    transmitted, received, loss_pct = int(found.group(1)), int(found.group(2)), float(found.group(3))
    lost_pct = 100.0 * (transmitted - received) / max(transmitted, 1)
    if received > transmitted or abs(lost_pct - loss_pct) > _ROUNDING_PCT:
        raise line.error("a summary that agrees with itself")
    return transmitted, received, loss_pct


SOURCE: Source[PingFacts] = Source(
    name="hccn_tool/ping",
    scope=Scope.PAIR,
    argv=("hccn_tool", "-i", "{phy_id}", "-ping", "-g", "address", "{address}"),
    parse=parse,
    cost=Cost.ACTIVE,
    timeout_s=15.0,
    generations=ROCE,
)
