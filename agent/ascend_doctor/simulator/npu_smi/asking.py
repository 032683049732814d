"""Putting a question with `-t` to a machine: to the node, to a card, or to a chip (vendor source, npu_info.c)."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.blocks import for_card, for_chip
from ascend_doctor.simulator.npu_smi.board import card_board, chip_board
from ascend_doctor.simulator.npu_smi.cards import Card, find
from ascend_doctor.simulator.npu_smi.command_line import Options
from ascend_doctor.simulator.npu_smi.node_settings import NODE_QUERIES
from ascend_doctor.simulator.npu_smi.queries import query_for
from ascend_doctor.simulator.npu_smi.queries.interconnect import CALL, bandwidth_lines, hccs_lines, remote_lines
from ascend_doctor.simulator.npu_smi.topo import topology
from ascend_doctor.simulator.npu_smi.types import TYPES
from ascend_doctor.simulator.npu_smi.vnpus import vnpu_lines

_Printed = Tuple[List[str], int]


def ask(machine: Machine, cards: Sequence[Card], options: Options) -> _Printed:
    """Return what the tool prints for its options, and its code. After a wrong call its help follows."""
    kind = options.kind or ""
    if kind and TYPES[kind].whole_node:
        return _ended(kind, *_of_node(machine, cards, options))
    if kind == "phyid-remap":
        return _phy_id(machine, options)
    card = find(list(cards), options.card_id)
    is_about_chip = options.chip_id is not None or (
        options.phy_id is not None and machine.generation is not Generation.A5
    )
    if is_about_chip and (card is None or options.chip_id is None):
        return ["This command must input card id and chip id."], codes.TOOL_INVALID_PARAMETER
    if card is None:
        return ["", "This command must input card id.", ""], codes.TOOL_INVALID_PARAMETER
    if not kind:
        return ["Must input parameter of type."], codes.TOOL_INVALID_PARAMETER
    return _of_card(machine, card, kind, options)


def _of_card(machine: Machine, card: Card, kind: str, options: Options) -> _Printed:
    chip_id = options.chip_id
    query = query_for(machine.generation, kind)
    chip = card.chips[chip_id] if chip_id is not None and chip_id < len(card.chips) else None
    if kind == "info-vnpu":
        return _vnpus(machine, chip, options)
    if not card.chips or (query is None and kind != "board"):
        return [_unsupported(kind)], codes.OK
    if query is None:
        return (card_board(machine, card) if chip_id is None else chip_board(machine, card, chip_id)), codes.OK
    if chip_id is None:
        return for_card(machine, query, card)
    lines, code = for_chip(machine, query, card, chip_id)
    if kind == "hccs" and chip is not None and code == codes.OK and (options.far_ends or options.lane):
        render = remote_lines if options.far_ends else hccs_lines
        return render(machine, chip, options.lane or 0), code
    return lines, code


def _vnpus(machine: Machine, chip: Optional[Chip], options: Options) -> _Printed:
    if options.chip_id is None:
        return ["Must input parameter of chip id."], codes.TOOL_INVALID_PARAMETER
    if machine.generation is Generation.A2 and (machine.in_vm or machine.in_container):
        return ["This command cannot be executed on a VM or container."], codes.OK
    if machine.settings.vnpu_for_vm:
        return ["The vnpu is not in docker mode, does not support querying info-vnpu."], codes.OK
    return ([_unsupported("info-vnpu")] if chip is None else vnpu_lines(machine, chip)), codes.OK


def _phy_id(machine: Machine, options: Options) -> _Printed:
    a5 = machine.generation is Generation.A5
    chip = next((chip for chip in machine.chips if chip.phy_id == options.phy_id), None)
    if chip is None:
        if a5:
            return [], codes.TOOL_INVALID_PARAMETER
        if options.chip_id is None:
            return [_unsupported("phyid-remap")], codes.OK
        return ["This command must input phy id. Input parameter of -p"], codes.TOOL_INVALID_PARAMETER
    if a5:
        rows = (("Chip Phy-ID", chip.phy_id), ("NPU ID", chip.npu), ("Slot ID", chip.npu), ("Chip ID", chip.chip))
    else:
        rows = (
            ("Chip Physical ID", chip.phy_id),
            ("Chip Logic ID", chip.logic_id),
            ("NPU ID", chip.npu),
            ("Chip ID", chip.chip),
        )
    return [f"\t{label:<30}:{value}" for label, value in rows], codes.OK


def _of_node(machine: Machine, cards: Sequence[Card], options: Options) -> _Printed:
    kind = options.kind or ""
    if kind == "topo":
        return topology(machine, cards)
    if kind == "hccs-bw":
        return _bandwidth(machine, cards, options)
    query = NODE_QUERIES.get(kind)
    return ([], codes.TOOL_NOT_SUPPORTED) if query is None else query(machine, has_card=options.has_card)


def _bandwidth(machine: Machine, cards: Sequence[Card], options: Options) -> _Printed:
    card = find(list(cards), options.card_id)
    if card is None or options.chip_id is None:
        return ["", "This command must input card id and chip id.", ""], codes.TOOL_INVALID_PARAMETER
    if options.window_ms is None:
        return ["", "This command must input profiling_time(1-1000, ms).", ""], codes.TOOL_INVALID_PARAMETER
    if options.chip_id >= len(card.chips):
        return [], codes.TOOL_NOT_SUPPORTED
    chip = card.chips[options.chip_id]
    failure = chip.query_failures.get(CALL, codes.OK)
    if failure:
        return [], codes.tool_code(failure)
    return bandwidth_lines(machine, chip, options.window_ms), codes.OK


def _ended(kind: str, lines: List[str], code: int) -> _Printed:
    if code == codes.TOOL_NOT_SUPPORTED:
        return [*lines, _unsupported(kind)], codes.OK
    if code in (codes.OK, codes.TOOL_NOT_PERMITTED, codes.TOOL_INVALID_PARAMETER):
        return lines, code
    return [*lines, f'Failed to query "{kind}" info.'], code


def _unsupported(kind: str) -> str:
    return f"This device does not support querying {kind}."
