"""`hccn_tool -i N -hw_stats -g`: how many RDMA objects the port has made, freed and holds."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.facts.tables import is_elision
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

_LINE = re.compile(r"\[devid ([0-9]{1,4})\] ([a-z][a-z0-9_]{1,40}): ([0-9]{1,20})\Z")
_FIRST, _LAST = "pd_alloc", "ceqe"


@attrs.frozen
class HwStatsFacts:
    """The counters of protection domains, memory regions, completion and queue pairs, by the tool's own names.

    `elided` tells that a published sample has lines cut out by its author (`...`).
    """

    device: int
    counters: Mapping[str, int]
    elided: bool = False

    def as_document(self) -> Dict[str, Any]:
        """Return the counters under the tool's own names, beside the device and `elided`."""
        return {"device": self.device, **self.counters, "elided": self.elided}


def parse(evidence: Evidence) -> Reading[HwStatsFacts]:
    """Parse `hccn_tool -i N -hw_stats -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    devices: List[str] = []
    counters: Dict[str, int] = {}
    shown = [line for line in lines if not is_elision(line)]
    for line in shown:
        found = _LINE.match(line.stripped)
        if found is None or found.group(2) in counters or devices not in ([], [found.group(1)]):
            raise line.error("`[devid N] name: number` of another counter of the same device")
        devices = [found.group(1)]
        counters[found.group(2)] = int(found.group(3))
    names = list(counters)
    if not names or names[0] != _FIRST or (names[-1] != _LAST and shown[-1] is lines[-1]):
        raise lines[-1].error(f"the counters from `{_FIRST}` to `{_LAST}` by this line")
    return HwStatsFacts(int(devices[0]), counters, len(shown) < len(lines))


SOURCE: Source[HwStatsFacts] = Source(
    name="hccn_tool/hw-stats",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-hw_stats", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=300.0,
)
