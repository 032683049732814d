"""Asking a simulated cluster everything that the doctor would ask it."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Tuple

import attrs

from ascend_doctor.facts.catalogue import SOURCES
from ascend_doctor.facts.source import OF_PORTS, Cost, Medium, Query, Scope, Source, Target
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.model.product import Generation
from ascend_doctor.probe import history
from ascend_doctor.simulator import scenario
from ascend_doctor.simulator.clock import VirtualClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.hardware import Machine

Key = Tuple[str, str]
"""A node and the key of a query."""


def make(text: str, seconds: float = 60.0) -> SimulatedCluster:
    """Return the cluster of a scenario, so many seconds after its start."""
    clock = VirtualClock()
    cluster = SimulatedCluster(scenario.load(text, "test"), clock)
    clock.advance(seconds)
    return cluster


def queries(cluster: SimulatedCluster, node: str) -> Iterator[Query[Any]]:
    """Yield every query that the product of a node can be asked, without those that send traffic."""
    machine = cluster.machine(node)
    for source in SOURCES:
        if machine.generation not in source.generations or source.cost is Cost.ACTIVE:
            continue
        if source.scope is Scope.NODE:
            yield source.about()
        elif source.scope is Scope.CHIP and machine.generation is not Generation.A5:
            yield from (source.about(Target(npu=chip.npu, chip=chip.chip)) for chip in machine.chips)
        elif source.scope in (Scope.CARD, Scope.CHIP):
            yield from (source.about(Target(npu=npu)) for npu in machine.cards())
        elif source.scope is Scope.NPU and machine.generation is not Generation.A5:
            yield from (source.about(Target(phy_id=chip.phy_id)) for chip in machine.chips)
        elif source.scope in OF_PORTS:
            yield from (source.about(target) for target in ports_of(machine, source))


def ports_of(machine: Machine, source: Source[Any]) -> Iterator[Target]:
    """Yield the ports of a 950 that a source about ports asks."""
    for device in machine.ub.values():
        for port in device.ports:
            if port.light or source.scope is Scope.PORT:
                yield Target(npu=device.npu, udie=port.udie, port=port.port)


def evidence_of(cluster: SimulatedCluster, node: str, query: Query[Any]) -> Evidence:
    """Return the evidence of one query at this moment."""
    if query.source.medium is Medium.HOST:
        return Evidence(query.key, query.argv, exit_code=0, stdout=cluster.host_answer(node, query.argv) or b"")
    if query.source.medium is Medium.FILE:
        files = cluster.files(node)
        content = next((files[path] for path in query.places if path in files), None)
        if content is None:
            return Evidence(query.key, query.argv, Ending.NOT_FOUND)
        return Evidence(query.key, query.argv, exit_code=0, stdout=content)
    answer = cluster.answer(node, query.argv)
    if answer.hangs:
        return Evidence(query.key, query.argv, Ending.TIMED_OUT)
    if answer.absent:
        return Evidence(query.key, query.argv, Ending.NOT_FOUND)
    return Evidence(query.key, query.argv, exit_code=answer.exit_code, stdout=answer.stdout, stderr=answer.stderr)


def answers(cluster: SimulatedCluster) -> Dict[Key, Evidence]:
    """Return the answers of all nodes."""
    return {
        (node, query.key): evidence_of(cluster, node, query)
        for node in cluster.nodes
        for query in queries(cluster, node)
    }


def watched(cluster: SimulatedCluster, rounds: int = 3, apart_s: float = 300.0) -> Dict[str, Dict[str, Evidence]]:
    """Return the answers of each node after more rounds, with the earlier answers of the counters among them."""
    keeping = [source for source in SOURCES if source.keeps]
    found: Dict[str, Dict[str, Evidence]] = {node: {} for node in cluster.nodes}
    clock = cluster.clock
    assert isinstance(clock, VirtualClock)
    for number in range(rounds + 1):
        if number:
            clock.advance(apart_s)
        for node in cluster.nodes:
            taken = {
                query.key: attrs.evolve(evidence_of(cluster, node, query), started_at=clock.now())
                for query in queries(cluster, node)
                if number == rounds or query.source.keeps
            }
            found[node] = history.followed_by(found[node], taken, keeping)
    return found


def readings(cluster: SimulatedCluster) -> Dict[Key, Any]:
    """Return what the doctor's parsers make of the answers of all nodes."""
    return {
        (node, query.key): query.source.read(evidence_of(cluster, node, query))
        for node in cluster.nodes
        for query in queries(cluster, node)
    }
