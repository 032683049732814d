"""`hccn_tool -i N -process -g`: whether the process that sets up connections for HCCL runs on the device."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.hccn_tool.answers import error_answer, only_line, value_of
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading


@attrs.frozen
class ProcessFacts:
    """Whether the device's HCCP process is there: `exist` or `not exist`. A job starts it and ends it."""

    hccp: str


def parse(evidence: Evidence) -> Reading[ProcessFacts]:
    """Parse `hccn_tool -i N -process -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    line = only_line(evidence)
    word = value_of(line, "device hccp process")
    if word not in ("exist", "not exist"):
        raise line.error("`exist` or `not exist`")
    return ProcessFacts(word)


SOURCE: Source[ProcessFacts] = Source(
    name="hccn_tool/process",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-process", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=300.0,
)
