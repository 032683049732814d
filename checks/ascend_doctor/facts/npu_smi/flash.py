"""`npu-smi info -t flash`: the flash chips that hold the firmware of each chip."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.facts.npu_smi.blocks import Block, blocks_of, only_chip
from ascend_doctor.facts.parsing import ParseError
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import Fields, KeyLine, bind, count, whole, words
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Missing, Reading


@attrs.frozen
class Flash:
    """One flash chip. Both ids are the tool's texts; `capacity_mb` is in MB."""

    flash_id: Reading[str]
    manufacturer_id: Reading[str]
    capacity_mb: Reading[int]
    extra: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class ChipFlash:
    """The flash chips of one chip; both values are missing where the tool says that it could not ask it."""

    chip: Reading[int]
    flash_count: Reading[int]
    flashes: Reading[Tuple[Flash, ...]]


@attrs.frozen
class FlashFacts:
    """What `npu-smi info -t flash -i N` says of a card."""

    chips: Tuple[ChipFlash, ...]
    npu: Optional[int] = None
    chip_count: Optional[int] = None

    def as_document(self) -> Dict[str, Any]:
        """Return the document; the values of the only chip also stand at its top."""
        return only_chip(self, self.chips)


_FIELDS: Fields = {
    "flash id": ("flash_id", words),
    "manufacturer id": ("manufacturer_id", words),
    "capacity(mb)": ("capacity_mb", count),
}


def parse(evidence: Evidence) -> Reading[FlashFacts]:
    """Parse `npu-smi info -t flash -i N`, with or without `-c`."""
    answer = blocks_of(evidence)
    if isinstance(answer, Missing):
        return answer
    return FlashFacts(tuple(map(_chip, answer.blocks)), answer.npu, answer.chip_count)


def _chip(block: Block) -> ChipFlash:
    if block.failure is not None:
        return ChipFlash(block.chip, block.failure, block.failure)
    first, *rest = block.lines
    if first.key != "flash count":
        raise first.line.error("`Flash Count`")
    flashes = tuple(map(_flash, _each(first, rest)))
    if len(flashes) != whole(first):
        raise ParseError(block.lines[-1].line.number + 1, f"{first.value} flash chips", f"{len(flashes)}")
    return ChipFlash(block.chip, len(flashes), flashes)


def _each(first: KeyLine, lines: Sequence[KeyLine]) -> List[List[KeyLine]]:
    """Return the lines about each flash chip."""
    found: List[List[KeyLine]] = []
    for parts in lines:
        if parts.key == "flash id":
            found.append([])
        if not found:
            raise first.line.error("`Flash ID` behind the count")
        found[-1].append(parts)
    return found


def _flash(lines: Sequence[KeyLine]) -> Flash:
    values = bind(lines, _FIELDS)
    if len(values) != len(_FIELDS) + 1:
        raise ParseError(lines[-1].line.number + 1, "`Manufacturer ID` and `Capacity(MB)`", "the end of the flash chip")
    return Flash(**values)


SOURCE: Source[FlashFacts] = Source(
    name="npu-smi/flash",
    scope=Scope.CARD,
    argv=("npu-smi", "info", "-t", "flash", "-i", "{npu}"),
    parse=parse,
    cost=Cost.STATIC,
    interval_s=86_400.0,
)
