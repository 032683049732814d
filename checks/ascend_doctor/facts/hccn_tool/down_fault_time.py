"""`hccn_tool -i N -link -g down_fault_time`: for how long a lost link is not yet reported."""

from __future__ import annotations

import re

import attrs

from ascend_doctor.facts.hccn_tool.answers import only_line, value_of
from ascend_doctor.facts.hccn_tool.newer import newer_answer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

_SECONDS = re.compile(r"([0-9]{1,3})s\Z")


@attrs.frozen
class DownFaultTimeFacts:
    """The time in seconds; the tool sets 0 to 3."""

    down_fault_time_s: int


def parse(evidence: Evidence) -> Reading[DownFaultTimeFacts]:
    """Parse `hccn_tool -i N -link -g down_fault_time`."""
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    line = only_line(evidence)
    seconds = _SECONDS.match(value_of(line, "down_fault_time"))
    if seconds is None:
        raise line.error("a number of seconds (`1s`)")
    return DownFaultTimeFacts(int(seconds.group(1)))


SOURCE: Source[DownFaultTimeFacts] = Source(
    name="hccn_tool/down_fault_time",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-link", "-g", "down_fault_time"),
    parse=parse,
    generations=ROCE,
    interval_s=900.0,
)
