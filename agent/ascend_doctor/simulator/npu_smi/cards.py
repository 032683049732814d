"""The cards as the library under `npu-smi` sees them at start-up: which it finds, and which it leaves out."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

import attrs

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Machine, Presence

LOST_CARD = -1
"""The id of a card of which the start-up failed."""


@attrs.frozen
class Card:
    """A card and its chips, by chip id. `mcu_id` is the chip id of its controller, None where there is none."""

    id: int
    chips: Tuple[Chip, ...]
    mcu_id: Optional[int]


def cards_of(machine: Machine) -> List[Card]:
    """Return the cards in the order in which the library sorts them: lost ones first.

    One die that is lost takes its card with it, unless the dies are independent: then the lost die stands for the chip
    with logic id 0, because its own id was never filled in (vendor source, dcmi_init_for_server.c).
    """
    has_mcu = machine.generation is not Generation.A5
    first = next((chip for chip in machine.chips if chip.logic_id == 0), None)
    found: Dict[int, List[Card]] = {}
    for npu in machine.cards():
        chips = machine.chips_of(npu)
        present = [chip for chip in chips if chip.presence is Presence.PRESENT]
        if present and machine.independent_dies and first is not None:
            chips = [
                chip
                if chip.presence is Presence.PRESENT
                else attrs.evolve(first, npu=chip.npu, chip=chip.chip, presence=Presence.PRESENT)
                for chip in chips
            ]
        elif len(present) < len(chips):
            chips = []
        card_id = npu if chips else LOST_CARD
        found.setdefault(card_id, []).append(Card(card_id, tuple(chips), len(chips) if has_mcu else None))
    cards = [card for card_id in sorted(found) for card in found[card_id]]
    return cards if has_mcu else [card for card in cards if card.id != LOST_CARD]


def find(cards: List[Card], card_id: int) -> Optional[Card]:
    """Return the card with this id, None when there is none."""
    return next((card for card in cards if card.id == card_id), None)
