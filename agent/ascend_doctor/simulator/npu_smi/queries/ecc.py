"""`npu-smi info -t ecc`."""

from __future__ import annotations

from typing import Dict

from ascend_doctor.simulator.hardware import Chip, Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.blocks import Block, Query
from ascend_doctor.simulator.npu_smi.layout import ECC_KEY_WIDTH, key_line


def _ecc(machine: Machine, chip: Chip) -> Block:
    failure = chip.query_failures.get("dsmi_get_ecc_info", codes.OK)
    if failure:
        return Block((), codes.tool_code(failure))
    ecc = chip.ecc
    # The tool subtracts unsigned numbers: fewer records than pages give one near 2^32.
    next_isolated = (ecc.record_count - ecc.double_bit_isolated_pages) & 0xFFFFFFFF
    rows = (
        ("Single Bit Error Count", ecc.single_bit),
        ("Double Bit Error Count", ecc.double_bit),
        ("Single Bit Aggregate Total Err Cnt", ecc.single_bit_aggregate),
        ("Double Bit Aggregate Total Err Cnt", ecc.double_bit_aggregate),
        ("Single Bit Isolated Pages Count", ecc.single_bit_isolated_pages),
        ("Double Bit Isolated Pages Count", ecc.double_bit_isolated_pages),
        ("Single Bit Next-Isolated Pages Count", 0),
        ("Double Bit Next-Isolated Pages Count", next_isolated),
    )
    memory = "HBM" if machine.generation.has_hbm else "DDR"
    return Block([key_line(f"{memory} {key}", value, ECC_KEY_WIDTH) for key, value in rows])


QUERIES: Dict[str, Query] = {"ecc": Query("ecc", _ecc, _ecc, width=ECC_KEY_WIDTH, needs_chip_name=True)}
