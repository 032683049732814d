"""`hccn_tool -i N -shaping -g`: the limit that is set on what the RoCE port sends."""

from __future__ import annotations

import re
from typing import Optional

import attrs

from ascend_doctor.facts.hccn_tool.answers import error_answer, only_line
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

_NUMBER = r"\[([0-9]{1,9}) Mbps\]"
# The tool of the A1 does not print the last one (vendor source, tool.c).
_ANSWER = re.compile(rf"bw_limit{_NUMBER}, bw_max{_NUMBER}(?:, bw_cur{_NUMBER})?\Z")


@attrs.frozen
class ShapingFacts:
    """Bandwidths in Mb/s: the limit that is set, what the port is capable of, and which of the two applies.

    Without a limit `bw_limit` is what the port is capable of. `bw_cur` is None where the tool does not print it.
    """

    bw_limit: int
    bw_max: int
    bw_cur: Optional[int] = None


def parse(evidence: Evidence) -> Reading[ShapingFacts]:
    """Parse `hccn_tool -i N -shaping -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    line = only_line(evidence)
    found = _ANSWER.match(line.stripped)
    if found is None:
        raise line.error("`bw_limit[N Mbps], bw_max[N Mbps], bw_cur[N Mbps]`")
    limit, most, now = found.groups()
    return ShapingFacts(int(limit), int(most), None if now is None else int(now))


SOURCE: Source[ShapingFacts] = Source(
    name="hccn_tool/shaping",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-shaping", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=600.0,
)
