"""`hccn_tool -i N -prio_tc -g`: which traffic class each priority uses."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer
from ascend_doctor.facts.hccn_tool.eight import Eight, read_eight
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading


@attrs.frozen
class PrioTcFacts:
    """For each priority 0 to 7 its traffic class."""

    tc: Eight


def parse(evidence: Evidence) -> Reading[PrioTcFacts]:
    """Parse `hccn_tool -i N -prio_tc -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    (classes,) = read_eight(data_lines(evidence), "Priority mapping:", "priority", ("TC",))
    return PrioTcFacts(classes)


SOURCE: Source[PrioTcFacts] = Source(
    name="hccn_tool/prio_tc",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-prio_tc", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=900.0,
)
