"""`hccn_tool -i N -mac -g`: the hardware address of the RoCE port."""

from __future__ import annotations

import re

import attrs

from ascend_doctor.facts.hccn_tool.answers import error_answer, only_line, value_of
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

_MAC = re.compile(r"(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}\Z")


@attrs.frozen
class MacFacts:
    """The address as six bytes with colons, in small letters."""

    mac: str


def parse(evidence: Evidence) -> Reading[MacFacts]:
    """Parse `hccn_tool -i N -mac -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    line = only_line(evidence)
    text = value_of(line, "mac addr")
    if not _MAC.match(text):
        raise line.error("a hardware address")
    return MacFacts(text.lower())


SOURCE: Source[MacFacts] = Source(
    name="hccn_tool/mac",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-mac", "-g"),
    parse=parse,
    generations=ROCE,
    cost=Cost.STATIC,
    interval_s=3600.0,
)
