"""`npu-smi info -t pcie-err`: errors of a chip's PCIe link, where the product counts them."""

from __future__ import annotations

from typing import Dict, Tuple

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Machine
from ascend_doctor.simulator.npu_smi.blocks import NOT_SUPPORTED, Block, Query, for_blocks
from ascend_doctor.simulator.npu_smi.cards import Card
from ascend_doctor.simulator.npu_smi.layout import Value, key_lines
from ascend_doctor.simulator.profiles import X86_MAIN_BOARD_OF_A3


def _counts(machine: Machine, chip: Chip) -> Block:
    errors = chip.pcie_errors
    rows: Tuple[Tuple[str, Value], ...]
    if not machine.generation.has_hbm:
        rows = (
            ("Pcs Rx Error Count", errors.pcs_rx),
            ("Phy Lane Error Count", errors.phy_lane),
            ("Dl Lcrc Error Count", errors.dl_lcrc),
            ("Dl Dcrc Error Count", errors.dl_dcrc),
        )
    elif not _is_counted(machine):
        return NOT_SUPPORTED
    else:
        rows = (
            ("TX Error Count", errors.tx),
            ("RX Error Count", errors.rx),
            ("Lcrc Error Count", errors.lcrc),
            ("Ecrc Error Count", errors.ecrc),
            ("Retry Count", errors.retries),
        )
    return Block(key_lines(rows))


def _is_counted(machine: Machine) -> bool:
    """Tell whether the server counts: an A2 does, an A3 and an A5 only on boards that hang on PCIe (vendor source)."""
    if machine.generation is Generation.A3:
        return machine.board.main_board_id == X86_MAIN_BOARD_OF_A3
    return machine.generation is not Generation.A5 or not machine.board.ub_bus


def _of_card(machine: Machine, card: Card) -> Block:
    if machine.generation.has_hbm and not _is_counted(machine):
        return NOT_SUPPORTED
    return for_blocks(machine, QUERIES["pcie-err"], card)


QUERIES: Dict[str, Query] = {"pcie-err": Query("pcie-err", _counts, _counts, of_card=_of_card)}
