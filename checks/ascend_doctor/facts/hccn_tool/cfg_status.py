"""`hccn_tool -i N -cfg status`: whether the saved network settings were applied to the device."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.hccn_tool.answers import error_answer, only_line, value_of
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

WORDS = ("NONE", "START", "FAIL", "SUCCESS", "FAULT")


@attrs.frozen
class CfgStatusFacts:
    """What came of applying `/etc/hccn.conf`.

    NONE: nobody has asked for it; START: under way; FAIL, SUCCESS: done; FAULT: a state that the tool does not know.
    """

    config_status: str


def parse(evidence: Evidence) -> Reading[CfgStatusFacts]:
    """Parse `hccn_tool -i N -cfg status`, which is a query although it lacks the usual `-g`.

    When the query fails the tool says `Recovery failed.`, although nobody asked for a recovery (recorded from the
    vendor's code): only its words on standard error count.
    """
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    line = only_line(evidence)
    word = value_of(line, "config status")
    if word not in WORDS:
        raise line.error(" or ".join(f"`{known}`" for known in WORDS))
    return CfgStatusFacts(word)


SOURCE: Source[CfgStatusFacts] = Source(
    name="hccn_tool/cfg_status",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-cfg", "status"),
    parse=parse,
    generations=ROCE,
    interval_s=60.0,
    keeps=6,
    apart_s=60.0,
)
