"""Faults of an NPU's memory: errors, spare rows, capacity, and memory that nobody gives back."""

from __future__ import annotations

from typing import Literal, Union

from pydantic import Field

from ascend_doctor.simulator.faults.alarms import raise_alarm
from ascend_doctor.simulator.faults.place import FaultOfNpu
from ascend_doctor.simulator.hardware import Chip, Machine


def use_memory(chip: Chip, more_mb: int) -> None:
    """Let a chip use more of its memory, HBM or DDR, up to all of it; the rates follow."""
    used, total = chip.hbm_mb
    if total:
        used = min(used + more_mb, total)
        chip.hbm_mb, chip.hbm_pct = (used, total), used * 100 // total
        return
    used, total = chip.memory_mb
    used = min(used + more_mb, total)
    chip.memory_mb, chip.memory_pct = (used, total), used * 100 // max(total, 1)


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


class EccIsolated(FaultOfNpu):
    """Many pages of the HBM are out of use after errors in earlier lives of the chip: `pages` of its 64 spare rows.

    From 16 on the chip reports the event 80E18401, at 64 the event 80E18402. `waiting` pages will be taken out of use
    by the next reset.
    """

    found_by = ("npu.ecc-isolation",)
    needs_hbm = True
    fault: Literal["ecc-isolated"] = "ecc-isolated"
    pages: int = Field(default=16, ge=0, le=64)
    waiting: int = Field(default=0, ge=0, le=64)

    def apply(self, machine: Machine) -> None:
        """Count the pages, and the errors of the chip's life that they come from."""
        chip = machine.chip(self.npu)
        chip.ecc.double_bit_isolated_pages += self.pages
        chip.ecc.record_count += self.pages + self.waiting
        chip.ecc.double_bit_aggregate += self.pages + self.waiting
        if self.pages >= 64:
            raise_alarm(chip, 0x80E18402, "Alarm")
        elif self.pages >= 16:
            raise_alarm(chip, 0x80E18401, "Warning")


class HbmShrunk(FaultOfNpu):
    """A part of the HBM is lost: the chip shows `left_pct` percent of what it was sold with."""

    found_by = ("npu.hbm-capacity",)
    needs_hbm = True
    fault: Literal["hbm-shrunk"] = "hbm-shrunk"
    left_pct: int = Field(default=75, ge=10, le=94)

    def apply(self, machine: Machine) -> None:
        """Show less memory."""
        chip = machine.chip(self.npu)
        used, total = chip.hbm_mb
        total = total * self.left_pct // 100
        chip.hbm_mb, chip.hbm_pct = (used, total), used * 100 // total


class MemoryLeak(FaultOfNpu):
    """Memory of the NPU is in use and no process holds it, as after a job that died. `memory_mb` is how much (MiB)."""

    found_by = ("npu.hbm-free",)
    fault: Literal["memory-leak"] = "memory-leak"
    memory_mb: int = Field(default=12_000, ge=1, le=1_000_000)

    def apply(self, machine: Machine) -> None:
        """Hold the memory."""
        use_memory(machine.chip(self.npu), self.memory_mb)


MemoryFault = Union[
    EccDoubleBit,
    EccIsolated,
    HbmShrunk,
    MemoryLeak,
]
