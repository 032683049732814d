"""`hccn_tool -i N -local_lldp -g`: what the port announces of itself, in the form in which its neighbour does."""

from __future__ import annotations

from ascend_doctor.facts.hccn_tool.lldp import LldpFacts, parse
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.product import ROCE

SOURCE: Source[LldpFacts] = Source(
    name="hccn_tool/local_lldp",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-local_lldp", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=3600.0,
)
