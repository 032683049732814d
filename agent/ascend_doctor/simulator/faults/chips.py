"""Faults of an NPU's presence: it has dropped, is being reset, has not started, or is not there at all."""

from __future__ import annotations

from typing import Literal, Union

from ascend_doctor.simulator.faults.place import FaultOfNpu
from ascend_doctor.simulator.hardware import Machine, Presence
from ascend_doctor.simulator.hardware.system import Slot


class NpuDropped(FaultOfNpu):
    """The chip no longer answers: every call about it hangs, and the tables of the whole node leave it out.

    With `info: hangs` the calls for the whole node hang too, as they do on some machines.
    """

    found_by = ("tool.timeout", "npu.dropped")
    fault: Literal["npu-dropped"] = "npu-dropped"
    info: Literal["left-out", "hangs"] = "left-out"

    def apply(self, machine: Machine) -> None:
        """Let the driver say that there is no such device."""
        machine.chip(self.npu).presence = Presence.NOT_EXIST


class NpuLost(FaultOfNpu):
    """The chip is lost and the driver knows it: calls about it fail at once, and the tables leave it out.

    With `off: bus` the PCI bus does not show it either, and it has no file in /dev.
    """

    found_by = ("npu.dropped", "npu.present")
    fault: Literal["npu-lost"] = "npu-lost"
    off: Literal["driver", "bus"] = "driver"

    def apply(self, machine: Machine) -> None:
        """Let the driver say that there is no such device; take it off the bus."""
        machine.chip(self.npu).presence = Presence.NOT_EXIST
        if self.off == "bus":
            machine.system.slots[self.npu] = Slot(present=False)


class ChipReset(FaultOfNpu):
    """Somebody resets the NPU: it is gone until the reset is through, and comes back without its processes.

    `until` is when it is through; without it the reset never ends.
    """

    found_by = ("npu.dropped",)
    fault: Literal["chip-reset"] = "chip-reset"

    def apply(self, machine: Machine) -> None:
        """Let the NPU be gone."""
        chip = machine.chip(self.npu)
        chip.presence = Presence.NOT_EXIST
        chip.processes.clear()


class NpuMissing(FaultOfNpu):
    """The card of the NPU was not there when the node started: nothing on the node knows of it."""

    found_by = ("npu.present",)
    needs_roce = True
    fault: Literal["npu-missing"] = "npu-missing"

    def apply(self, machine: Machine) -> None:
        """Take out every chip of the card."""
        card = machine.chip(self.npu).npu
        machine.chips = [chip for chip in machine.chips if chip.npu != card]


_NOT_READY = 51
_CALLS = (
    "dsmi_get_device_temperature",
    "dsmi_get_device_power_info",
    "dsmi_get_device_voltage",
    "dsmi_get_hbm_info",
    "dsmi_get_ecc_info",
    "dsmi_get_device_flash_info",
    "dsmi_get_resource_info",
    "dsmi_get_soc_sensor_info",
    "dsmi_get_device_frequency",
    "dsmi_get_device_utilization_rate",
    "dsmi_get_device_info",
    "dsmi_get_aicore_info",
    "dsmi_get_system_time",
)


class NpuNotReady(FaultOfNpu):
    """The NPU has not finished starting: its health is UNKNOWN, and the driver cannot answer for it."""

    found_by = ("npu.boot",)
    fault: Literal["npu-not-ready"] = "npu-not-ready"

    def apply(self, machine: Machine) -> None:
        """Let the driver say that the device is not ready."""
        chip = machine.chip(self.npu)
        chip.health = "UNKNOWN"
        chip.query_failures.update(dict.fromkeys(_CALLS, _NOT_READY))


ChipFault = Union[
    NpuDropped,
    NpuLost,
    ChipReset,
    NpuMissing,
    NpuNotReady,
]
