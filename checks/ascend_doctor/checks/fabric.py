"""How the RoCE ports of all nodes are joined, as far as their own settings tell."""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, Iterator, Optional, Sequence, Set, Tuple

import attrs

from ascend_doctor.checks.outcome import unknown
from ascend_doctor.checks.ports import network_of, planned
from ascend_doctor.checks.view import NOT_ASKED, FleetView, NodeView
from ascend_doctor.facts.files import hccn_conf
from ascend_doctor.facts.files.hccn_conf import HccnConfDevice
from ascend_doctor.facts.hccn_tool import gateway, ip, lldp, netdetect
from ascend_doctor.facts.source import Source, Target
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.reading import Absence, Missing, Reading, known
from ascend_doctor.model.subject import Subject

SOURCES: Tuple[Source[Any], ...] = (ip.SOURCE, gateway.SOURCE, netdetect.SOURCE, lldp.SOURCE, hccn_conf.SOURCE)


def nobody_told(fleet: FleetView, what: str) -> Finding:
    """Say that no node told what a check of the cluster compares, and which nodes do not even tell what they are."""
    silent = tuple(view.subject for view in fleet.nodes if isinstance(view.devices, Missing))
    return attrs.evolve(unknown(fleet.subject, what, NOT_ASKED), affected=silent)


@attrs.frozen
class Port:
    """One RoCE port. `address`, `gateway` and `probes` (the detect address) are None where not set or not known.

    `neighbour` is `switch`, `npu` or empty, as LLDP says. `is_known` is False where nobody tells whether the port has
    an address.
    """

    view: NodeView
    target: Target
    subject: Subject
    address: Optional[str] = None
    network: Optional[ipaddress.IPv4Network] = None
    gateway: Optional[str] = None
    probes: Optional[str] = None
    neighbour: str = ""
    is_known: bool = True
    left: Optional[str] = None
    """The address that /etc/hccn.conf has for it, where the port lives under another one."""

    @property
    def looks_direct(self) -> bool:
        """Whether nothing speaks against a cable straight to another NPU: no switch, and no router as gateway."""
        return self.neighbour != "switch" and self.gateway in (None, self.address, self.probes)


def ports_of(fleet: FleetView) -> Tuple[Port, ...]:
    """Return every port of every node, nodes in natural order.

    A port that does not tell its settings has those of /etc/hccn.conf, also when its NPU has dropped and is gone from
    the map: its peers still depend on it.
    """
    return tuple(port for view in fleet.nodes for port in _ports(view))


def _ports(view: NodeView) -> Iterator[Port]:
    asked = [target for target, _, _ in view.each(ip.SOURCE) if target.phy_id is not None]
    conf = view.read(hccn_conf.SOURCE)
    saved = [] if isinstance(conf, Missing) else [Target(phy_id=item.device) for item in conf.devices]
    for target in sorted({*asked, *saved}, key=lambda item: item.phy_id or 0):
        yield _port(view, target)


def _port(view: NodeView, target: Target) -> Port:
    facts = view.read(ip.SOURCE, target)
    route = view.read(gateway.SOURCE, target)
    probe = view.read(netdetect.SOURCE, target)
    beside = view.read(lldp.SOURCE, target)
    plan = planned(view, target) or HccnConfDevice(-1)
    own = facts if isinstance(facts, Missing) else facts.ipaddr
    address = _either(own, plan.address)
    return Port(
        view,
        target,
        view.subject_of(ip.SOURCE, target),
        address,
        network_of(view, target),
        _either(route if isinstance(route, Missing) else route.gateway, plan.gateway),
        _either(probe if isinstance(probe, Missing) else probe.netdetect, plan.netdetect),
        "" if isinstance(beside, Missing) else known(beside.peer) or "",
        address is not None or (isinstance(own, Missing) and own.why is Absence.NOT_CONFIGURED),
        known(plan.address) if plan.address not in (None, address) else None,
    )


def _either(live: Reading[str], saved: Optional[Reading[str]]) -> Optional[str]:
    """Return the live setting; the saved one where the port does not answer; None where it says that nothing is set."""
    if not isinstance(live, Missing):
        return live
    if live.why is Absence.NOT_CONFIGURED or saved is None:
        return None
    return known(saved)


def by_address(found: Sequence[Port]) -> Dict[str, Port]:
    """Return the ports by their addresses; a port whose address another has too is left out."""
    owners: Dict[str, Port] = {}
    shared: Set[str] = set()
    for port in found:
        if port.address is not None:
            shared.update({port.address} if port.address in owners else ())
            owners[port.address] = port
    return {address: port for address, port in owners.items() if address not in shared}


def by_left_address(found: Sequence[Port]) -> Dict[str, Port]:
    """Return the ports by the addresses that they should have and have not; others still look for them there."""
    return {port.left: port for port in found if port.left is not None}


def direct_pairs(found: Sequence[Port]) -> Tuple[Tuple[Port, Port], ...]:
    """Return the two ends of every cable between two NPUs, the earlier end first.

    Two ports are such ends when each probes the address of the other and nothing speaks of a switch between them.
    """
    owners = by_address(found)
    pairs = []
    for port in found:
        other = owners.get(port.probes or "")
        mutual = other is not None and owners.get(other.probes or "") is port
        if other is not None and mutual and port.looks_direct and other.looks_direct and _is_first(port, other):
            pairs.append((port, other))
    return tuple(pairs)


def _is_first(port: Port, other: Port) -> bool:
    return port.subject.sort_key < other.subject.sort_key
