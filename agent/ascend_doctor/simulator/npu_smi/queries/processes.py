"""`npu-smi info -t proc-mem`: the processes that hold memory of a chip."""

from __future__ import annotations

from typing import Dict, List

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.blocks import Block, Query
from ascend_doctor.simulator.npu_smi.cards import Card
from ascend_doctor.simulator.npu_smi.layout import key_line


def _processes(_machine: Machine, chip: Chip) -> Block:
    failure = chip.query_failures.get("dsmi_get_resource_info", codes.OK)
    if failure:
        return Block((), codes.tool_code(failure))
    if not chip.processes:
        return Block(["\tNo process in device."])
    lines: List[str] = []
    for process in chip.processes:
        if process.name is None:
            lines.append("\tGet pid name failed.")
        name = process.name or ""
        lines.append(f"\tProcess id:{process.pid:<7} Process name:{name:<17} Process memory(MB):{process.memory_mb}")
    return Block(lines)


def _of_card(machine: Machine, card: Card) -> Block:
    """Return the answer for a card: other than everywhere else, a call that is not supported leaves its trace."""
    a5 = machine.generation is Generation.A5
    lines = [key_line("NPU ID", card.id), *([] if a5 else [key_line("Chip Count", len(card.chips)), ""])]
    code = codes.OK
    for chip in card.chips:
        block = _processes(machine, chip)
        lines += [*block.lines, *([] if a5 else [key_line("Chip ID", chip.chip)])]
        if block.code != codes.OK:
            code = block.code
            lines.append(f"Failed to query npu chip: {chip.chip} info.")
        lines.append("")
    return Block(lines, code)


QUERIES: Dict[str, Query] = {"proc-mem": Query("proc-mem", _processes, _processes, of_card=_of_card)}
