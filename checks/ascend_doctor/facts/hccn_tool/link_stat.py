"""`hccn_tool -i N -link_stat -g`: the history of the link."""

from __future__ import annotations

import re
from typing import Dict, List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer, key_and_value
from ascend_doctor.facts.hccn_tool.table import read_table
from ascend_doctor.facts.parsing import Line, integer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.facts.tables import is_elision
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Reading

_COLUMNS = ("NPU", "UDie", "Port", "Link_Status", "Time_Stamp")
# `[devid 0]` on recorded machines and in the vendor source, `[device 0]` in the manual.
_PREFIX = re.compile(r"\[(?:devid|device) ([0-9]{1,4})\](.*)\Z")
# What asctime() gives: a day of one digit is padded with a blank, in the 950 table it is not.
_TIME = r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-3]?[0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4}"
_RECORD = re.compile(rf"({_TIME})\s+LINK[ _](UP|DOWN)\Z")


@attrs.frozen
class LinkStatRow:
    """One change of a 950's link. `status` (`LINK_UP`, `LINK_DOWN`) and `time` are the tool's text."""

    npu: int
    udie: int
    port: int
    status: str
    time: str


@attrs.frozen
class LinkStatFacts:
    """When the link went up and down, by the device's own clock, newest first, as the tool prints it.

    Times are the tool's text (`Tue Aug  1 14:43:40 2022`); `records` are (time, UP or DOWN), at most ten.
    `link_down_count` is missing on older tools. `current_time` is missing in the 950 form, of which `rows` is the
    table; `rows` is None elsewhere, and `device` is None in the 950 form. `elided` tells that a published sample has
    records cut out by its author (`...`).
    """

    device: Optional[int]
    current_time: Reading[str]
    link_up_count: int
    link_down_count: Reading[int] = NOT_REPORTED
    records: Tuple[Tuple[str, str], ...] = ()
    rows: Optional[Tuple[LinkStatRow, ...]] = None
    elided: bool = False


def parse(evidence: Evidence) -> Reading[LinkStatFacts]:
    """Parse `hccn_tool -i N -link_stat -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    return _lines(lines) if _PREFIX.match(lines[0].stripped) else _table(lines)


def _lines(lines: Sequence[Line]) -> LinkStatFacts:
    device, first = _without_prefix(lines[0])
    rest = [first]
    for line in [line for line in lines[1:] if not is_elision(line)]:
        number, stripped = _without_prefix(line)
        if number != device:
            raise line.error(f"a line of device {device}")
        rest.append(stripped)
    values, following = _head(rest, ("current time", "link up count"), "link change records")
    line, records = values["link change records"]
    if records not in ("", "NA") or (records == "NA") != (not following):
        raise (following[0] if records and following else line).error("records after `link change records :`, or `NA`")
    return LinkStatFacts(
        device=device,
        current_time=_time(*values["current time"]),
        link_up_count=integer(values["link up count"][1], values["link up count"][0], "the link up count"),
        link_down_count=_down_count(values),
        records=tuple(_record(line) for line in following),
        elided=len(rest) < len(lines),
    )


def _table(lines: Sequence[Line]) -> LinkStatFacts:
    values, following = _head(lines, ("link up count",), "link down count")
    if not following:
        raise lines[-1].error("a table after this line")
    rows = []
    records = []
    for line, (npu, udie, port, status, time) in read_table(following, _COLUMNS):
        records.append(_record(Line(line.number, f"{time} {status}")))
        place = (integer(npu, line, "NPU"), integer(udie, line, "UDie"), integer(port, line, "Port"))
        rows.append(LinkStatRow(*place, status, time))
    return LinkStatFacts(
        device=None,
        current_time=NOT_REPORTED,
        link_up_count=integer(values["link up count"][1], values["link up count"][0], "the link up count"),
        link_down_count=_down_count(values),
        records=tuple(records),
        rows=tuple(rows),
    )


Values = Dict[str, Tuple[Line, str]]


def _head(lines: Sequence[Line], required: Sequence[str], last: str) -> Tuple[Values, List[Line]]:
    """Return the key lines up to the key `last`, by key, and the lines after it."""
    values: Values = {}
    for position, line in enumerate(lines, start=1):
        key, value = key_and_value(line)
        if key in values or key not in (*required, "link down count", last):
            raise line.error(f"`{last} :`")
        values[key] = (line, value)
        if key == last:
            missing = [name for name in required if name not in values]
            if missing:
                raise line.error(f"`{missing[0]} :` before this line")
            return values, list(lines[position:])
    raise lines[-1].error(f"`{last} :` after this line")


def _down_count(values: Values) -> Reading[int]:
    if "link down count" not in values:
        return NOT_REPORTED
    line, text = values["link down count"]
    return integer(text, line, "the link down count")


def _without_prefix(line: Line) -> Tuple[int, Line]:
    found = _PREFIX.match(line.stripped)
    if found is None:
        raise line.error("a line that begins with `[devid N]`")
    return int(found.group(1)), Line(line.number, found.group(2))


def _time(line: Line, text: str) -> str:
    if not re.fullmatch(_TIME, text):
        raise line.error("a time such as `Tue Aug  1 14:43:40 2022`")
    return text


def _record(line: Line) -> Tuple[str, str]:
    found = _RECORD.match(line.stripped)
    if found is None:
        raise line.error("a time and `LINK UP` or `LINK DOWN`")
    return found.group(1), found.group(2)


SOURCE: Source[LinkStatFacts] = Source(
    name="hccn_tool/link_stat",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-link_stat", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=300.0,
)
