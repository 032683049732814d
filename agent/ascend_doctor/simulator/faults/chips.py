"""Faults of an NPU: its memory, its processes, its presence."""

from __future__ import annotations

from typing import Literal, Union

from pydantic import Field

from ascend_doctor.simulator.faults.place import FaultOfNpu
from ascend_doctor.simulator.hardware import Machine, Presence, Process


class NpuDropped(FaultOfNpu):
    """The chip no longer answers: every call about it hangs, and the tables of the whole node leave it out.

    With `info: hangs` the calls for the whole node hang too, as they do on some machines.
    """

    found_by = ("tool.timeout", "npu.present")
    fault: Literal["npu-dropped"] = "npu-dropped"
    info: Literal["left-out", "hangs"] = "left-out"

    def apply(self, machine: Machine) -> None:
        """Let the driver say that there is no such device."""
        machine.chip(self.npu).presence = Presence.NOT_EXIST


class LeftoverProcess(FaultOfNpu):
    """A process of an earlier job still holds memory of the NPU. `memory_mb` is how much, in MiB."""

    found_by = ("npu.processes", "npu.hbm-free")
    fault: Literal["leftover-process"] = "leftover-process"
    process: str = Field(default="python3", min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")
    pid: int = Field(default=23_721, ge=1, le=4_194_304)
    memory_mb: int = Field(default=30_000, ge=1, le=1_000_000)

    def apply(self, machine: Machine) -> None:
        """Start the process."""
        chip = machine.chip(self.npu)
        chip.processes.append(Process(self.pid, self.process, self.memory_mb))
        used, total = chip.hbm_mb
        if total:
            chip.hbm_mb = (min(used + self.memory_mb, total), total)
        else:
            used, total = chip.memory_mb
            chip.memory_mb = (min(used + self.memory_mb, total), total)


class EccDoubleBit(FaultOfNpu):
    """The HBM of the NPU had errors that it could not correct, `count` of them since the start."""

    found_by = ("npu.ecc",)
    needs_hbm = True
    fault: Literal["ecc-double-bit"] = "ecc-double-bit"
    count: int = Field(default=1, ge=1, le=1_000_000)

    def apply(self, machine: Machine) -> None:
        """Count the errors, since the start and in the lifetime total."""
        ecc = machine.chip(self.npu).ecc
        ecc.double_bit += self.count
        ecc.double_bit_aggregate += self.count


ChipFault = Union[
    NpuDropped,
    LeftoverProcess,
    EccDoubleBit,
]
