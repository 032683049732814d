"""`npu-smi info -t ecc`: memory errors of each chip."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

import attrs

from ascend_doctor.facts.npu_smi.blocks import Block, blocks_of, only_chip
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.facts.tables import Fields, KeyLine, bind, count
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import HBM
from ascend_doctor.model.reading import Absence, Missing, Reading


@attrs.frozen
class ChipEcc:
    """Memory errors of one chip. A field is None where the product prints no such line.

    Counts of errors are since the last start of the chip, aggregates over its life. Isolated pages are out of use;
    next-isolated ones will be after the next reset (missing where the tool prints a value that cannot be, such as
    4294967292: it subtracts without a sign). `chip` is missing where the answer does not say. Every count is missing
    where the tool says that it could not ask the chip. Labels that the parser does not know are kept in `extra`.
    """

    chip: Reading[int]
    ddr_single_bit: Optional[Reading[int]] = None
    ddr_double_bit: Optional[Reading[int]] = None
    ddr_single_bit_aggregate: Optional[Reading[int]] = None
    ddr_double_bit_aggregate: Optional[Reading[int]] = None
    ddr_single_bit_isolated_pages: Optional[Reading[int]] = None
    ddr_double_bit_isolated_pages: Optional[Reading[int]] = None
    ddr_single_bit_next_isolated_pages: Optional[Reading[int]] = None
    ddr_double_bit_next_isolated_pages: Optional[Reading[int]] = None
    hbm_single_bit: Optional[Reading[int]] = None
    hbm_double_bit: Optional[Reading[int]] = None
    hbm_single_bit_aggregate: Optional[Reading[int]] = None
    hbm_double_bit_aggregate: Optional[Reading[int]] = None
    hbm_single_bit_isolated_pages: Optional[Reading[int]] = None
    hbm_double_bit_isolated_pages: Optional[Reading[int]] = None
    hbm_single_bit_next_isolated_pages: Optional[Reading[int]] = None
    hbm_double_bit_next_isolated_pages: Optional[Reading[int]] = None
    extra: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class EccFacts:
    """What `npu-smi info -t ecc -i N` says of a card."""

    chips: Tuple[ChipEcc, ...]
    npu: Optional[int] = None
    chip_count: Optional[int] = None

    def as_document(self) -> Dict[str, Any]:
        """Return the document; the counts of the only chip of an answer without chip ids also stand at its top."""
        return only_chip(self, self.chips)


_POSSIBLE = 2**31


def _pages(parts: KeyLine) -> Reading[int]:
    # Recorded from the vendor's code: the tool takes isolated pages from records without a sign, 4294967292 for -4.
    number = count(parts)
    if isinstance(number, int) and number >= _POSSIBLE:
        return Missing(Absence.NOT_REPORTED, f"{parts.label}: {parts.value} cannot be")
    return number


_COUNTS = {
    "error count": ("", count),
    "aggregate total err cnt": ("_aggregate", count),
    "isolated pages count": ("_isolated_pages", count),
    "next-isolated pages count": ("_next_isolated_pages", _pages),
}
_FIELDS: Fields = {
    f"{memory} {bits} bit {label}": (f"{memory}_{bits}_bit{suffix}", convert)
    for memory in ("ddr", "hbm")
    for bits in ("single", "double")
    for label, (suffix, convert) in _COUNTS.items()
}
_ENDS = tuple(key for key in _FIELDS if "double" in key and "isolated" in key)


def parse(evidence: Evidence) -> Reading[EccFacts]:
    """Parse `npu-smi info -t ecc -i N`, with or without `-c`."""
    answer = blocks_of(evidence, kind="ecc", ends=_ENDS)
    if isinstance(answer, Missing):
        return answer
    return EccFacts(tuple(map(_chip, answer.blocks)), answer.npu, answer.chip_count)


def _chip(block: Block) -> ChipEcc:
    values = bind(block.lines, _FIELDS)
    if block.failure is not None:
        values.update({name: block.failure for name, _ in _FIELDS.values()})
    return ChipEcc(block.chip, **values)


SOURCE: Source[EccFacts] = Source(
    name="npu-smi/ecc",
    scope=Scope.CARD,
    argv=("npu-smi", "info", "-t", "ecc", "-i", "{npu}"),
    parse=parse,
    interval_s=300.0,
    generations=HBM,
    keeps=3,
    apart_s=3600.0,
)
