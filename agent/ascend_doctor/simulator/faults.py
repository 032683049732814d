"""What can break. A fault changes values of the healthy machine; what follows from them is worked out by the cluster.

A fault is never undone: the machines are made anew from their healthy state and the faults of the moment.
Every kind names the checks of which one should name it as the culprit: the ground truth of tests and drills.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated, ClassVar, Literal, Optional, Tuple, Type, Union, get_args

from pydantic import Field

from ascend_doctor.simulator.hardware import Machine, Presence, Process
from ascend_doctor.simulator.sections import NodeName, Seconds, Section, Version

DEVICE_IS_BUSY = -16
"""What a call to the device returns while somebody else drives it."""


class FaultOfNode(Section):
    """What all faults share: where, and from when until when, in seconds from the start of the scenario.

    Without `at` and `until` the fault is there all the time.
    """

    found_by: ClassVar[Tuple[str, ...]] = ()
    """The checks that see the cause; one of them names the culprit."""
    needs_roce: ClassVar[bool] = False
    """Whether only an NPU with a RoCE port can have it."""
    needs_hbm: ClassVar[bool] = False
    """Whether only an NPU with HBM can have it."""

    fault: str
    node: NodeName
    at: Seconds = 0.0
    until: Optional[Seconds] = None

    @property
    def phy_id(self) -> Optional[int]:
        """The NPU that has the fault, None for the whole node."""
        return None

    @property
    def place(self) -> str:
        """Where the fault is, as people write it: `node-a/3`, or `node-a` for a whole node."""
        return self.node if self.phy_id is None else f"{self.node}/{self.phy_id}"

    @property
    def darkens(self) -> bool:
        """Whether no light passes between the port and its neighbour while the fault is there."""
        return False

    def apply(self, machine: Machine) -> None:
        """Change the values of the machine that has the fault."""


class FaultOfNpu(FaultOfNode):
    """What the faults of one NPU share. `npu` is its phy-id, the number for `hccn_tool -i`."""

    npu: int = Field(ge=0)

    @property
    def phy_id(self) -> Optional[int]:
        """The NPU that has the fault."""
        return self.npu


class CablePulled(FaultOfNpu):
    """The fibre is out: no light comes in at either end."""

    found_by = ("roce.link",)
    needs_roce = True
    fault: Literal["cable-pulled"] = "cable-pulled"

    @property
    def darkens(self) -> bool:
        """A pulled cable carries no light."""
        return True


class ModulePulled(FaultOfNpu):
    """The optical module is out of its cage, and the cable with it."""

    found_by = ("roce.optical.present",)
    needs_roce = True
    fault: Literal["module-pulled"] = "module-pulled"

    @property
    def darkens(self) -> bool:
        """The neighbour hears nothing from an empty cage."""
        return True

    def apply(self, machine: Machine) -> None:
        """Take the module out."""
        machine.ports[self.npu].optic.present = False


class GatewayMissing(FaultOfNpu):
    """Nobody set a gateway: neither in the device nor in `/etc/hccn.conf`."""

    found_by = ("roce.gateway",)
    needs_roce = True
    fault: Literal["gateway-missing"] = "gateway-missing"

    def apply(self, machine: Machine) -> None:
        """Unset the gateway."""
        machine.ports[self.npu].gateway = ""
        machine.hccn_conf[self.npu].pop("gateway", None)


class TlsOdd(FaultOfNode):
    """The TLS switch is the other way round than in the rest of the cluster.

    Of one NPU, or of all NPUs of the node when `npu` is left out.
    """

    found_by = ("cluster.tls-equal",)
    needs_roce = True
    fault: Literal["tls-odd"] = "tls-odd"
    npu: Optional[int] = Field(default=None, ge=0)

    @property
    def phy_id(self) -> Optional[int]:
        """The NPU that has the fault."""
        return self.npu

    def apply(self, machine: Machine) -> None:
        """Turn the switch, which the tool writes to `/etc/hccn.conf` as well."""
        for phy_id in machine.ports if self.npu is None else (self.npu,):
            port = machine.ports[phy_id]
            port.tls_switch = 1 - port.tls_switch
            machine.hccn_conf[phy_id]["tls_enable"] = str(port.tls_switch)


class AddressDiffers(FaultOfNpu):
    """Somebody edited `/etc/hccn.conf` and did not apply it: the device still has its old address.

    `address` is what the file says, one more than the live address when it is left out.
    """

    found_by = ("roce.ip",)
    needs_roce = True
    fault: Literal["address-differs"] = "address-differs"
    address: Optional[ipaddress.IPv4Address] = None

    def apply(self, machine: Machine) -> None:
        """Write another address into the file."""
        live = ipaddress.IPv4Address(machine.ports[self.npu].address)
        machine.hccn_conf[self.npu]["address"] = str(self.address or live + 1)


class AddressDuplicate(FaultOfNpu):
    """The port has the address of another one, in the device and in `/etc/hccn.conf`.

    `like` names the other: `node-b/3`.
    """

    found_by = ("cluster.ip-duplicate",)
    needs_roce = True
    fault: Literal["address-duplicate"] = "address-duplicate"
    like: str = Field(pattern=r"^[^/]+/[0-9]{1,6}$")

    @property
    def original(self) -> Tuple[str, int]:
        """The node and the phy-id of the port to which the address belongs."""
        node, _, phy_id = self.like.partition("/")
        return node, int(phy_id)

    def set_address(self, machine: Machine, address: str) -> None:
        """Give the port the other port's address."""
        machine.ports[self.npu].address = address
        machine.hccn_conf[self.npu]["address"] = address


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


class ToolBusy(FaultOfNpu):
    """Somebody else drives the device: `hccn_tool` about it answers that it is busy."""

    found_by = ("tool.busy",)
    needs_roce = True
    fault: Literal["tool-busy"] = "tool-busy"

    def apply(self, machine: Machine) -> None:
        """Let the device turn every call away."""
        machine.ports[self.npu].call_failures["*"] = DEVICE_IS_BUSY


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


class NetHealthInit(FaultOfNpu):
    """The device has not judged its network yet, as it is for a while after a boot."""

    found_by = ("roce.net-health",)
    needs_roce = True
    fault: Literal["net-health-init"] = "net-health-init"

    def apply(self, machine: Machine) -> None:
        """Set the word."""
        machine.ports[self.npu].net_health = "Init"


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


_AnyFault = Union[
    CablePulled,
    ModulePulled,
    GatewayMissing,
    TlsOdd,
    AddressDiffers,
    AddressDuplicate,
    FirmwareMismatch,
    NpuDropped,
    ToolBusy,
    LeftoverProcess,
    NetHealthInit,
    EccDoubleBit,
]
KINDS: Tuple[Type[FaultOfNode], ...] = get_args(_AnyFault)

Fault = Annotated[_AnyFault, Field(discriminator="fault")]
"""Any fault, told apart by its key `fault`."""

NAMES: Tuple[str, ...] = tuple(str(kind.model_fields["fault"].default) for kind in KINDS)
