"""Faults of what is set on a RoCE port, and of what its device keeps of its neighbourhood."""

from __future__ import annotations

import ipaddress
from typing import Dict, Literal, Optional, Union

from pydantic import Field

from ascend_doctor.simulator.faults.place import FaultOfNode, FaultOfNpu
from ascend_doctor.simulator.hardware import ExtraRoute, Machine, Neighbour, Port

_PRIVATE = "172.31.255."
"""A network that no shipped scenario uses."""
_ACCESS_DENIED = -13
_RECOVERY_FAILED = 2
_ROCE_DSCP = 33


class _FaultOfPort(FaultOfNpu):
    needs_roce = True

    def apply(self, machine: Machine) -> None:
        """Change the port, and what `/etc/hccn.conf` says of it where the tool would write it there."""
        self.change(machine.ports[self.npu])
        machine.hccn_conf.get(self.npu, {}).update(self.saved())

    def change(self, port: Port) -> None:
        """Change the values of the port."""

    def saved(self) -> Dict[str, str]:
        """Return the lines that the tool writes into the file, by their names without the suffix."""
        return {}


class SpeedOdd(_FaultOfPort):
    """The two sides agreed on less than they are capable of. `speed_mbps` is what came of it."""

    found_by = ("roce.speed",)
    fault: Literal["speed-odd"] = "speed-odd"
    speed_mbps: int = Field(default=100_000, ge=1_000, le=400_000)

    def change(self, port: Port) -> None:
        """Lower the speed."""
        port.speed_mbps = self.speed_mbps


class HalfDuplex(_FaultOfPort):
    """The port sends or receives, never both at once."""

    found_by = ("roce.duplex",)
    fault: Literal["half-duplex"] = "half-duplex"

    def change(self, port: Port) -> None:
        """Set the mode."""
        port.settings.duplex = "Half"


class MtuOdd(_FaultOfPort):
    """The port has another MTU than the others. `mtu` is in bytes."""

    found_by = ("roce.mtu",)
    fault: Literal["mtu-odd"] = "mtu-odd"
    mtu: int = Field(default=1500, ge=68, le=9702)

    def change(self, port: Port) -> None:
        """Set the MTU."""
        port.settings.mtu = self.mtu

    def saved(self) -> Dict[str, str]:
        """Return the MTU as the tool saves it."""
        return {"mtu": str(self.mtu)}


class FecOff(_FaultOfPort):
    """The port does not correct bit errors."""

    found_by = ("roce.fec",)
    fault: Literal["fec-off"] = "fec-off"

    def change(self, port: Port) -> None:
        """Set the mode."""
        port.settings.fec = "no"

    def saved(self) -> Dict[str, str]:
        """Return the mode as the tool saves it."""
        return {"encoding": "off"}


class PfcOff(_FaultOfPort):
    """PFC protects no priority of the port, or another one: `priority`."""

    found_by = ("roce.pfc",)
    fault: Literal["pfc-off"] = "pfc-off"
    priority: int = Field(default=-1, ge=-1, le=7)

    def change(self, port: Port) -> None:
        """Set the protection."""
        port.settings.classes.pfc = [int(number == self.priority) for number in range(8)]

    def saved(self) -> Dict[str, str]:
        """Return the protection as the tool saves it."""
        return {"bitmap": ",".join(str(int(number == self.priority)) for number in range(8))}


class DscpChanged(_FaultOfPort):
    """Packets of the job are sorted into another traffic class. `dscp` leads to the class `tc`."""

    found_by = ("roce.pfc",)
    fault: Literal["dscp-changed"] = "dscp-changed"
    dscp: int = Field(default=_ROCE_DSCP, ge=0, le=63)
    tc: int = Field(default=1, ge=0, le=3)

    def change(self, port: Port) -> None:
        """Set the map."""
        port.settings.classes.dscp_tc[self.dscp] = self.tc


class BandwidthLimit(_FaultOfPort):
    """Somebody limited what the port may send, and forgot it. `limit_mbps` is the limit."""

    found_by = ("roce.shaping",)
    fault: Literal["bandwidth-limit"] = "bandwidth-limit"
    limit_mbps: int = Field(default=10_000, ge=10_000, le=200_000)

    def change(self, port: Port) -> None:
        """Set the limit."""
        port.settings.bandwidth_limit_mbps = self.limit_mbps

    def saved(self) -> Dict[str, str]:
        """Return the limit as the tool saves it."""
        return {"bw_limit": str(self.limit_mbps)}


class UdpPortFixed(_FaultOfPort):
    """The port sends all its packets from one UDP port, `port`, while the others choose."""

    found_by = ("roce.udp-port",)
    fault: Literal["udp-port-fixed"] = "udp-port-fixed"
    port: int = Field(default=4_791, ge=4_097, le=65_535)

    def change(self, port: Port) -> None:
        """Set the port."""
        port.settings.udp_port, port.settings.udp_status = self.port, "custom"


class ArpConflict(_FaultOfPort):
    """Another device claims the address that the port probes: it is there with two hardware addresses."""

    found_by = ("roce.arp",)
    fault: Literal["arp-conflict"] = "arp-conflict"
    mac: str = Field(default="02:7f:00:00:00:01", pattern=r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$")

    def apply(self, machine: Machine) -> None:
        """Add the second owner, as somebody who put it there by hand would."""
        port = machine.ports[self.npu]
        port.settings.neighbours.append(Neighbour(port.netdetect, self.mac, f"eth{self.npu}", permanent=True))


class RouteForeign(_FaultOfPort):
    """The port has a route that leads elsewhere: `kind` is a route, a rule, or a route of another table."""

    found_by = ("roce.route",)
    fault: Literal["route-foreign"] = "route-foreign"
    kind: Literal["route", "rule", "table"] = "route"

    def change(self, port: Port) -> None:
        """Add the route or the rule."""
        if self.kind == "rule":
            port.settings.extra_rules.append((f"from {_PRIVATE}9", 150))
        else:
            table = 100 if self.kind == "table" else 0
            port.settings.extra_routes.append(ExtraRoute(f"{_PRIVATE}0/24", port.netdetect, table))


class RecoveryFailed(_FaultOfPort):
    """After a reset one of the saved settings could not be applied: the port does not announce its address any more."""

    found_by = ("roce.cfg-status",)
    fault: Literal["recovery-failed"] = "recovery-failed"

    def change(self, port: Port) -> None:
        """Set the state."""
        port.settings.config_status, port.settings.announces_itself = _RECOVERY_FAILED, False


class VnicDown(_FaultOfPort):
    """The virtual network card of a die is down or, with `kind: no-address`, has no address."""

    found_by = ("roce.vnic",)
    needs_dies = True
    fault: Literal["vnic-down"] = "vnic-down"
    kind: Literal["down", "no-address"] = "down"

    def change(self, port: Port) -> None:
        """Break the card."""
        if self.kind == "no-address":
            port.settings.vnic_address = port.settings.vnic_netmask = str(ipaddress.IPv4Address(0))
        else:
            port.settings.vnic_up = False


class BondLost(_FaultOfPort):
    """The bond of a port's links lost its address in a reset, and nobody applied the saved settings again.

    `address` is what the bond has instead, nothing when it is left out.
    """

    found_by = ("roce.bond",)
    needs_bonds = True
    fault: Literal["bond-lost"] = "bond-lost"
    address: Optional[ipaddress.IPv4Address] = None

    def change(self, port: Port) -> None:
        """Take the address away, or set the other one."""
        port.settings.bond_address = "" if self.address is None else str(self.address)


class HccpLeftover(_FaultOfPort):
    """The process of an earlier job still runs on the device; none of it is left on the host."""

    found_by = ("npu.hccp",)
    fault: Literal["hccp-leftover"] = "hccp-leftover"

    def change(self, port: Port) -> None:
        """Start the process."""
        port.settings.hccp = True


class NetdetectUnset(_FaultOfPort):
    """The port probes no address or, with `kind: own`, its own."""

    found_by = ("roce.netdetect",)
    fault: Literal["netdetect-unset"] = "netdetect-unset"
    kind: Literal["none", "own"] = "none"

    def apply(self, machine: Machine) -> None:
        """Set the probed address, in the device and in the file."""
        port = machine.ports[self.npu]
        if self.kind == "own":
            port.netdetect = machine.hccn_conf[self.npu]["netdetect"] = port.address
        else:
            port.netdetect, port.net_health = "", "Init"
            machine.hccn_conf[self.npu].pop("netdetect", None)


class NetdetectForeign(_FaultOfPort):
    """The port probes an address that nobody has. It lies in the port's own network."""

    found_by = ("cluster.netdetect-target",)
    fault: Literal["netdetect-foreign"] = "netdetect-foreign"

    def apply(self, machine: Machine) -> None:
        """Set the probed address, in the device and in the file."""
        port = machine.ports[self.npu]
        network = ipaddress.IPv4Network(f"{port.address}/{port.netmask}", strict=False)
        port.netdetect = machine.hccn_conf[self.npu]["netdetect"] = str(network.broadcast_address - 1)


class GatewayOutside(_FaultOfPort):
    """The gateway lies in another network than the port."""

    found_by = ("roce.gateway",)
    fault: Literal["gateway-outside"] = "gateway-outside"

    def change(self, port: Port) -> None:
        """Set the gateway."""
        port.gateway = f"{_PRIVATE}1"

    def saved(self) -> Dict[str, str]:
        """Return the gateway as the tool saves it."""
        return {"gateway": f"{_PRIVATE}1"}


class LldpSilent(_FaultOfPort):
    """The port of the switch, or the NPU at the other end, does not announce itself."""

    found_by = ("roce.lldp",)
    fault: Literal["lldp-silent"] = "lldp-silent"

    def change(self, port: Port) -> None:
        """Let the port hear nothing."""
        port.settings.hears = "nobody"


class CableAstray(_FaultOfPort):
    """The cable of one port leads to an NPU of another cluster, where those of the others lead to switches."""

    found_by = ("roce.conn-mode",)
    needs_switches = True
    fault: Literal["cable-astray"] = "cable-astray"

    def change(self, port: Port) -> None:
        """Let the port hear an NPU."""
        port.settings.hears = "an NPU"


class LinkShut(_FaultOfPort):
    """Somebody shut the link with the tool: the port sends no light."""

    found_by = ("roce.link",)
    fault: Literal["link-shut"] = "link-shut"

    @property
    def mutes(self) -> bool:
        """A port that is shut sends no light."""
        return True


class TlsUnreadable(_FaultOfPort):
    """The device does not tell the TLS switch to the caller."""

    found_by = ("roce.tls",)
    fault: Literal["tls-unreadable"] = "tls-unreadable"

    def change(self, port: Port) -> None:
        """Let the device refuse."""
        port.call_failures["tls"] = _ACCESS_DENIED


class ConfMissing(FaultOfNode):
    """`/etc/hccn.conf` is not there or, with `incomplete`, says nothing of the last NPU."""

    found_by = ("roce.hccn-conf",)
    needs_roce = True
    fault: Literal["conf-missing"] = "conf-missing"
    incomplete: bool = False

    def apply(self, machine: Machine) -> None:
        """Remove the file, or what it says of the last NPU."""
        if self.incomplete:
            machine.hccn_conf.popitem()
        else:
            machine.hccn_conf.clear()


PortSettingsFault = Union[
    SpeedOdd,
    HalfDuplex,
    MtuOdd,
    FecOff,
    PfcOff,
    DscpChanged,
    BandwidthLimit,
    UdpPortFixed,
    ArpConflict,
    RouteForeign,
    RecoveryFailed,
    VnicDown,
    BondLost,
    HccpLeftover,
    NetdetectUnset,
    NetdetectForeign,
    GatewayOutside,
    LldpSilent,
    CableAstray,
    LinkShut,
    TlsUnreadable,
    ConfMissing,
]
