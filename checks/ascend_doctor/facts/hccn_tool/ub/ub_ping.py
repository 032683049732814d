"""`hccn_tool -t -ub_ping -i N -src_eid E -dst_eid E`: whether one UB address of an NPU reaches another."""

from __future__ import annotations

import re
from typing import List, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines
from ascend_doctor.facts.hccn_tool.ub.question import A5, refused
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Reading

_EID = r"[0-9A-Fa-f:xX*]{2,45}"
# `device 0 dev  EID A to B` in the document, without `dev` in the vendor source.
_HEAD = re.compile(rf"device ([0-9]{{1,4}}) (?:dev\s+)?EID ({_EID}) to ({_EID})\Z")
_REPLY = re.compile(r"recv seq:([0-9]{1,4}),\s*time:([0-9]{1,9}\.[0-9]{1,6})ms\Z")
_LOST = re.compile(r"[a-z][a-z0-9 ,:=.!-]{0,60}seq[:= ] ?[0-9]{1,4}\b[A-Za-z0-9 ,:=.!-]{0,60}\Z")
_SUMMARY = re.compile(
    r"([0-9]{1,4}) packets transmitted, ([0-9]{1,4}) received, ([0-9]{1,3}(?:\.[0-9]{1,6})?)% packet loss\Z"
)
_FIGURE = re.compile(r"(max|min|average|TP95) time ([0-9]{1,9}\.[0-9]{1,6})ms\Z")
_FIGURES = ("max", "min", "average", "TP95")
_DONE = "Cmd executed successfully!"
_ROUNDING_PCT = 0.51


@attrs.frozen
class UbPingFacts:
    """The summary of a ping and the time of each reply in milliseconds; the figures are missing without a reply."""

    device: int
    source: str
    destination: str
    times_ms: Tuple[float, ...]
    transmitted: int
    received: int
    loss_pct: float
    max_ms: Reading[float] = NOT_REPORTED
    min_ms: Reading[float] = NOT_REPORTED
    avg_ms: Reading[float] = NOT_REPORTED
    tp95_ms: Reading[float] = NOT_REPORTED


def parse(evidence: Evidence) -> Reading[UbPingFacts]:
    """Parse `hccn_tool -t -ub_ping -i N -src_eid E -dst_eid E`."""
    answer = refused(evidence)
    if answer is not None and b"packet loss" not in evidence.stdout:
        return answer
    lines = data_lines(evidence)
    head = _HEAD.match(lines[0].stripped)
    if head is None:
        raise lines[0].error("`device N EID ADDRESS to ADDRESS`")
    at = next((place for place, line in enumerate(lines) if _SUMMARY.match(line.stripped)), None)
    if at is None:
        raise lines[-1].error("a summary after this line: `N packets transmitted, N received, N% packet loss`")
    times = _times(lines[1:at])
    transmitted, received, loss_pct = _summary(lines[at])
    if len(times) > received:
        raise lines[at].error(f"a summary of at least the {len(times)} replies before it")
    return UbPingFacts(
        int(head.group(1)),
        head.group(2),
        head.group(3),
        times,
        transmitted,
        received,
        loss_pct,
        *_figures(lines[at:], received, ended_well=not evidence.exit_code),
    )


def _times(lines: List[Line]) -> Tuple[float, ...]:
    times = []
    for line in lines:
        reply = _REPLY.match(line.stripped)
        if reply is not None:
            times.append(float(reply.group(2)))
        elif not _LOST.match(line.stripped):
            raise line.error("a reply, a lost packet or the summary")
    return tuple(times)


def _summary(line: Line) -> Tuple[int, int, float]:
    found = _SUMMARY.match(line.stripped)
    transmitted, received, loss = found.groups() if found is not None else ("0", "0", "0")
    sent, back, loss_pct = int(transmitted), int(received), float(loss)
    if back > sent or abs(100.0 * (sent - back) / max(sent, 1) - loss_pct) > _ROUNDING_PCT:
        raise line.error("a summary that agrees with itself")
    return sent, back, loss_pct


def _figures(lines: List[Line], received: int, *, ended_well: bool) -> Tuple[Reading[float], ...]:
    """Return the four figures, which the tool leaves out when nothing came back."""
    rest = lines[1:]
    if rest and rest[-1].stripped == _DONE:
        rest = rest[:-1]
    elif ended_well:
        raise lines[-1].error(f"`{_DONE}` after this line")
    if not rest and not received:
        return ()
    found = [match.groups() for line in rest for match in (_FIGURE.match(line.stripped),) if match is not None]
    if len(found) < len(rest) or [name for name, _ in found] != list(_FIGURES):
        raise lines[-1].error("the longest, the shortest, the average time and the TP95, in this order")
    return tuple(float(time) for _, time in found)


SOURCE: Source[UbPingFacts] = Source(
    name="hccn_tool/ub_ping",
    scope=Scope.PAIR,
    argv=("hccn_tool", "-t", "-ub_ping", "-i", "{npu}", "-src_eid", "{eid}", "-dst_eid", "{address}"),
    parse=parse,
    cost=Cost.ACTIVE,
    timeout_s=15.0,
    generations=A5,
)
