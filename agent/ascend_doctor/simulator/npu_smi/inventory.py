"""`npu-smi info -l` and `npu-smi info -m`: the cards, and how their chips are numbered."""

from __future__ import annotations

from typing import List, Sequence

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.npu_smi.cards import cards_of
from ascend_doctor.simulator.npu_smi.layout import key_line
from ascend_doctor.simulator.npu_smi.overview import chip_name

_NO_CARD = "There is no NPU card on this server."


def listing(machine: Machine) -> List[str]:
    """Return the lines of `npu-smi info -l`."""
    cards = cards_of(machine)
    if not cards:
        return [_NO_CARD]
    lines = [key_line("Total Count", len(cards)), ""]
    for card in cards:
        lines.append(key_line("NPU ID", card.id))
        if machine.generation is Generation.P310P:
            lines += [key_line("Product Name", "NA"), key_line("Serial Number", "NA")]
        if machine.generation is not Generation.A5:
            lines.append(key_line("Chip Count", len(card.chips)))
        lines.append("")
    return lines


def mapping(machine: Machine) -> List[str]:
    """Return the lines of `npu-smi info -m`."""
    cards = cards_of(machine)
    if not cards:
        return [_NO_CARD]
    generation = machine.generation
    lines = [_row(_HEADS[generation], padded_end=True)]
    for card in cards:
        for chip in card.chips:
            name = chip_name(chip)
            if generation is Generation.A5:
                lines.append(_row((chip.npu, chip.npu, chip.chip, chip.phy_id, name)))
            elif generation is Generation.A3:
                lines.append(_row((chip.npu, chip.chip, chip.logic_id, chip.phy_id, name)))
            else:
                # The chip's type and name are read together: without them the blank between them stays.
                lines.append(_row((chip.npu, chip.chip, chip.logic_id, f"{'Ascend' if name else ''} {name}")))
        if card.mcu_id is not None:
            unknown = ("-",) * (len(_HEADS[generation]) - 3)
            lines.append(_row((card.id, card.mcu_id, *unknown, "Mcu"), padded_end=True))
    return lines


def _row(cells: Sequence[object], *, padded_end: bool = False) -> str:
    """Return a row of columns 30 wide; the last one is padded in the head and for an MCU only."""
    *before, last = cells
    padded = "".join(f"{cell!s:<30} " for cell in before)
    return f"\t{padded}{last!s:<30}" if padded_end else f"\t{padded}{last}"


_PLAIN = ("NPU ID", "Chip ID", "Chip Logic ID", "Chip Name")

_HEADS = {
    Generation.A2: _PLAIN,
    Generation.P310P: _PLAIN,
    Generation.A3: ("NPU ID", "Chip ID", "Chip Logic ID", "Chip Phy-ID", "Chip Name"),
    Generation.A5: ("NPU ID", "Slot ID", "Chip ID", "Chip Phy-ID", "Chip Name"),
}
