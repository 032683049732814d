"""`hccn_tool -i N -link -g`: whether the RoCE port has a link."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.hccn_tool.answers import error_answer, only_line, value_of
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading


@attrs.frozen
class LinkFacts:
    """The state of the link: `UP` or `DOWN`."""

    link: str


def parse(evidence: Evidence) -> Reading[LinkFacts]:
    """Parse `hccn_tool -i N -link -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    line = only_line(evidence)
    state = value_of(line, "link status")
    if state not in ("UP", "DOWN"):
        raise line.error("`UP` or `DOWN`")
    return LinkFacts(state)


SOURCE: Source[LinkFacts] = Source(
    name="hccn_tool/link",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-link", "-g"),
    parse=parse,
    generations=ROCE,
)
