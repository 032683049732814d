"""Faults that a chip tells of itself: events, heat, a clock that goes down."""

from __future__ import annotations

from typing import Literal, Union

from pydantic import Field

from ascend_doctor.simulator.faults.place import FaultOfNpu
from ascend_doctor.simulator.hardware import Chip, FaultEvent, Machine

Word = Literal["Warning", "Alarm", "Critical"]
_SEVERITIES = {"OK": 0, "Warning": 1, "Alarm": 2, "Critical": 3}


def raise_alarm(chip: Chip, code: int, word: Word) -> None:
    """Let a chip report an event: as a code with its health, whose worst word counts, and in its list of alarms."""
    chip.fault_codes.append(code)
    if _SEVERITIES.get(chip.health, 0) < _SEVERITIES[word]:
        chip.health = word
    if chip.fault_events is not None:
        chip.fault_events.append(FaultEvent(code, _SEVERITIES[word]))


class NpuAlarm(FaultOfNpu):
    """The NPU reports a fault: the event `code`, and its health goes down to `word`.

    8C1FA006 asks for a reset once the NPU is idle.
    """

    found_by = ("npu.health", "npu.fault-events")
    fault: Literal["npu-alarm"] = "npu-alarm"
    code: str = Field(default="8C1FA006", pattern=r"^[0-9A-Fa-f]{8}$")
    word: Word = "Alarm"

    def apply(self, machine: Machine) -> None:
        """Report the event."""
        raise_alarm(machine.chip(self.npu), int(self.code, 16), self.word)


class HotChip(FaultOfNpu):
    """The NPU is too hot: the chip, its memory, or its memory to the point where the module is switched off."""

    found_by = ("npu.temperature",)
    fault: Literal["hot-chip"] = "hot-chip"
    part: Literal["soc", "hbm", "hbm-fatal"] = "soc"
    above_c: int = Field(default=45, ge=1, le=100)

    def apply(self, machine: Machine) -> None:
        """Heat every sensor of the chip, and report the event of the part."""
        chip = machine.chip(self.npu)
        chip.temp_c += self.above_c
        chip.sensors.soc_c += self.above_c
        chip.sensors.ndie_c += self.above_c
        chip.sensors.hbm_c += self.above_c
        if self.part == "soc":
            raise_alarm(chip, 0x80E20207, "Warning")
        elif self.part == "hbm":
            raise_alarm(chip, 0x80E00209, "Warning")
        else:
            raise_alarm(chip, 0x80E0020B, "Critical")


class ClockThrottled(FaultOfNpu):
    """The NPU runs below its clock while its cores are busy; who keeps them busy no table of processes shows.

    So it is with a job in another container that the tool does not see. `mhz` is the clock.
    """

    found_by = ("npu.throttle",)
    fault: Literal["clock-throttled"] = "clock-throttled"
    mhz: int = Field(default=1_200, ge=100, le=1_700)

    def apply(self, machine: Machine) -> None:
        """Load the cores, and hold their clock down."""
        chip = machine.chip(self.npu)
        chip.aicore_pct = chip.npu_pct = 97
        chip.power_w += 150.0
        chip.clocks.aicore_mhz = self.mhz


AlarmFault = Union[
    NpuAlarm,
    HotChip,
    ClockThrottled,
]
