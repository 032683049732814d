"""`npu-smi info -t memory` and `flash`: what a chip is built of."""

from __future__ import annotations

from typing import Dict, Tuple

from ascend_doctor.simulator.hardware import Chip, Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.blocks import Block, Query
from ascend_doctor.simulator.npu_smi.layout import Value, key_line, key_lines

_MEMORY_CALLS = ("dsmi_get_hbm_info", "dsmi_get_device_frequency")


def _memory(machine: Machine, chip: Chip) -> Block:
    rows: Tuple[Tuple[str, Value], ...]
    if not machine.generation.has_hbm:
        rows = (
            ("Total DDR Capacity(MB)", chip.ddr_total_mb),
            ("DDR Capacity(MB)", chip.memory_mb[1]),
            ("DDR Clock Speed(MHz)", chip.clocks.ddr_mhz),
        )
        return Block(key_lines(rows))
    failure = next((chip.query_failures[call] for call in _MEMORY_CALLS if call in chip.query_failures), codes.OK)
    if failure:
        return Block((), codes.tool_code(failure))
    rows = (
        ("DDR Capacity(MB)", 0),
        ("DDR Clock Speed(MHz)", 0),
        ("HBM Capacity(MB)", chip.hbm_mb[1]),
        ("HBM Clock Speed(MHz)", chip.clocks.hbm_mhz),
        ("HBM Temperature(C)", chip.sensors.hbm_c),
        ("HBM Manufacturer ID", f"0x{chip.hbm_manufacturer_id:X}"),
    )
    return Block(key_lines(rows))


def _flash(_machine: Machine, chip: Chip) -> Block:
    failure = chip.query_failures.get("dsmi_get_device_flash_info", codes.OK)
    if failure:
        return Block((), codes.tool_code(failure))
    lines = [key_line("Flash Count", len(chip.flashes))]
    for flash in chip.flashes:
        rows = (
            ("Flash ID", flash.id),
            ("Manufacturer ID", f"0x{flash.manufacturer_id:X}"),
            ("Capacity(MB)", flash.size_mb),
        )
        lines += ["", *key_lines(rows)]
    return Block(lines)


QUERIES: Dict[str, Query] = {
    "memory": Query("memory", _memory, _memory),
    "flash": Query("flash", _flash, _flash, needs_chip_name=True),
}
