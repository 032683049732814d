"""`hccn_tool -i N -bond -ip -g`: the address of the bond of a port's links, which only the Atlas 9000 A3 has."""

from __future__ import annotations

from ascend_doctor.facts.hccn_tool.ip import IpFacts, parse
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.product import Generation

SOURCE: Source[IpFacts] = Source(
    name="hccn_tool/bond-ip",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-bond", "-ip", "-g"),
    parse=parse,
    generations=frozenset({Generation.A3}),
    interval_s=300.0,
)
