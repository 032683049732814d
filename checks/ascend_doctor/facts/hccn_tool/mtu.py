"""`hccn_tool -i N -mtu -g`: the largest packet that the RoCE port sends."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.hccn_tool.answers import error_answer, only_line, value_of
from ascend_doctor.facts.parsing import integer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading


@attrs.frozen
class MtuFacts:
    """The MTU in bytes; the tool takes 68 to 9702."""

    mtu: int


def parse(evidence: Evidence) -> Reading[MtuFacts]:
    """Parse `hccn_tool -i N -mtu -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    line = only_line(evidence)
    return MtuFacts(integer(value_of(line, "mtu"), line, "the MTU"))


SOURCE: Source[MtuFacts] = Source(
    name="hccn_tool/mtu",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-mtu", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=600.0,
)
