"""Who uses an NPU that should be free: a leftover process, and loads on one part of the chip."""

from __future__ import annotations

from typing import Literal, Union

from pydantic import Field

from ascend_doctor.simulator.faults.memory import use_memory
from ascend_doctor.simulator.faults.place import FaultOfNpu
from ascend_doctor.simulator.hardware import Chip, Machine, Process

_NAME = r"^[A-Za-z0-9._-]+$"


class FaultOfProcess(FaultOfNpu):
    """A process uses the NPU. `memory_mb` is how much of its memory it holds, in MiB."""

    found_by = ("npu.processes",)
    process: str = Field(default="python3", min_length=1, max_length=64, pattern=_NAME)
    pid: int = Field(default=23_721, ge=1, le=4_194_304)
    memory_mb: int = Field(default=2_000, ge=1, le=1_000_000)

    def apply(self, machine: Machine) -> None:
        """Start the process, and what it does to the chip."""
        chip = machine.chip(self.npu)
        chip.processes.append(Process(self.pid, self.process, self.memory_mb))
        use_memory(chip, self.memory_mb)
        self.load(chip)

    def load(self, chip: Chip) -> None:
        """Use parts of the chip."""


class LeftoverProcess(FaultOfProcess):
    """A process of an earlier job still holds memory of the NPU. `memory_mb` is how much, in MiB."""

    fault: Literal["leftover-process"] = "leftover-process"
    memory_mb: int = Field(default=30_000, ge=1, le=1_000_000)


class AicoreLoad(FaultOfProcess):
    """A process keeps the matrix cores busy, `pct` percent: power, warmth and clock go up with them."""

    fault: Literal["aic-load"] = "aic-load"
    process: str = Field(default="aic_stress", min_length=1, max_length=64, pattern=_NAME)
    pct: int = Field(default=95, ge=1, le=100)

    def load(self, chip: Chip) -> None:
        """Load the matrix cores."""
        chip.aicore_pct = chip.aicube_pct = chip.npu_pct = self.pct
        _work(chip, self.pct)


class AivectorLoad(FaultOfProcess):
    """A process keeps the vector cores busy, `pct` percent."""

    fault: Literal["aiv-load"] = "aiv-load"
    process: str = Field(default="aiv_stress", min_length=1, max_length=64, pattern=_NAME)
    pct: int = Field(default=95, ge=1, le=100)

    def load(self, chip: Chip) -> None:
        """Load the vector cores."""
        chip.aivector_pct = chip.vectorcore_pct = chip.npu_pct = self.pct
        _work(chip, self.pct)


class AicpuLoad(FaultOfProcess):
    """A process keeps the CPUs of the NPU busy, `pct` percent."""

    fault: Literal["aicpu-load"] = "aicpu-load"
    process: str = Field(default="aicpu_stress", min_length=1, max_length=64, pattern=_NAME)
    pct: int = Field(default=95, ge=1, le=100)

    def load(self, chip: Chip) -> None:
        """Load the CPUs."""
        chip.aicpu_pct = self.pct
        chip.power_w += 12.0


class HbmLoad(FaultOfProcess):
    """A process fills the memory of the NPU and keeps its bandwidth busy, `pct` percent."""

    fault: Literal["hbm-load"] = "hbm-load"
    process: str = Field(default="hbm_stress", min_length=1, max_length=64, pattern=_NAME)
    memory_mb: int = Field(default=26_000, ge=1, le=1_000_000)
    pct: int = Field(default=90, ge=1, le=100)

    def load(self, chip: Chip) -> None:
        """Load the memory."""
        chip.hbm_bandwidth_pct = self.pct
        chip.sensors.hbm_c += 12
        chip.power_w += 60.0


def _work(chip: Chip, pct: int) -> None:
    """Let a chip work: full clock, more power, more warmth."""
    chip.clocks.aicore_mhz = chip.clocks.aicore_rated_mhz
    chip.power_w += 2.2 * pct
    chip.temp_c += pct // 6
    chip.sensors.soc_c += pct // 6
    chip.sensors.ndie_c += pct // 6


LoadFault = Union[
    LeftoverProcess,
    AicoreLoad,
    AivectorLoad,
    AicpuLoad,
    HbmLoad,
]
