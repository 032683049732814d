"""`hccn_tool -i N -tc_stat -g`: how many packets each traffic class has sent and received."""

from __future__ import annotations

import re
from typing import Dict, List

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer
from ascend_doctor.facts.hccn_tool.eight import COUNT, Eight
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

_TITLE = "tc packet statistics:"
_COUNTER = re.compile(r"tc_(tx|rx)_pkt_num\[([0-7])\]:\s?([0-9]{1,20})\Z")


@attrs.frozen
class TcStatFacts:
    """Packets sent and received by each traffic class 0 to 7 since the start of the port."""

    tx: Eight
    rx: Eight


def parse(evidence: Evidence) -> Reading[TcStatFacts]:
    """Parse `hccn_tool -i N -tc_stat -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    if lines[0].stripped != _TITLE:
        raise lines[0].error(f"`{_TITLE}`")
    found: Dict[str, List[int]] = {"tx": [], "rx": []}
    for line in lines[1:]:
        counter = _COUNTER.match(line.stripped)
        if counter is None or len(found[counter.group(1)]) != int(counter.group(2)):
            raise line.error("the next counter `tc_tx_pkt_num[N]:N` or `tc_rx_pkt_num[N]:N`")
        found[counter.group(1)].append(int(counter.group(3)))
    if any(len(values) != COUNT for values in found.values()):
        raise lines[-1].error(f"counters of all {COUNT} traffic classes by this line")
    return TcStatFacts(tuple(found["tx"]), tuple(found["rx"]))


SOURCE: Source[TcStatFacts] = Source(
    name="hccn_tool/tc_stat",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-tc_stat", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=300.0,
)
