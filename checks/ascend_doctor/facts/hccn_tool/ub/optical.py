"""`hccn_tool -g -optical -i N -u U -p P`: the light in the lanes of one port of the 950.

A port takes its lanes from one or two optical modules. The text is known from the vendor source alone (tool_optical.c
of the 950): a table of flags, and a table of readings in dBm, mA and dB beside the limits of the module itself.
"""

from __future__ import annotations

import re
from typing import Dict, List, Sequence, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines
from ascend_doctor.facts.hccn_tool.table import take_table
from ascend_doctor.facts.hccn_tool.ub.question import of_port, refused
from ascend_doctor.facts.parsing import Line, decimal, integer
from ascend_doctor.facts.source import Cost, Scope
from ascend_doctor.facts.tables import cells_of, reading_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Missing, Reading

_PLACE = ("NPU", "UDie", "Port")
_READINGS = (*_PLACE, "Items", "Value", "HighAlarm", "HighWarn", "LowWarn", "LowAlarm", "Status", "Optical_use")
_FLAG = re.compile(r"(TxFault|TxLos|RxLos|TxLol|RxLol) Flag\Z")
_ITEM = re.compile(r"([A-Za-z]{3,12}) Lane([0-7])\(([A-Za-z]{1,4})\)\Z")
_STATES = ("Normal", "Abnormal", "-")
_NO_LIGHT = "-inf"
MIN_DBM = -40.0
"""What a reading of no light at all counts as, in dBm."""


@attrs.frozen
class LaneReading:
    """One reading of one lane: `TxPower`, `RxPower` (dBm), `Bias` (mA), `HostSNR`, `MediaSNR` (dB) and the like.

    The four limits are the module's own; they are missing where it states none. `status` is the tool's judgement.
    """

    item: str
    lane: int
    unit: str
    status: str
    optical_use: str
    value: Reading[float]
    high_alarm: Reading[float]
    high_warn: Reading[float]
    low_warn: Reading[float]
    low_alarm: Reading[float]


@attrs.frozen
class UbOpticalFacts:
    """`flags` by name (`RxLos`), with the numbers of the lanes that raise each; `readings` lane by lane.

    `absent` tells that the module of a lane is not there: its flags and readings are dashes.
    """

    flags: Dict[str, Tuple[int, ...]]
    readings: Tuple[LaneReading, ...]
    absent: Tuple[int, ...]

    @property
    def is_absent(self) -> bool:
        """Whether no lane of the port has a module: nothing has a value."""
        return all(isinstance(reading.value, Missing) for reading in self.readings)


def parse(evidence: Evidence) -> Reading[UbOpticalFacts]:
    """Parse `hccn_tool -g -optical -i N -u U -p P`. A copper module has no table of flags."""
    answer = refused(evidence)
    if answer is not None:
        return answer
    lines = data_lines(evidence)
    flags: Dict[str, Tuple[int, ...]] = {}
    absent: Tuple[int, ...] = ()
    head = cells_of(lines[1]) if len(lines) > 1 else ()
    if head[3:5] == ("Items", "Lane0"):
        rows, lines = take_table(lines, (*_PLACE, "Items", *(f"Lane{lane}" for lane in range(len(head) - 4))))
        flags = dict(_flag(line, cells) for line, cells in rows)
        absent = tuple(lane for lane, word in enumerate(rows[0][1][4:]) if word == "-") if rows else ()
    readings, rest = take_table(lines, _READINGS)
    if rest:
        raise rest[0].error("the end of the answer")
    return UbOpticalFacts(flags, _readings(readings), absent)


def _flag(line: Line, cells: Sequence[str]) -> Tuple[str, Tuple[int, ...]]:
    found = _FLAG.match(cells[3])
    if found is None or not set(cells[4:]) <= set(_STATES):
        raise line.error("a flag, and `Normal` or `Abnormal` for each lane")
    return found.group(1), tuple(lane for lane, word in enumerate(cells[4:]) if word == "Abnormal")


def _readings(rows: Sequence[Tuple[Line, Tuple[str, ...]]]) -> Tuple[LaneReading, ...]:
    found: List[LaneReading] = []
    for line, cells in rows:
        for text, name in zip(cells, _PLACE):
            integer(text, line, name)
        item = _ITEM.match(cells[3])
        status, use = cells[9:]
        if item is None or status not in _STATES:
            raise line.error("a reading of one lane, and `Normal`, `Abnormal` or `-`")
        name, lane, unit = item.groups()
        value, *limits = (_value(text, line, name) for text, name in zip(cells[4:9], _READINGS[4:9]))
        found.append(LaneReading(name, int(lane), unit, status, use, value, *limits))
    return tuple(found)


def _value(text: str, line: Line, name: str) -> Reading[float]:
    if text == _NO_LIGHT:
        return MIN_DBM
    known = reading_of(text)
    return known if isinstance(known, Missing) else decimal(known, line, name)


SOURCE = of_port("optical", parse, "ub_optical", scope=Scope.OPTICAL_PORT, cost=Cost.SLOW, interval_s=900.0)
