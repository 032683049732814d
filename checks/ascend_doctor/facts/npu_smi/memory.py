"""`npu-smi info -t memory`: capacity, clock and temperature of each chip's memories."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

import attrs

from ascend_doctor.facts.npu_smi.blocks import Block, blocks_of, only_chip
from ascend_doctor.facts.parsing import ParseError
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import Fields, bind, count, words
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Missing, Reading


@attrs.frozen
class ChipMemory:
    """The memories of one chip: capacities in MB, clocks in MHz, degrees Celsius.

    A field is None where the product prints no such line. A product without DDR prints 0 for it. Of a 310P
    `ddr_total_capacity_mb` is what is built in, `ddr_capacity_mb` what is left of it for programs. Every value is
    missing where the tool says that it could not ask the chip.
    """

    chip: Reading[int]
    ddr_total_capacity_mb: Optional[Reading[int]] = None
    ddr_capacity_mb: Optional[Reading[int]] = None
    ddr_clock_mhz: Optional[Reading[int]] = None
    hbm_capacity_mb: Optional[Reading[int]] = None
    hbm_clock_mhz: Optional[Reading[int]] = None
    hbm_temperature_c: Optional[Reading[int]] = None
    hbm_manufacturer_id: Optional[Reading[str]] = None
    total_capacity_mb: Optional[Reading[int]] = None
    capacity_mb: Optional[Reading[int]] = None
    clock_mhz: Optional[Reading[int]] = None
    extra: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class MemoryFacts:
    """What `npu-smi info -t memory -i N` says of a card."""

    chips: Tuple[ChipMemory, ...]
    npu: Optional[int] = None
    chip_count: Optional[int] = None

    def as_document(self) -> Dict[str, Any]:
        """Return the document; the values of the only chip also stand at its top."""
        return only_chip(self, self.chips)


_FIELDS: Fields = {
    "total ddr capacity(mb)": ("ddr_total_capacity_mb", count),
    "ddr capacity(mb)": ("ddr_capacity_mb", count),
    "ddr clock speed(mhz)": ("ddr_clock_mhz", count),
    "hbm capacity(mb)": ("hbm_capacity_mb", count),
    "hbm clock speed(mhz)": ("hbm_clock_mhz", count),
    "hbm temperature(c)": ("hbm_temperature_c", count),
    "hbm manufacturer id": ("hbm_manufacturer_id", words),
    # Without a kind of memory in their names: 310 and 310B (vendor source).
    "total capacity(mb)": ("total_capacity_mb", count),
    "capacity(mb)": ("capacity_mb", count),
    "clock speed(mhz)": ("clock_mhz", count),
}
_ENDS = ("hbm manufacturer id", "hbm temperature(c)", "ddr clock speed(mhz)", "clock speed(mhz)")


def parse(evidence: Evidence) -> Reading[MemoryFacts]:
    """Parse `npu-smi info -t memory -i N`, with or without `-c`."""
    answer = blocks_of(evidence, ends=_ENDS)
    if isinstance(answer, Missing):
        return answer
    return MemoryFacts(tuple(map(_chip, answer.blocks)), answer.npu, answer.chip_count)


def _chip(block: Block) -> ChipMemory:
    values = bind(block.lines, _FIELDS)
    if block.failure is not None:
        values.update({name: block.failure for name, _ in _FIELDS.values()})
    elif values.keys() <= {"ddr_capacity_mb", "ddr_clock_mhz", "extra"}:
        # Only the 310P prints no HBM, and it says before how much DDR there is in total.
        raise ParseError(block.lines[-1].line.number + 1, "`HBM Capacity(MB)`", "the end of the answer")
    return ChipMemory(block.chip, **values)


SOURCE: Source[MemoryFacts] = Source(
    name="npu-smi/memory",
    scope=Scope.CARD,
    argv=("npu-smi", "info", "-t", "memory", "-i", "{npu}"),
    parse=parse,
    cost=Cost.DEVICE,
    interval_s=300.0,
)
