"""Faults of a RoCE port: its cable, its module and its settings."""

from __future__ import annotations

import ipaddress
from typing import Literal, Optional, Tuple, Union

from pydantic import Field

from ascend_doctor.simulator.faults.place import FaultOfNode, FaultOfNpu
from ascend_doctor.simulator.hardware import Machine


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


class AddressChanged(FaultOfNpu):
    """Somebody gave the device another address and `/etc/hccn.conf` still has the old one.

    `address` is the new one, the last but two of the port's network when it is left out.
    """

    found_by = ("roce.ip",)
    needs_roce = True
    fault: Literal["address-changed"] = "address-changed"
    address: Optional[ipaddress.IPv4Address] = None

    def apply(self, machine: Machine) -> None:
        """Give the device the address; a port that is its own gateway keeps pointing at the old one."""
        port = machine.ports[self.npu]
        network = ipaddress.IPv4Network(f"{port.address}/{port.netmask}", strict=False)
        port.address = str(self.address or network.broadcast_address - 2)


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


class NetHealthInit(FaultOfNpu):
    """The device has not judged its network yet, as it is for a while after a boot."""

    found_by = ("roce.net-health",)
    needs_roce = True
    fault: Literal["net-health-init"] = "net-health-init"

    def apply(self, machine: Machine) -> None:
        """Set the word."""
        machine.ports[self.npu].net_health = "Init"


PortFault = Union[
    CablePulled,
    ModulePulled,
    GatewayMissing,
    TlsOdd,
    AddressDiffers,
    AddressChanged,
    AddressDuplicate,
    NetHealthInit,
]
