"""`hccn_tool -i N -version -g`: the versions of the network part of driver and firmware."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer, value_of
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import reading_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading


@attrs.frozen
class VersionFacts:
    """Versions as printed. `driver` is a constant of the tool itself on A2 and A3 (vendor source, tool.h)."""

    driver: Reading[str]
    firmware: Reading[str]


def parse(evidence: Evidence) -> Reading[VersionFacts]:
    """Parse `hccn_tool -i N -version -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    keys = ("Network Driver Version", "Network Firmware Version")
    values = [reading_of(value_of(line, key)) for line, key in zip(lines, keys)]
    if len(lines) != len(keys):
        raise lines[-1].error(f"the two lines {' and '.join(keys)}")
    return VersionFacts(*values)


SOURCE: Source[VersionFacts] = Source(
    name="hccn_tool/version",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-version", "-g"),
    parse=parse,
    generations=ROCE,
    cost=Cost.STATIC,
    interval_s=86_400.0,
)
