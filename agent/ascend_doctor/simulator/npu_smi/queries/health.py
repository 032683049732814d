"""`npu-smi info -t health`."""

from __future__ import annotations

from typing import Dict

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.blocks import Block, Query
from ascend_doctor.simulator.npu_smi.layout import key_line, key_lines

_UNHEALTHY = frozenset({"Warning", "Alarm", "Critical"})


def _health_word(_machine: Machine, chip: Chip) -> Block:
    return Block([key_line("Health", chip.health)])


def _health(machine: Machine, chip: Chip) -> Block:
    failure = chip.query_failures.get("dsmi_get_device_errorcode", codes.OK)
    if failure:
        # Before A5 the library makes an inner error of any (vendor source, dcmi_fault_manage_intf.c).
        return Block((), codes.tool_code(failure) if machine.generation is Generation.A5 else codes.TOOL_INNER)
    if not chip.fault_codes:
        # The tool does not believe a bad state without a code, and says so only in its log.
        return _no_faults("OK" if chip.health in _UNHEALTHY else chip.health)
    lines = [
        key_line("Health Status", chip.health),
        key_line("Error Code", " ".join(f"{code:04X}" for code in chip.fault_codes)),
    ]
    for position, code in enumerate(chip.fault_codes):
        # A code without a description is printed as a number.
        text = machine.fault_texts.get(code, str(code))
        lines += [key_line("Error Information", text)] if not position else ["", key_line(" ", text)]
    return Block(lines)


def _no_faults(state: str) -> Block:
    return Block(key_lines((("Health Status", state), ("Error Code", "NA"), ("Error Information", "NA"))))


def _mcu_word(_machine: Machine) -> Block:
    return Block([key_line("Health", "OK")])


def _mcu_health(_machine: Machine) -> Block:
    return _no_faults("OK")


QUERIES: Dict[str, Query] = {"health": Query("health", _health_word, _health, _mcu_word, _mcu_health)}
QUERIES_A5: Dict[str, Query] = {"health": Query("health", _health, _health)}
