"""Faults of what is installed on a node, and of who else uses its tools."""

from __future__ import annotations

from typing import Literal, Union

from ascend_doctor.simulator.faults.place import FaultOfNode, FaultOfNpu
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.sections import Version

DEVICE_IS_BUSY = -16
"""What a call to the device returns while somebody else drives it."""


class FirmwareMismatch(FaultOfNode):
    """Somebody installed only one of the two packages: the firmware is one that the driver does not accept.

    `firmware` is its version. 6.4.12.1.241 belongs to HDK 23.0.RC2, and no driver from 24.1 on accepts it.
    """

    found_by = ("version.driver-firmware",)
    fault: Literal["firmware-mismatch"] = "firmware-mismatch"
    firmware: Version = "6.4.12.1.241"

    def apply(self, machine: Machine) -> None:
        """Install and run the other firmware; the tool then says that the two do not fit."""
        machine.firmware_version = machine.running_firmware_version = self.firmware
        machine.compatibility = "NOK"


class ToolBusy(FaultOfNpu):
    """Somebody else drives the device: `hccn_tool` about it answers that it is busy."""

    found_by = ("tool.busy",)
    needs_roce = True
    fault: Literal["tool-busy"] = "tool-busy"

    def apply(self, machine: Machine) -> None:
        """Let the device turn every call away."""
        machine.ports[self.npu].call_failures["*"] = DEVICE_IS_BUSY


InstallationFault = Union[
    FirmwareMismatch,
    ToolBusy,
]
