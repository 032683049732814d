"""`hccn_tool -i N -serdes -g`: how well the NPU's own receivers see their signal (A2 and A3 form)."""

from __future__ import annotations

import re
from typing import List, Optional, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

# Vendor source, tool_ops_ext.c. The second macro is printed on boards of the Atlas 9000 A3, which also name their port.
_HEAD = re.compile(r"----PHY ([0-9]{1,4}) RX SNR INFO:-+\Z")
_LANE = re.compile(r"npu serdes lane([0-7])  :  ([0-9]{8,10})\Z")
_SPEED = re.compile(r"npu serdes speed  :  ([0-9]{1,4}(?:\.[0-9]{1,4})?)G\Z")
_COUNT = re.compile(r"npu lane cnt      :  ([0-9]{1,2})\Z")
_PORT = re.compile(r"----THE SERDES INFO OF PORT ([0-9]{1,2})-+\Z")
_END = re.compile(r"-{20,}\Z")
LANES = 4


@attrs.frozen
class SerdesMacro:
    """One group of four lanes. `snr` is the device's linear measure, not dB; `port` is None where it is not named."""

    snr: Tuple[int, ...]
    port: Optional[int] = None
    speed_gbps: Optional[float] = None


@attrs.frozen
class SerdesFacts:
    """The groups of lanes of one NPU."""

    device: int
    macros: Tuple[SerdesMacro, ...]


def parse(evidence: Evidence) -> Reading[SerdesFacts]:
    """Parse `hccn_tool -i N -serdes -g` in the form of A2 and A3."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    head, *lines = data_lines(evidence)
    found = _HEAD.match(head.stripped)
    if found is None:
        raise head.error("`----PHY N RX SNR INFO:---`")
    macros: List[SerdesMacro] = []
    while lines:
        if len(lines) <= LANES:
            raise lines[-1].error("four lanes and the end of their group")
        snr = tuple(_lane(line, lane) for lane, line in enumerate(lines[:LANES]))
        rest = lines[LANES:]
        if _END.match(rest[0].stripped) and not macros:
            macros.append(SerdesMacro(snr))
            lines = rest[1:]
            if lines:
                raise lines[0].error("the end of the answer")
        else:
            macros.append(_named(snr, rest))
            lines = rest[3:]
    if not macros or (macros[-1].port is not None and len(macros) != 2):
        raise head.error("one group of lanes, or two that are named")
    return SerdesFacts(int(found.group(1)), tuple(macros))


def _lane(line: Line, lane: int) -> int:
    found = _LANE.match(line.stripped)
    if found is None or int(found.group(1)) != lane:
        raise line.error(f"`npu serdes lane{lane}  :  NUMBER`")
    return int(found.group(2))


def _named(snr: Tuple[int, ...], lines: List[Line]) -> SerdesMacro:
    """Return a group with the three lines that follow it on a board with two."""
    if len(lines) < 3:
        raise lines[-1].error("speed, number of lanes and port of the group")
    speed, count, port = (pattern.match(line.stripped) for pattern, line in zip((_SPEED, _COUNT, _PORT), lines))
    if speed is None or count is None or port is None or int(count.group(1)) != LANES:
        raise lines[0].error("speed, number of lanes and port of the group")
    return SerdesMacro(snr, int(port.group(1)), float(speed.group(1)))


SOURCE: Source[SerdesFacts] = Source(
    name="hccn_tool/serdes",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-serdes", "-g"),
    parse=parse,
    generations=ROCE,
    cost=Cost.SLOW,
    interval_s=3600.0,
)
