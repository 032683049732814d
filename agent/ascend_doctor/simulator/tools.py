"""One entry for all simulated tools."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Sequence

from ascend_doctor.facts.runtime.answers import TOOL as PYTHON
from ascend_doctor.model.product import Generation
from ascend_doctor.simulator import commands, hccn_tool, hccn_tool_950, ipmitool, npu_smi, python_tool
from ascend_doctor.simulator.hardware import Answer, Machine
from ascend_doctor.simulator.hccn_tool.ping import Reach

NOT_FOUND = 127
"""What a shell ends with for a command that is not there."""


def answer(machine: Machine, argv: Sequence[str], now: float, reach: Optional[Reach] = None) -> Answer:
    """Return what a tool prints on a machine, from nothing but the arguments.

    `argv` starts with the tool's name or path. `now` is the device's time in epoch seconds; `reach` tells who can be
    pinged from which port, and without it nobody answers.
    """
    tool = Path(argv[0]).name if argv else ""
    if tool in machine.absent_tools:
        return Answer(stderr=f"{tool}: command not found\n".encode(), exit_code=NOT_FOUND, absent=True)
    if tool == "npu-smi":
        return npu_smi.answer(machine, argv[1:])
    if tool == "hccn_tool" and machine.generation is Generation.A5:
        return hccn_tool_950.answer(machine, argv[1:], now)
    if tool == "hccn_tool":
        return hccn_tool.answer(machine, argv[1:], now, reach)
    if tool == commands.IPMITOOL:
        return ipmitool.answer(machine, argv[1:])
    if tool == PYTHON:
        return python_tool.answer(machine, argv[1:])
    return Answer(stderr=f"{tool}: command not found\n".encode(), exit_code=NOT_FOUND)
