"""How the RoCE ports of all nodes are joined, as far as their own settings tell."""

from __future__ import annotations

from typing import Dict, List, Mapping, NamedTuple, Optional, Set, Tuple

import attrs

from ascend_doctor.checks.fleet import FleetView, NodeFacts
from ascend_doctor.checks.outcome import unknown
from ascend_doctor.checks.topics.node import NODE
from ascend_doctor.checks.topics.ports import PORTS, Port
from ascend_doctor.checks.view import NOT_ASKED
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.reading import Missing, part
from ascend_doctor.model.subject import Subject


def nobody_told(fleet: FleetView, what: str) -> Finding:
    """Say that no node told what a check of the cluster compares, and which nodes do not even tell what they are."""
    told = ((node, node.read(NODE)) for node in fleet.nodes)
    silent = tuple(node.subject for node, facts in told if isinstance(part(facts, lambda item: item.npus), Missing))
    return attrs.evolve(unknown(fleet.subject, what, NOT_ASKED), affected=silent)


class End(NamedTuple):
    """A port with its node."""

    node: NodeFacts
    port: Port

    @property
    def subject(self) -> Subject:
        """The port as a subject."""
        return subjects.port(self.node.name, self.port.phy_id)

    @property
    def key(self) -> Tuple[str, str]:
        """The names of node and port."""
        return (self.node.name, str(self.port.phy_id))


Pair = Tuple[End, End]


@attrs.frozen(eq=False)
class Fabric:
    """The ports of all nodes.

    `owners` are the ports by their addresses; a port whose address another has too is left out. `left` are the ports by
    the addresses that they should have and have not: others still look for them there. `pairs` are the two ends of every
    cable between two NPUs, the earlier end first: each probes the address of the other, and nothing speaks of a switch
    between them. `joined` leads from each such end, by its `key`, to the number of its pair.
    """

    nodes: Mapping[str, NodeFacts]
    owners: Mapping[str, End]
    left: Mapping[str, End]
    pairs: Tuple[Pair, ...]
    joined: Mapping[Tuple[str, str], int]

    def end(self, subject: Subject) -> Optional[End]:
        """Return the port that a subject is, None where nobody knows of it."""
        node = self.nodes.get(subject.node)
        facts = None if node is None else node.read(PORTS)
        if node is None or facts is None or isinstance(facts, Missing):
            return None
        return next((End(node, port) for port in facts.ports if str(port.phy_id) == subject.name), None)


def of(fleet: FleetView) -> Fabric:
    """Return the fabric of all nodes of a fleet; it is built once."""
    return fleet.derived(_build, PORTS)


def _build(fleet: FleetView) -> Fabric:
    owners: Dict[str, End] = {}
    left: Dict[str, End] = {}
    shared: Set[str] = set()
    direct: List[End] = []
    for node, facts in fleet.each(PORTS):
        for port in facts.ports:
            address = port.used_address
            if address is not None:
                if address in owners:
                    shared.add(address)
                owners[address] = End(node, port)
            if port.left is not None:
                left[port.left] = End(node, port)
            if port.peer != "switch" and port.probes is not None and port.looks_direct:
                direct.append(End(node, port))
    for address in shared:
        del owners[address]
    pairs: List[Pair] = []
    joined: Dict[Tuple[str, str], int] = {}
    for end in direct:
        other = owners.get(end.port.probes or "")
        if other is None or other == end or end.key in joined or not other.port.looks_direct:
            continue
        if owners.get(other.port.probes or "") == end:
            joined.update({end.key: len(pairs), other.key: len(pairs)})
            pairs.append((end, other))
    return Fabric({node.name: node for node in fleet.nodes}, owners, left, tuple(pairs), joined)
