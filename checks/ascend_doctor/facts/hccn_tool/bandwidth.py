"""`hccn_tool -i N -bandwidth -g [time MS]`: what passes through the port at present."""

from __future__ import annotations

import re

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

# Two digits behind the point; the width of the number differs from one generation to the next.
_LINE = re.compile(r"Bandwidth (TX|RX):\s+([0-9]{1,10}\.[0-9]{2}) MB/sec\Z")


@attrs.frozen
class BandwidthFacts:
    """Megabytes per second sent and received, over the time that the tool measured."""

    tx_mb_s: float
    rx_mb_s: float


def parse(evidence: Evidence) -> Reading[BandwidthFacts]:
    """Parse `hccn_tool -i N -bandwidth -g`; the 950 prints the same two lines."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    found = [_LINE.match(line.stripped) for line in lines]
    rates = [match.groups() for match in found if match is not None]
    if len(rates) != len(lines) or [direction for direction, _ in rates] != ["TX", "RX"]:
        raise lines[-1].error("`Bandwidth TX: ... MB/sec` and `Bandwidth RX: ... MB/sec`, and nothing else")
    return BandwidthFacts(*(float(rate) for _, rate in rates))


SOURCE: Source[BandwidthFacts] = Source(
    name="hccn_tool/bandwidth",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-bandwidth", "-g"),
    forms=(("hccn_tool", "-i", "{phy_id}", "-bandwidth", "-g", "time", "*"),),
    parse=parse,
    generations=ROCE,
    timeout_s=15.0,
)
