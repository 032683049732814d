"""`hccn_tool -i N -speed -g`: the speed of the port."""

from __future__ import annotations

import re
from typing import Optional, Sequence, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer, value_of
from ascend_doctor.facts.hccn_tool.table import read_table
from ascend_doctor.facts.parsing import Line, integer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.facts.tables import rule_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Reading

_COLUMNS = ("NPU", "UDie", "Port", "Speed", "Cap", "Width", "Status")
_MBPS = re.compile(r"([0-9]{1,9}) ?Mb/s\Z")
_GBPS = re.compile(r"([0-9]{1,6}) G\Z")


@attrs.frozen
class SpeedRow:
    """One port of a 950. `speed`, `cap` and `width` are the tool's text (`400 G`, `X4`), `status` its word."""

    npu: int
    udie: int
    port: int
    speed: str
    cap: str
    width: str
    status: str


@attrs.frozen
class SpeedFacts:
    """The speed in Mb/s; missing when the tool prints `Unknown!`, as it does while the link is down.

    `rows` is the table of the 950 form, None elsewhere; `speed_mbps` then is the speed of the only port in it.
    """

    speed_mbps: Reading[int]
    rows: Optional[Tuple[SpeedRow, ...]] = None


def parse(evidence: Evidence) -> Reading[SpeedFacts]:
    """Parse `hccn_tool -i N -speed -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    if rule_of(lines[0]):
        return _table(lines)
    if len(lines) > 1:
        raise lines[1].error("the end of the answer")
    text = value_of(lines[0], "Speed")
    if text == "Unknown!":
        return SpeedFacts(NOT_REPORTED)
    found = _MBPS.match(text)
    if found is None:
        raise lines[0].error("a speed in Mb/s, or `Unknown!`")
    return SpeedFacts(int(found.group(1)))


def _table(lines: Sequence[Line]) -> SpeedFacts:
    rows = []
    speeds = []
    for line, (npu, udie, port, speed, cap, width, status) in read_table(lines, _COLUMNS):
        found = _GBPS.match(speed)
        if found is None and speed != "unknown":
            raise line.error("a speed in G, or `unknown`")
        speeds.append(int(found.group(1)) * 1000 if found else None)
        place = (integer(npu, line, "NPU"), integer(udie, line, "UDie"), integer(port, line, "Port"))
        rows.append(SpeedRow(*place, speed, cap, width, status))
    only = speeds[0] if len(speeds) == 1 else None
    return SpeedFacts(NOT_REPORTED if only is None else only, tuple(rows))


SOURCE: Source[SpeedFacts] = Source(
    name="hccn_tool/speed",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-speed", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=3600.0,
)
