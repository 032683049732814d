"""`hccn_tool -i N -bad_thd -g`: how many bad code words the port bears before it drops its link."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.hccn_tool.answers import error_answer, only_line, value_of
from ascend_doctor.facts.parsing import integer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading


@attrs.frozen
class BadThdFacts:
    """The threshold as a count of code words; the standard's is 3 (vendor help text)."""

    thd: int


def parse(evidence: Evidence) -> Reading[BadThdFacts]:
    """Parse `hccn_tool -i N -bad_thd -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    line = only_line(evidence)
    return BadThdFacts(integer(value_of(line, "cw_bad_cnt_thd"), line, "the threshold"))


SOURCE: Source[BadThdFacts] = Source(
    name="hccn_tool/bad_thd",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-bad_thd", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=900.0,
)
