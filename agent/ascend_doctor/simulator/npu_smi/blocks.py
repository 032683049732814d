"""The frame around `npu-smi info -t TYPE`: for a whole card a block per chip, with `-c` the block alone."""

from __future__ import annotations

from typing import Callable, List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.cards import Card
from ascend_doctor.simulator.npu_smi.layout import KEY_WIDTH, key_line
from ascend_doctor.simulator.npu_smi.usage import info_usage


@attrs.frozen
class Block:
    """What one query printed, and the tool's code for it."""

    lines: Sequence[str] = ()
    code: int = codes.OK


NOT_SUPPORTED = Block((), codes.TOOL_NOT_SUPPORTED)

OfChip = Callable[[Machine, Chip], Block]
OfMcu = Callable[[Machine], Block]


def no_mcu(_machine: Machine) -> Block:
    """Answer for a controller that does not know a type."""
    return NOT_SUPPORTED


def needs_chip(machine: Machine, _card: Card) -> Block:
    """Answer for a card where the tool wants to know the chip."""
    return Block(
        ["Must input parameter of chip id.", *info_usage(machine.generation)],
        codes.TOOL_INVALID_PARAMETER,
    )


@attrs.frozen
class Query:
    """One TYPE of `-t`: its block for a chip in a card's answer and with `-c`, and those of the controller (MCU).

    `of_one_chip` is None for a type that the tool does not answer with `-c`. `of_card` is the whole answer for a card
    where it is not made of blocks.
    """

    name: str
    of_chip: OfChip
    of_one_chip: Optional[OfChip]
    mcu: OfMcu = no_mcu
    one_mcu: OfMcu = no_mcu
    width: int = KEY_WIDTH
    needs_chip_name: bool = False
    of_card: Optional[Callable[[Machine, Card], Block]] = None


def for_card(machine: Machine, query: Query, card: Card) -> Tuple[List[str], int]:
    """Return the lines and the code of `npu-smi info -t TYPE -i CARD`."""
    whole = for_blocks(machine, query, card) if query.of_card is None else query.of_card(machine, card)
    return _ended(query, list(whole.lines), whole.code, "info")


def for_blocks(machine: Machine, query: Query, card: Card) -> Block:
    """Return the block of each chip of a card, and that of its controller, in the frame around them."""
    if query.needs_chip_name:
        failure = card.chips[0].query_failures.get("dsmi_get_computing_power_info", codes.OK)
        if failure:
            return Block((), codes.tool_code(failure))
    counts_chips = machine.generation is not Generation.A5
    lines = [key_line("NPU ID", card.id, query.width)]
    if counts_chips:
        lines += [key_line("Chip Count", len(card.chips), query.width), ""]
    code = codes.OK
    for chip in card.chips:
        block = query.of_chip(machine, chip)
        footer = [key_line("Chip ID", chip.chip, query.width)] if counts_chips else []
        code = _add(lines, block, footer, f"Failed to query npu chip: {chip.chip} info.")
    if card.mcu_id is not None:
        failed = f"Failed to query mcu chip: {card.mcu_id} info."
        code = _add(lines, query.mcu(machine), [key_line("Chip Name", "MCU")], failed)
    return Block(lines, code)


def for_chip(machine: Machine, query: Query, card: Card, chip_id: int) -> Tuple[List[str], int]:
    """Return the lines and the code of `npu-smi info -t TYPE -i CARD -c CHIP`; the chip must be there."""
    if query.of_one_chip is None:
        complaint = f'Error parameter in querying chip info, type: "{query.name}".'
        return [complaint, *info_usage(machine.generation)], codes.TOOL_INVALID_PARAMETER
    block = query.one_mcu(machine) if chip_id == card.mcu_id else query.of_one_chip(machine, card.chips[chip_id])
    return _ended(query, list(block.lines), block.code, "result")


def _add(lines: List[str], block: Block, footer: Sequence[str], failure: str) -> int:
    """Append a block with what follows it, and return its code; what is not supported leaves no trace."""
    if block.code == codes.TOOL_NOT_SUPPORTED:
        return codes.OK
    lines += [*block.lines, *footer]
    if block.code != codes.OK:
        lines.append(failure)
    lines.append("")
    return block.code


def _ended(query: Query, lines: List[str], code: int, noun: str) -> Tuple[List[str], int]:
    if code == codes.TOOL_NOT_SUPPORTED:
        return [*lines, f"This device does not support querying {query.name}."], codes.OK
    if code not in (codes.OK, codes.TOOL_INVALID_PARAMETER):
        return [*lines, f'Failed to query "{query.name}" {noun}.'], code
    return lines, code
