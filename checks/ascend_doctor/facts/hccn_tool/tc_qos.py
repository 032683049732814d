"""`hccn_tool -i N -tc_qos -g`: how a port shares its bandwidth among the traffic classes."""

from __future__ import annotations

import re
from typing import List, Pattern, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, value_of
from ascend_doctor.facts.hccn_tool.eight import COUNT
from ascend_doctor.facts.hccn_tool.newer import newer_answer
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

# Vendor source, tool_tc_qos.c: eight words on each line, `25%` and `0:ets`.
_SHARE = re.compile(r"(100|[0-9]{1,2})%\Z")
_SCHEDULE = re.compile(r"([0-7]):(?:ets|strict)\Z")


@attrs.frozen
class TcQosFacts:
    """By traffic class 0 to 7: the share of the bandwidth in percent, and the algorithm, `ets` or `strict`."""

    tc_bandwidth_pct: Tuple[int, ...]
    tsa: Tuple[str, ...]


def parse(evidence: Evidence) -> Reading[TcQosFacts]:
    """Parse `hccn_tool -i N -tc_qos -g`."""
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    shares = _eight(lines[0], "TC Bandwidth", _SHARE)
    if len(lines) != 2:
        raise lines[-1].error("two lines, `TC Bandwidth:` and `TSA_MAP:`")
    schedules = _eight(lines[1], "TSA_MAP", _SCHEDULE)
    if [int(word[0]) for word in schedules] != list(range(COUNT)):
        raise lines[1].error("the classes 0 to 7 in order")
    return TcQosFacts(tuple(int(word[:-1]) for word in shares), tuple(word[2:] for word in schedules))


def _eight(line: Line, key: str, form: Pattern[str]) -> List[str]:
    words = value_of(line, key).split()
    if len(words) != COUNT or not all(form.match(word) for word in words):
        raise line.error(f"`{key}:` and {COUNT} words of the form of one class")
    return words


SOURCE: Source[TcQosFacts] = Source(
    name="hccn_tool/tc_qos",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-tc_qos", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=900.0,
)
