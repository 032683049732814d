"""Asking a simulated cluster everything that the doctor would ask it."""

from __future__ import annotations

import asyncio
from typing import Any, Dict, Iterator, Sequence, Tuple

import attrs

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.engine import DEFAULTS, Settings
from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.catalogue import SOURCES
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.facts.hccn_tool.ub import dev_info
from ascend_doctor.facts.source import OF_PORTS, Cost, Medium, Query, Scope, Source, Target
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import NOT_REPORTED, Reading
from ascend_doctor.model.report import Report
from ascend_doctor.probe import history, plan
from ascend_doctor.probe.round import RoundSettings, take
from ascend_doctor.simulator import scenario
from ascend_doctor.simulator.clock import VirtualClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.execution import Execution
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.runner import SimulatedRunner

Key = Tuple[str, str]
"""A node and the key of a query."""
ENTRIES = catalogue.load()
MAPPED_BY = (*plan.ALWAYS, dev_info.SOURCE)
"""Without these no round knows whom it can ask."""
IMPATIENT = RoundSettings(busy_waits_s=())
"""A busy device is not asked again."""


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


class Doctor:
    """Looks at a simulated cluster in the way the doctor does: round after round, with the answers of the last ones."""

    def __init__(self, cluster: SimulatedCluster, settings: Settings = DEFAULTS) -> None:
        assert isinstance(cluster.clock, VirtualClock)
        self._clock = cluster.clock
        self._settings = settings
        self._sources = plan.sources_for(ENTRIES, settings)
        self._compared = tuple(source for source in self._sources if source.keeps or source in MAPPED_BY)
        execution = Execution(cluster)
        self._runners = {node: SimulatedRunner(cluster, node, execution) for node in cluster.nodes}
        self._devices: Dict[str, Reading[DeviceMap]] = dict.fromkeys(cluster.nodes, NOT_REPORTED)
        self._evidence: Dict[str, Dict[str, Evidence]] = {node: {} for node in cluster.nodes}

    def report(self, rounds: int = 4, apart_s: float = 300.0) -> Report:
        """Ask what is compared with earlier answers in every round, all the rest in the last one, and judge."""
        for number in range(rounds):
            self._clock.advance(apart_s)
            asyncio.run(self._ask(self._sources if number == rounds - 1 else self._compared))
        views = [NodeView(node, evidence) for node, evidence in self._evidence.items()]
        return make_report(views, judge_and_fold(views, ENTRIES, self._settings), made_at=self._clock.now())

    async def _ask(self, sources: Sequence[Source[Any]]) -> None:
        for node, runner in self._runners.items():
            devices = self._devices[node]
            taken = await take(runner, sources, devices=devices, settings=IMPATIENT, wall=self._clock.now)
            self._devices[node] = taken.devices
            self._evidence[node] = history.followed_by(self._evidence[node], taken.evidence, sources)
