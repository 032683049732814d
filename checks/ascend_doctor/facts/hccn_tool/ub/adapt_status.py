"""`hccn_tool -g -adapt_status -i N -u U -p P`: how the link of a port of the 950 came up, the last five times."""

from __future__ import annotations

import re
from typing import List, Sequence, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines
from ascend_doctor.facts.hccn_tool.table import take_table
from ascend_doctor.facts.hccn_tool.ub.question import of_port, refused
from ascend_doctor.facts.parsing import Line, integer
from ascend_doctor.facts.tables import cells_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Reading

_COLUMNS = ("NPU", "UDie", "Port", "Index", "Time_Stamp")
_STATUS = re.compile(r"Adapt status: ([A-Za-z ]{2,20})\Z")
_STEPS = re.compile(r"L[0-9]:[a-z_0-9]+(?:\|L[0-9]:[a-z_0-9]+)*\Z|(?:NA|-)\Z")
_TIME = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-3]?[0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4}\Z|(?:NA|-)\Z")
_TITLES = ("print the adapt status table:", "print the lane raise table:")


@attrs.frozen
class AdaptRow:
    """One attempt, newest first. `time` and `status` are the tool's text: `L0:link_proc|L1:link_fail`."""

    npu: int
    udie: int
    port: int
    index: int
    time: str
    status: str


@attrs.frozen
class AdaptStatusFacts:
    """What the link went through, and what the addition of lanes went through. `mode` is `UB` or the Ethernet's."""

    mode: str
    rows: Tuple[AdaptRow, ...]
    lane_raise: Tuple[AdaptRow, ...]


def parse(evidence: Evidence) -> Reading[AdaptStatusFacts]:
    """Parse `hccn_tool -g -adapt_status -i N -u U -p P`. The last cell of a row has bars of its own."""
    answer = refused(evidence)
    if answer is not None:
        return answer
    lines: Sequence[Line] = data_lines(evidence)
    mode, rows, lines = _table(lines, _TITLES[0])
    if not lines:
        raise data_lines(evidence)[-1].error(f"`{_TITLES[1]}` after this line")
    _, lane_raise, lines = _table(lines, _TITLES[1])
    if lines:
        raise lines[0].error("the end of the answer")
    return AdaptStatusFacts(mode, rows, lane_raise)


def _table(lines: Sequence[Line], title: str) -> Tuple[str, Tuple[AdaptRow, ...], List[Line]]:
    if lines[0].stripped != title:
        raise lines[0].error(f"`{title}`")
    if len(lines) < 3:
        raise lines[-1].error("a table after this line")
    last = cells_of(lines[2])[-1]
    found = _STATUS.match(last)
    if found is None:
        raise lines[2].error("`Adapt status: ...` as the last column")
    table, rest = take_table(lines[1:], (*_COLUMNS, last), bars_in_last=True)
    return found.group(1), tuple(_row(line, cells) for line, cells in table), rest


def _row(line: Line, cells: Sequence[str]) -> AdaptRow:
    *numbers, time, status = cells
    if not _TIME.match(time) or not _STEPS.match(status):
        raise line.error("a time and the steps of the link")
    npu, udie, port, index = (integer(text, line, name) for text, name in zip(numbers, _COLUMNS))
    return AdaptRow(npu, udie, port, index, time, status)


SOURCE = of_port("adapt_status", parse)
