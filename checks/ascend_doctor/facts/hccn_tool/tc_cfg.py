"""`hccn_tool -i N -tc_cfg -g`: the buffers of the traffic classes."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer
from ascend_doctor.facts.hccn_tool.eight import Eight, read_eight
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading


@attrs.frozen
class TcCfgFacts:
    """For each traffic class 0 to 7, in bytes: its buffer, and the levels at which it asks for a pause and ends it."""

    buffer: Eight
    up: Eight
    low: Eight


def parse(evidence: Evidence) -> Reading[TcCfgFacts]:
    """Parse `hccn_tool -i N -tc_cfg -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    rows = ("Buffer", "Up waterline", "Low waterline")
    return TcCfgFacts(*read_eight(data_lines(evidence), "TC configuration:", "TC id", rows))


SOURCE: Source[TcCfgFacts] = Source(
    name="hccn_tool/tc_cfg",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-tc_cfg", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=900.0,
)
