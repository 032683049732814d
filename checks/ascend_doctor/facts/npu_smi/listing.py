"""`npu-smi info -l`: the cards of the node."""

from __future__ import annotations

from typing import List, Mapping, Optional, Tuple

import attrs

from ascend_doctor.facts.npu_smi.answers import lines_or_refusal
from ascend_doctor.facts.parsing import ParseError
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import Fields, KeyLine, bind, key_lines, whole, words
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing, Reading


@attrs.frozen
class ListedNpu:
    """One card. `npu` is missing where the tool prints -1: a card that exists and that the tool cannot reach.

    `chip_count` is None where the layout does not print it (950), `product_name` and `serial` likewise (A2, A3).
    Labels that the parser does not know are kept in `extra`.
    """

    npu: Reading[int]
    chip_count: Optional[int] = None
    product_name: Optional[Reading[str]] = None
    serial: Optional[Reading[str]] = None
    extra: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class ListFacts:
    """What `npu-smi info -l` says: how many cards there are, and which."""

    total_count: int
    npus: Tuple[ListedNpu, ...]


def _npu(parts: KeyLine) -> Reading[int]:
    number = whole(parts)
    return number if number >= 0 else Missing(Absence.NO_DEVICE, f"{parts.label} {number}")


_FIELDS: Fields = {
    "npu id": ("npu", _npu),
    "chip count": ("chip_count", whole),
    "product name": ("product_name", words),
    "serial number": ("serial", words),
}


def parse(evidence: Evidence) -> Reading[ListFacts]:
    """Parse `npu-smi info -l`."""
    lines = lines_or_refusal(evidence)
    if isinstance(lines, Missing):
        return lines
    head, *rest = key_lines(lines)
    if head.key not in ("total count", "card count"):
        raise head.line.error("`Total Count` or `Card Count`")
    total = whole(head)
    cards: List[List[KeyLine]] = []
    for parts in rest:
        if parts.key == "npu id":
            cards.append([])
        if not cards:
            raise parts.line.error("`NPU ID` at the start of a card")
        cards[-1].append(parts)
    if len(cards) != total or len({tuple(parts.key for parts in card) for card in cards}) > 1:
        raise ParseError(lines[-1].number, f"{total} cards with the same labels each", f"{len(cards)} cards")
    npus = tuple(ListedNpu(**bind(card, _FIELDS)) for card in cards)
    known = [card.npu for card in npus if isinstance(card.npu, int)]
    if len(set(known)) != len(known):
        raise ParseError(lines[-1].number, "each card once", f"NPU ids {known}")
    return ListFacts(total, npus)


SOURCE: Source[ListFacts] = Source(
    name="npu-smi/list",
    scope=Scope.NODE,
    argv=("npu-smi", "info", "-l"),
    parse=parse,
    cost=Cost.CHEAP,
    timeout_s=20.0,
)
