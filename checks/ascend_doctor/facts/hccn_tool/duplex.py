"""`hccn_tool -i N -duplex -g`: whether the RoCE port sends and receives at the same time."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.hccn_tool.answers import error_answer, only_line, value_of
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Reading


@attrs.frozen
class DuplexFacts:
    """`Full` or `Half`; missing when the tool prints `Unknown!`, as it does while the link is down."""

    duplex: Reading[str]


def parse(evidence: Evidence) -> Reading[DuplexFacts]:
    """Parse `hccn_tool -i N -duplex -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    line = only_line(evidence)
    word = value_of(line, "Duplex")
    if word not in ("Full", "Half", "Unknown!"):
        raise line.error("`Full`, `Half` or `Unknown!`")
    return DuplexFacts(NOT_REPORTED if word == "Unknown!" else word)


SOURCE: Source[DuplexFacts] = Source(
    name="hccn_tool/duplex",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-duplex", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=600.0,
)
