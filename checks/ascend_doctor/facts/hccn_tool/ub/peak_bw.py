"""`hccn_tool -g -peak_bw -i N -u U -p P`: the most that has passed through one port of the 950."""

from __future__ import annotations

import re

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines
from ascend_doctor.facts.hccn_tool.ub.question import of_port, refused
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Reading

_LINE = re.compile(r"Peak Bandwidth (TX|RX):\s+([0-9]{1,10}\.[0-9]{2}) MB/sec\Z")


@attrs.frozen
class PeakBandwidthFacts:
    """Megabytes per second sent and received at most within the time that was asked about."""

    tx_mb_s: float
    rx_mb_s: float


def parse(evidence: Evidence) -> Reading[PeakBandwidthFacts]:
    """Parse `hccn_tool -g -peak_bw -i N -u U -p P`."""
    answer = refused(evidence)
    if answer is not None:
        return answer
    lines = data_lines(evidence)
    found = [_LINE.match(line.stripped) for line in lines]
    rates = [match.groups() for match in found if match is not None]
    if len(rates) != len(lines) or [direction for direction, _ in rates] != ["TX", "RX"]:
        raise lines[-1].error("`Peak Bandwidth TX: ... MB/sec` and `Peak Bandwidth RX: ... MB/sec`, and nothing else")
    return PeakBandwidthFacts(*(float(rate) for _, rate in rates))


SOURCE = of_port("peak_bw", parse, timeout_s=15.0)
