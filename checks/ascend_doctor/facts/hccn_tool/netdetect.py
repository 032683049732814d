"""`hccn_tool -i N -netdetect -g`: the address that the device itself probes to judge its network health."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.hccn_tool.answers import configured, error_answer, only_line, value_of
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading


@attrs.frozen
class NetdetectFacts:
    """The probed address; `Missing(NOT_CONFIGURED)` when unset (the tool prints 0.0.0.0)."""

    netdetect: Reading[str]


def parse(evidence: Evidence) -> Reading[NetdetectFacts]:
    """Parse `hccn_tool -i N -netdetect -g`; the vendor source says `netdetect addr`, machines `netdetect address`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    line = only_line(evidence)
    return NetdetectFacts(configured(value_of(line, "netdetect addr", "netdetect address"), line, "the detect address"))


SOURCE: Source[NetdetectFacts] = Source(
    name="hccn_tool/netdetect",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-netdetect", "-g"),
    parse=parse,
    generations=ROCE,
)
