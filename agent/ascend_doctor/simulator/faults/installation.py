"""Faults of what is installed on a node, and of who else uses its tools."""

from __future__ import annotations

from typing import Literal, Tuple, Union

from pydantic import Field

from ascend_doctor.facts.files.cann_parts import CORE
from ascend_doctor.simulator.faults.place import FaultOfNode, FaultOfNpu
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.hardware.software import Cann
from ascend_doctor.simulator.sections import Version

INNER_ERROR = 7
OCCUPIED = 87
"""What the driver's start-up returns: the library makes -8005 and -8020 of them."""
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


class DriverNotLoaded(FaultOfNode):
    """The driver's library does not start: `npu-smi` ends with -8005, as after an upgrade that nobody rebooted for."""

    found_by = ("tool.npu-smi",)
    fault: Literal["driver-not-loaded"] = "driver-not-loaded"

    def apply(self, machine: Machine) -> None:
        """Let the start-up of the library fail."""
        machine.init_failure = INNER_ERROR


class DeviceOccupied(FaultOfNode):
    """Somebody else has the devices: `npu-smi` ends with -8020 when it starts."""

    found_by = ("tool.npu-smi",)
    fault: Literal["device-occupied"] = "device-occupied"

    def apply(self, machine: Machine) -> None:
        """Let the start-up of the library be turned away."""
        machine.init_failure = OCCUPIED


class DriverIncomplete(FaultOfNode):
    """The installation of the driver stopped half-way; the driver that was there before still runs."""

    found_by = ("version.driver-install",)
    fault: Literal["driver-incomplete"] = "driver-incomplete"
    status: str = Field(default="failed", min_length=1, max_length=40, pattern=r"^[a-z-]+$")

    def apply(self, machine: Machine) -> None:
        """Leave the mark of an installation that did not end."""
        machine.install_status = self.status


class HccnToolMissing(FaultOfNode):
    """`hccn_tool` is not installed."""

    found_by = ("tool.hccn-tool",)
    needs_roce = True
    fault: Literal["hccn-tool-missing"] = "hccn-tool-missing"

    def apply(self, machine: Machine) -> None:
        """Take the tool away."""
        machine.absent_tools = (*machine.absent_tools, "hccn_tool")


class RebootPending(FaultOfNode):
    """Somebody installed another driver, and the one that was loaded at the boot still runs."""

    found_by = ("version.reboot-pending",)
    fault: Literal["reboot-pending"] = "reboot-pending"
    driver: Version = "25.5.2"

    def apply(self, machine: Machine) -> None:
        """Put the files of the other driver there."""
        machine.driver_version = self.driver


class DriverOld(FaultOfNode):
    """The node has an old HDK: driver and firmware fit each other, and are older than everybody's."""

    found_by = ("version.driver-min",)
    fault: Literal["driver-old"] = "driver-old"
    driver: Version = "23.0.7"
    firmware: Version = "7.1.0.11.220"

    def apply(self, machine: Machine) -> None:
        """Install and run the old pair."""
        machine.driver_version = machine.running_driver_version = self.driver
        machine.firmware_version = machine.running_firmware_version = self.firmware


class VersionsMixed(FaultOfNode):
    """The node has another HDK than the rest of the cluster: a pair that fits, and is new enough."""

    found_by = ("cluster.version-equal",)
    fault: Literal["versions-mixed"] = "versions-mixed"
    driver: Version = "25.2.0"
    firmware: Version = "7.7.0.6.236"

    def apply(self, machine: Machine) -> None:
        """Install and run the other pair."""
        machine.driver_version = machine.running_driver_version = self.driver
        machine.firmware_version = machine.running_firmware_version = self.firmware


class CannOdd(FaultOfNode):
    """An upgrade of CANN stopped half-way: some of its parts are of another release. `parts` are their names."""

    found_by = ("version.cann",)
    fault: Literal["cann-odd"] = "cann-odd"
    release: Version = "8.2.RC1"
    parts: Tuple[Literal[CORE], ...] = ("hccl", "runtime")  # type: ignore[valid-type]

    def apply(self, machine: Machine) -> None:
        """Install CANN, and leave parts of the other release in it."""
        machine.cann = Cann(odd_parts=dict.fromkeys(self.parts, self.release))


class TorchMismatch(FaultOfNode):
    """In the Python of the jobs torch and torch_npu are of different versions."""

    found_by = ("version.python-stack",)
    fault: Literal["torch-mismatch"] = "torch-mismatch"
    torch: Version = "2.6.0"

    def apply(self, machine: Machine) -> None:
        """Install the other torch."""
        machine.python.packages["torch"] = self.torch


class RuntimeBlind(FaultOfNode):
    """The runtime sees fewer NPUs than there are, as in a container with incomplete mounts.

    `visible` is how many.
    """

    found_by = ("npu.runtime-visible",)
    fault: Literal["runtime-blind"] = "runtime-blind"
    visible: int = Field(default=0, ge=0, le=64)

    def apply(self, machine: Machine) -> None:
        """Hide the NPUs from the runtime."""
        machine.python.visible_npus = self.visible


class ChipSlow(FaultOfNpu):
    """The NPU computes right, and slower than its siblings. `duration_ms` is the time of a product of matrices."""

    found_by = ("npu.compute",)
    fault: Literal["chip-slow"] = "chip-slow"
    duration_ms: float = Field(default=2.9, gt=0, le=1e6)

    def apply(self, machine: Machine) -> None:
        """Let its products take longer."""
        machine.python.durations_ms[self.npu] = self.duration_ms


class ChipWrong(FaultOfNpu):
    """The NPU computes wrong, and no counter tells."""

    found_by = ("npu.compute",)
    fault: Literal["chip-wrong"] = "chip-wrong"

    def apply(self, machine: Machine) -> None:
        """Spoil its products."""
        machine.python.wrong[self.npu] = True


InstallationFault = Union[
    FirmwareMismatch,
    ToolBusy,
    DriverNotLoaded,
    DeviceOccupied,
    DriverIncomplete,
    HccnToolMissing,
    RebootPending,
    DriverOld,
    VersionsMixed,
    CannOdd,
    TorchMismatch,
    RuntimeBlind,
    ChipSlow,
    ChipWrong,
]
