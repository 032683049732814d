"""`npu-smi info -t ecc-enable`, `sys-time`, `product`, `device-share`, `p2p-mem-cfg` and `work-mode`."""

from __future__ import annotations

import time
from typing import Dict

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.blocks import NOT_SUPPORTED, Block, Query, for_blocks, needs_chip
from ascend_doctor.simulator.npu_smi.cards import Card
from ascend_doctor.simulator.npu_smi.layout import key_line


def _ecc_enable(machine: Machine, card: Card) -> Block:
    chip = card.chips[0]
    failure = chip.query_failures.get("dsmi_get_ecc_info", codes.OK)
    if failure:
        return Block((), codes.tool_code(failure))
    memory = "HBM" if machine.generation.has_hbm else "DDR"
    return Block([key_line(f"{memory} ECC-Enable Status", str(chip.ecc.enabled))])


def _system_time(machine: Machine, chip: Chip) -> Block:
    failure = chip.query_failures.get("dsmi_get_system_time", codes.OK)
    if failure:
        return Block((), codes.tool_code(failure))
    return Block([key_line("System Time(local)", time.asctime(time.gmtime(machine.device_time)))])


def _time_of_only_chip(machine: Machine, card: Card) -> Block:
    return _system_time(machine, card.chips[0])


def _product(machine: Machine, _chip: Chip) -> Block:
    if machine.generation is not Generation.P310P:
        return NOT_SUPPORTED
    return Block([key_line("Product Type", machine.board.product_type)])


def _device_share(_machine: Machine, chip: Chip) -> Block:
    if chip.device_share is None:
        return NOT_SUPPORTED
    return Block([key_line("Device-share Status", str(chip.device_share))])


def _p2p_mem_cfg(_machine: Machine, chip: Chip) -> Block:
    if chip.p2p_mem_cfg is None:
        return NOT_SUPPORTED
    return Block([key_line("p2p-mem-cfg Status", "Enable" if chip.p2p_mem_cfg else "Disable")])


def _of_product(machine: Machine, card: Card) -> Block:
    if machine.generation is not Generation.P310P:
        return NOT_SUPPORTED
    return for_blocks(machine, QUERIES["product"], card)


def _p2p_of_card(machine: Machine, card: Card) -> Block:
    # The tool asks the first chip before it prints anything.
    return NOT_SUPPORTED if card.chips[0].p2p_mem_cfg is None else for_blocks(machine, QUERIES["p2p-mem-cfg"], card)


def _no_block(_machine: Machine, _chip: Chip) -> Block:
    return NOT_SUPPORTED


QUERIES: Dict[str, Query] = {
    "ecc-enable": Query("ecc-enable", _no_block, None, of_card=_ecc_enable),
    "sys-time": Query("sys-time", _system_time, _system_time, of_card=needs_chip),
    "product": Query("product", _product, _product, of_card=_of_product),
    "device-share": Query("device-share", _device_share, _device_share),
    "p2p-mem-cfg": Query("p2p-mem-cfg", _p2p_mem_cfg, _p2p_mem_cfg, of_card=_p2p_of_card),
}
QUERIES_A5: Dict[str, Query] = {
    "sys-time": Query("sys-time", _system_time, None, of_card=_time_of_only_chip),
}
