"""How the RoCE ports of all nodes are joined, as far as their own settings tell."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

import attrs

from ascend_doctor.checks.fleet import FleetView, NodeFacts
from ascend_doctor.checks.outcome import unknown
from ascend_doctor.checks.topics.node import NODE
from ascend_doctor.checks.topics.ports import MAX_PORTS, PORTS, Port, Ports
from ascend_doctor.checks.view import NOT_ASKED
from ascend_doctor.facts.source import Source
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.subject import Subject


def nobody_told(fleet: FleetView, what: str) -> Finding:
    """Say that no node told what a check of the cluster compares, and which nodes do not even tell what they are."""
    silent = tuple(node.subject for node in fleet.nodes if _is_silent(node))
    return attrs.evolve(unknown(fleet.subject, what, NOT_ASKED), affected=silent)


def _is_silent(node: NodeFacts) -> bool:
    facts = node.read(NODE)
    return isinstance(facts, Missing) or isinstance(facts.npus, Missing)


class End(NamedTuple):
    """A port, with its node and what that tells of all its ports."""

    node: NodeFacts
    facts: Ports
    port: Port

    @property
    def subject(self) -> Subject:
        """The port as a subject."""
        return subjects.port(self.node.name, self.port.phy_id)

    @property
    def key(self) -> Tuple[str, str]:
        """The names of node and port."""
        return (self.node.name, str(self.port.phy_id))

    def quotes(self, *sources: Source[Any]) -> Tuple[Quote, ...]:
        """Return what these sources say of the port."""
        return self.node.quotes(PORTS, str(self.port.phy_id), of=sources)


Pair = Tuple[End, End]
Places = Mapping[str, int]
"""A port for each address, by its place in the fleet: a number, because a fleet has very many of them."""


@attrs.frozen(eq=False)
class Fabric:
    """The ports of all nodes.

    `pairs` are the two ends of every cable between two NPUs, the earlier end first: each probes the address of the
    other, and nothing speaks of a switch between them. `joined` leads from each such end, by its `key`, to the number
    of its pair.
    """

    _told: Sequence[Tuple[NodeFacts, Ports]]
    _owners: Places
    _left: Places
    pairs: Tuple[Pair, ...] = ()
    joined: Mapping[Tuple[str, str], int] = attrs.field(factory=dict)
    _nodes: Mapping[str, int] = attrs.field(init=False)

    @_nodes.default
    def _numbers_of_nodes(self) -> Mapping[str, int]:
        return {node.name: number for number, (node, _) in enumerate(self._told)}

    def owner(self, address: Optional[str]) -> Optional[End]:
        """Return the port that has an address; None for one that several have."""
        return self._end(self._owners.get(address or ""))

    def leaver(self, address: Optional[str]) -> Optional[End]:
        """Return the port that should have an address and has not: others still look for it there."""
        return self._end(self._left.get(address or ""))

    def end(self, subject: Subject) -> Optional[End]:
        """Return the port that a subject is, None where nobody knows of it."""
        number = self._nodes.get(subject.node)
        if number is None:
            return None
        node, facts = self._told[number]
        return next((End(node, facts, port) for port in facts.ports if str(port.phy_id) == subject.name), None)

    def _end(self, place: Optional[int]) -> Optional[End]:
        if place is None:
            return None
        number, index = divmod(place, MAX_PORTS)
        node, facts = self._told[number]
        return End(node, facts, facts.ports[index])


def of(fleet: FleetView) -> Fabric:
    """Return the fabric of all nodes of a fleet; it is built once."""
    return fleet.derived(_build, PORTS)


def _build(fleet: FleetView) -> Fabric:
    told = list(fleet.each(PORTS))
    owners: Dict[str, int] = {}
    left: Dict[str, int] = {}
    shared: Set[str] = set()
    direct: List[End] = []
    for number, (node, facts) in enumerate(told):
        for place, port in enumerate(facts.ports, number * MAX_PORTS):
            address = port.used_address
            if address in owners:
                shared.add(address)
            elif address is not None:
                owners[address] = place
            if port.left is not None:
                left[port.left] = place
            if port.may_be_direct:
                direct.append(End(node, facts, port))
    for address in shared:
        del owners[address]
    alone = Fabric(told, owners, left)
    pairs = tuple(_pairs(direct, alone))
    return attrs.evolve(
        alone, pairs=pairs, joined={end.key: number for number, pair in enumerate(pairs) for end in pair}
    )


def _pairs(direct: Iterable[End], ports: Fabric) -> Iterator[Pair]:
    """Yield the ends of cables, from the ports that may be on one, which stand in the order of their subjects."""
    later: Set[Tuple[str, str]] = set()
    for end in direct:
        other = ports.owner(end.port.probes)
        if other is None or other == end or end.key in later or not other.port.may_be_direct:
            continue
        if ports.owner(other.port.probes) == end:
            later.add(other.key)
            yield end, other
