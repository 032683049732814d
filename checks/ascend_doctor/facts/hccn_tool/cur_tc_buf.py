"""`hccn_tool -i N -cur_tc_buf -g tc T`: the most that a traffic class has used of its buffer. Asking clears it."""

from __future__ import annotations

import re
from typing import Optional

import attrs

from ascend_doctor.facts.hccn_tool.answers import only_line, value_of
from ascend_doctor.facts.hccn_tool.newer import newer_answer
from ascend_doctor.facts.parsing import integer
from ascend_doctor.facts.source import ANYTHING, Cost, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

# A2 and A3 use the first four classes only (vendor source, tool_cmd.c).
_NOT_ENABLED = re.compile(r"Current TC [0-7] is not enabled\.\Z")


@attrs.frozen
class CurTcBufFacts:
    """Whether the product uses the class, and the highest use of its buffer since the last question."""

    enabled: bool
    used_buffer: Optional[int] = None


def parse(evidence: Evidence) -> Reading[CurTcBufFacts]:
    """Parse `hccn_tool -i N -cur_tc_buf -g tc T`."""
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    line = only_line(evidence)
    if _NOT_ENABLED.match(line.stripped):
        return CurTcBufFacts(enabled=False)
    used = integer(value_of(line, "Current TC used buffer"), line, "the used buffer")
    return CurTcBufFacts(enabled=True, used_buffer=used)


SOURCE: Source[CurTcBufFacts] = Source(
    name="hccn_tool/cur_tc_buf",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-cur_tc_buf", "-g", "tc", "0"),
    forms=(("hccn_tool", "-i", "{phy_id}", "-cur_tc_buf", "-g", "tc", ANYTHING),),
    parse=parse,
    cost=Cost.ACTIVE,
    generations=ROCE,
    interval_s=900.0,
)
