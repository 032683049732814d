"""What is at the other end of each RoCE port, and which network settings each port should have."""

from __future__ import annotations

import ipaddress
from typing import Dict, FrozenSet, List, Mapping, Sequence, Tuple, Union

import attrs

from ascend_doctor.simulator.sections import AddressPlan, FabricPlan


@attrs.frozen(order=True)
class End:
    """The RoCE port of one NPU: its node and its phy-id."""

    node: str
    phy_id: int

    def __str__(self) -> str:
        return f"{self.node}/{self.phy_id}"


@attrs.frozen
class SwitchPort:
    """A port of a switch. `name` is the interface it announces, `address` the switch's management address."""

    switch: str
    mac: str
    name: str
    address: str


Neighbour = Union[End, SwitchPort]


@attrs.frozen
class Settings:
    """The network settings that one port should have."""

    address: str
    netmask: str
    gateway: str
    netdetect: str


@attrs.frozen
class Fabric:
    """The cables and the address plan of a cluster. A port without a cable is in `settings` only."""

    cables: Mapping[End, Neighbour]
    settings: Mapping[End, Settings]
    gateways: FrozenSet[str]
    """The addresses at which the switches answer."""
    speed_mbps: int
    announces: bool


class WiringError(ValueError):
    """The plan does not fit the nodes. `section` is the part of the scenario that has to change."""

    def __init__(self, section: str, message: str) -> None:
        super().__init__(message)
        self.section = section


PORTS_PER_SLOT = 32
_LOCALLY_ADMINISTERED = 0x02


def wire(plan: FabricPlan, addresses: AddressPlan, ports: Sequence[Tuple[str, Sequence[int]]]) -> Fabric:
    """Wire the RoCE ports of the nodes (`ports`: each node's name and phy-ids, nodes without RoCE left out).

    Raises `WiringError`, with words for the author of the scenario, when the plan does not fit the nodes.
    """
    if plan.kind == "direct":
        cables = _back_to_back(ports)
    else:
        cables = {
            End(node, phy_id): _switch_port(plan, position, phy_id)
            for position, (node, phy_ids) in enumerate(ports)
            for phy_id in phy_ids
        }
    settings = _settings(addresses, ports, cables)
    gateways = frozenset(value.gateway for value in settings.values()) if plan.kind == "switched" else frozenset()
    return Fabric(cables, settings, gateways, plan.speed_mbps, plan.lldp)


def _back_to_back(ports: Sequence[Tuple[str, Sequence[int]]]) -> Dict[End, Neighbour]:
    if not ports:
        return {}
    if len(ports) != 2 or list(ports[0][1]) != list(ports[1][1]):
        raise WiringError("fabric", "a direct fabric joins exactly two nodes with the same number of RoCE ports")
    (left, phy_ids), (right, _) = ports
    cables: Dict[End, Neighbour] = {}
    for phy_id in phy_ids:
        cables[End(left, phy_id)] = End(right, phy_id)
        cables[End(right, phy_id)] = End(left, phy_id)
    return cables


def _switch_port(plan: FabricPlan, position: int, phy_id: int) -> SwitchPort:
    pair, half = divmod(phy_id, 2)
    if plan.leaves == "npu":
        # Two nodes share one 400GE port of the leaf that serves their common NPU index.
        port, half = divmod(position, 2)
        leaf, slot, port = phy_id, port // PORTS_PER_SLOT, port % PORTS_PER_SLOT
    elif plan.leaves == "pair":
        leaf, slot, port = pair, position // PORTS_PER_SLOT, position % PORTS_PER_SLOT
    else:
        leaf, slot, port = 0, pair, position
    return SwitchPort(
        switch=f"leaf-{leaf + 1}",
        mac=mac(0xFE, leaf, 0),
        name=f"400GE1/{slot + 1}/{port + 1}:{half + 1}",
        address=str(ipaddress.IPv4Address("10.255.0.1") + leaf),
    )


def mac(kind: int, major: int, minor: int) -> str:
    """Return a locally administered MAC address that is made of three numbers."""
    number = (_LOCALLY_ADMINISTERED << 40) | (kind << 32) | (major << 8) | minor
    return ":".join(f"{byte:02x}" for byte in number.to_bytes(6, "big"))


def _settings(
    addresses: AddressPlan,
    ports: Sequence[Tuple[str, Sequence[int]]],
    cables: Mapping[End, Neighbour],
) -> Dict[End, Settings]:
    subnets = _Subnets(addresses, ports)
    address_of: Dict[End, str] = {}
    for position, (node, phy_ids) in enumerate(ports):
        for phy_id in phy_ids:
            address_of[End(node, phy_id)] = subnets.address(position, phy_id)
    found: Dict[End, Settings] = {}
    for end, address in address_of.items():
        neighbour = cables[end]
        if isinstance(neighbour, End):
            # On a cable between two NPUs the vendor's check scripts want a gateway all the same: the port's own
            # address; what the device probes is the other end (field guides for two nodes back to back).
            gateway, netdetect = address, address_of[neighbour]
        else:
            gateway = netdetect = subnets.gateway(end.phy_id)
        found[end] = Settings(address, subnets.netmask, gateway, netdetect)
    return found


class _Subnets:
    """Cuts the network of the plan into subnets of one size and counts their hosts."""

    def __init__(self, addresses: AddressPlan, ports: Sequence[Tuple[str, Sequence[int]]]) -> None:
        indexes: List[int] = sorted({phy_id for _, phy_ids in ports for phy_id in phy_ids})
        self._rail = addresses.plan == "rail"
        self._widest = len(indexes)
        hosts = 1 + len(ports) * (1 if self._rail else max(self._widest, 1))
        prefix = min(24, 32 - (hosts + 1).bit_length())
        prefix = max(prefix, addresses.network.prefixlen)
        count = self._widest if self._rail else 1
        if 2 ** (32 - prefix) - 2 < hosts or 2 ** (prefix - addresses.network.prefixlen) < count:
            raise WiringError(
                "addresses",
                f"the network {addresses.network} is too small: {count} subnet(s) of {hosts} addresses each are needed",
            )
        self._first = int(addresses.network.network_address)
        self._size = 2 ** (32 - prefix)
        self._rank = {phy_id: rank for rank, phy_id in enumerate(indexes)}
        self.netmask = str(ipaddress.IPv4Network((0, prefix)).netmask)

    def _start(self, phy_id: int) -> int:
        return self._first + (self._rank[phy_id] * self._size if self._rail else 0)

    def gateway(self, phy_id: int) -> str:
        return str(ipaddress.IPv4Address(self._start(phy_id) + 1))

    def address(self, position: int, phy_id: int) -> str:
        offset = position if self._rail else position * self._widest + self._rank[phy_id]
        return str(ipaddress.IPv4Address(self._start(phy_id) + 2 + offset))
