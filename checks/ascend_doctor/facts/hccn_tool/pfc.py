"""`hccn_tool -i N -pfc -g`: for which priorities the RoCE port asks its neighbour to pause rather than lose packets."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer
from ascend_doctor.facts.hccn_tool.eight import Eight, read_eight
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading


@attrs.frozen
class PfcFacts:
    """For each priority 0 to 7 whether PFC is enabled: 1 or 0."""

    enabled: Eight


def parse(evidence: Evidence) -> Reading[PfcFacts]:
    """Parse `hccn_tool -i N -pfc -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    (enabled,) = read_eight(lines, "PFC configuration:", "priority", ("enabled",))
    if not set(enabled) <= {0, 1}:
        raise lines[2].error("0 or 1 for each priority")
    return PfcFacts(enabled)


SOURCE: Source[PfcFacts] = Source(
    name="hccn_tool/pfc",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-pfc", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=600.0,
)
