"""`hccn_tool -i N -dscp_to_tc -g`: which traffic class a packet uses by the DSCP in its head."""

from __future__ import annotations

from typing import Dict, Mapping

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer
from ascend_doctor.facts.parsing import integer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

_HEAD = ("dscp", "tc")
_DSCPS = 64


@attrs.frozen
class DscpToTcFacts:
    """The traffic class of each DSCP 0 to 63, or of the one that was asked for."""

    classes: Mapping[int, int]

    def as_document(self) -> Dict[str, object]:
        """Return the map and, for a single DSCP, the two numbers; for the whole map the class that all share."""
        shown: Dict[str, object] = {"classes": {str(dscp): tc for dscp, tc in self.classes.items()}}
        different = set(self.classes.values())
        if len(self.classes) == 1:
            ((shown["dscp"], shown["tc"]),) = self.classes.items()
        elif len(different) == 1:
            shown["tc_all"] = different.pop()
        return shown


def parse(evidence: Evidence) -> Reading[DscpToTcFacts]:
    """Parse `hccn_tool -i N -dscp_to_tc -g [dscp D]`: all 64 DSCPs in order, or one of them."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    if lines[0].words != _HEAD:
        raise lines[0].error("the head `dscp tc`")
    classes: Dict[int, int] = {}
    for line in lines[1:]:
        if len(line.words) != len(_HEAD):
            raise line.error("a DSCP and its traffic class")
        dscp, tc = (integer(word, line, name) for word, name in zip(line.words, _HEAD))
        if not 0 <= dscp < _DSCPS or tc < 0 or (classes and dscp != len(classes)):
            raise line.error("the next DSCP and its traffic class")
        classes[dscp] = tc
    if len(classes) not in (1, _DSCPS):
        raise lines[-1].error(f"one DSCP or all {_DSCPS} by this line")
    return DscpToTcFacts(classes)


SOURCE: Source[DscpToTcFacts] = Source(
    name="hccn_tool/dscp_to_tc",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-dscp_to_tc", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=600.0,
    forms=(("hccn_tool", "-i", "{phy_id}", "-dscp_to_tc", "-g", "dscp", "{address}"),),
)
