"""`npu-smi info -t phyid-remap`: which card and chip a phy-id is."""

from __future__ import annotations

import re
from typing import Dict, Optional

import attrs

from ascend_doctor.facts.npu_smi.key_answer import lines_about
from ascend_doctor.facts.parsing import ParseError
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Missing, Reading


@attrs.frozen
class PhyIdFacts:
    """What `npu-smi info -t phyid-remap -p P` says. `logic_id` is None on a 950, `slot` anywhere else."""

    phy_id: int
    npu: int
    chip: int
    logic_id: Optional[int] = None
    slot: Optional[int] = None


_FIELDS = {
    "Chip Physical ID": "phy_id",
    "Chip Phy-ID": "phy_id",
    "Chip Logic ID": "logic_id",
    "NPU ID": "npu",
    "Slot ID": "slot",
    "Chip ID": "chip",
}
# Printed without blanks around the colon on every product (vendor source).
_LINE = re.compile(r"([A-Z][A-Za-z -]{0,30}?)\s*:\s*([0-9]{1,9})\Z")


def parse(evidence: Evidence) -> Reading[PhyIdFacts]:
    """Parse `npu-smi info -t phyid-remap -p P`."""
    lines = lines_about("phyid-remap", evidence)
    if isinstance(lines, Missing):
        return lines
    found: Dict[str, int] = {}
    for line in lines:
        parts = _LINE.match(line.stripped)
        field = None if parts is None else _FIELDS.get(parts.group(1))
        if parts is None or field is None or field in found:
            raise line.error("an id of the chip, each once")
        found[field] = int(parts.group(2))
    if not {"phy_id", "npu", "chip"}.issubset(found):
        raise ParseError(lines[-1].number + 1, "`Chip ID`", "the end of the answer")
    return PhyIdFacts(**found)


SOURCE: Source[PhyIdFacts] = Source(
    name="npu-smi/phyid-remap",
    scope=Scope.NPU,
    argv=("npu-smi", "info", "-t", "phyid-remap", "-p", "{phy_id}"),
    forms=(("npu-smi", "info", "-t", "phyid-remap"),),
    parse=parse,
    cost=Cost.STATIC,
    interval_s=3600.0,
)
