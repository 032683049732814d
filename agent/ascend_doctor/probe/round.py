"""One round: every question that is due is asked once, as fast as the devices' locks allow and no faster."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any, Callable, Coroutine, Dict, Iterable, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.facts import devices as device_maps
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.facts.npu_smi import info, mapping
from ascend_doctor.facts.source import Medium, Query, Source
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading
from ascend_doctor.probe import plan
from ascend_doctor.probe.locks import NpuLocks
from ascend_doctor.probe.runner import Runner

Progress = Callable[[int, int, str], None]
"""Told before each question: how many are done, how many are known of so far, and the command."""

BUSY_WAITS_S = (0.5, 1.0, 2.0)
RUNS_AT_ONCE = 16
LOCK_WAIT_S = 10.0


@attrs.frozen
class RoundSettings:
    """How a round is driven.

    `runs_at_once` caps the tools that run at one time. After a busy answer the question is put again after each of
    `busy_waits_s`, stretched by a random part of up to a half. `lock_wait_s` is how long another doctor on the same NPU
    is waited for. `lanes` has the sources that take another lock than the one of their device.
    """

    runs_at_once: int = RUNS_AT_ONCE
    busy_waits_s: Tuple[float, ...] = BUSY_WAITS_S
    lock_wait_s: float = LOCK_WAIT_S
    lanes: plan.Lanes = plan.NO_EXCEPTIONS


@attrs.frozen
class Round:
    """What a round brought: the answers by key, the map of the NPUs, and what the doctor has to say of itself.

    `readings` are the facts in the answers, by the same keys: each is parsed when it comes, while other tools run.
    """

    evidence: Mapping[str, Evidence]
    devices: Reading[DeviceMap]
    remarks: Tuple[str, ...] = ()
    readings: Mapping[str, Reading[Any]] = attrs.field(factory=dict)


def _silent(_done: int, _total: int, _what: str) -> None:
    """Tell nobody."""


async def take(
    runner: Runner,
    sources: Sequence[Source[Any]],
    *,
    devices: Reading[DeviceMap] = NOT_REPORTED,
    settings: RoundSettings = RoundSettings(),
    locks: Optional[NpuLocks] = None,
    progress: Progress = _silent,
    jitter: Callable[[], float] = random.random,
    wall: Callable[[], float] = time.time,
) -> Round:
    """Ask the sources about everything they have on this node.

    `devices` is the map of an earlier round; without one the round makes it from `npu-smi info -m` or `npu-smi info`,
    which must then be among the sources, and asks no device when it cannot be made: the doctor does not guess.
    `wall` tells the time of a question that was left out, by the same clock as the runner's.
    """
    return await _Round(runner, settings, locks=locks, progress=progress, jitter=jitter, wall=wall).take(
        sources, devices
    )


class _Round:
    """The state of one round."""

    def __init__(
        self,
        runner: Runner,
        settings: RoundSettings,
        *,
        locks: Optional[NpuLocks],
        progress: Progress,
        jitter: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._runner = runner
        self._settings = settings
        self._locks = locks
        self._progress = progress
        self._jitter = jitter
        self._wall = wall
        self._slots = asyncio.Semaphore(settings.runs_at_once)
        self._evidence: Dict[str, Evidence] = {}
        self._readings: Dict[str, Reading[Any]] = {}
        self._hung: Dict[Optional[int], str] = {}
        self._devices: Reading[DeviceMap] = NOT_REPORTED
        self._sources: Sequence[Source[Any]] = ()
        self._total = 0

    async def take(self, sources: Sequence[Source[Any]], devices: Reading[DeviceMap]) -> Round:
        asked = plan.for_node(sources)
        self._devices = devices
        self._sources = sources
        self._total = len(asked.tools) + len(asked.others)
        await _together(self._tools(asked.tools, sources), *(self._ask(query) for query in asked.others))
        if not isinstance(self._reading(mapping.SOURCE), Missing):
            found = self._map()
            self._devices = found if isinstance(found, Missing) else found.with_ports_of(self._devices)
        remarks = (self._locks.remark,) if self._locks is not None and self._locks.remark else ()
        return Round(self._evidence, self._devices, remarks, self._readings)

    async def _tools(self, on_node: Sequence[Query[Any]], sources: Sequence[Source[Any]]) -> None:
        """Ask the node until there is a map; then the NPUs, with the rest of the node's questions beside them."""
        ahead = list(on_node)
        while isinstance(self._devices, Missing) and ahead:
            await self._ask_in_lane(ahead.pop(0))
            self._devices = self._map()
        lanes = {} if isinstance(self._devices, Missing) else self._lanes(sources, self._devices)
        ahead += lanes.pop(None, ())
        await _together(self._lane(ahead), *(self._npu(phy_id, queries) for phy_id, queries in lanes.items()))

    def _lanes(self, sources: Iterable[Source[Any]], devices: DeviceMap) -> Dict[Optional[int], Tuple[Query[Any], ...]]:
        lanes = dict(plan.for_devices(sources, devices, self._settings.lanes))
        self._total += sum(map(len, lanes.values()))
        return lanes

    def _map(self) -> Reading[DeviceMap]:
        """Return the map that the answers so far make; Missing, too, while they do not tell the product."""
        found = device_maps.build(self._reading(mapping.SOURCE), self._reading(info.SOURCE))
        if isinstance(found, Missing):
            return found
        if isinstance(found.generation, Missing) and info.SOURCE.name not in self._evidence:
            return found.generation
        return found

    def _reading(self, source: Source[Any]) -> Reading[Any]:
        return self._readings.get(source.name, NOT_REPORTED)

    async def _npu(self, phy_id: Optional[int], queries: Sequence[Query[Any]]) -> None:
        """Ask one NPU, while no other doctor does."""
        if self._locks is None or phy_id is None:
            await self._device(phy_id, queries)
            return
        lock = await self._locks.take(phy_id, self._settings.lock_wait_s)
        if lock is None:
            for query in (*queries, *self._of_ports(phy_id)):
                self._skip(query, f"another ascend-doctor has been asking NPU {phy_id} all the time")
            return
        try:
            await self._device(phy_id, queries)
        finally:
            lock.release()

    async def _device(self, phy_id: Optional[int], queries: Sequence[Query[Any]]) -> None:
        """Ask one NPU, then about its ports, which its answers or an earlier round have named, then whom it reaches."""
        await self._lane(queries)
        if not isinstance(self._devices, Missing):
            self._devices = self._devices.with_ports(self._answered)
            if self._devices.older_form:
                # Its tool takes the command lines of the A2, which nobody could know before it was asked.
                lanes = plan.for_devices(self._sources, self._devices, self._settings.lanes)
                await self._lane([query for query in lanes.get(phy_id, ()) if query.key not in self._evidence])
        about_ports = self._of_ports(phy_id)
        self._total += len(about_ports)
        await self._lane(about_ports)
        about_pairs = self._of_pairs(phy_id)
        self._total += len(about_pairs)
        await self._lane(about_pairs)

    def _of_pairs(self, phy_id: Optional[int]) -> Tuple[Query[Any], ...]:
        if phy_id is None or isinstance(self._devices, Missing):
            return ()
        return plan.for_pairs(self._sources, self._devices, phy_id, self._answered)

    def _of_ports(self, phy_id: Optional[int]) -> Tuple[Query[Any], ...]:
        if phy_id is None or isinstance(self._devices, Missing):
            return ()
        return plan.for_ports(self._sources, self._devices, phy_id)

    def _answered(self, query: Query[Any]) -> Reading[Any]:
        return self._readings.get(query.key, NOT_REPORTED)

    async def _lane(self, queries: Iterable[Query[Any]]) -> None:
        for query in queries:
            await self._ask_in_lane(query)

    async def _ask_in_lane(self, query: Query[Any]) -> None:
        """Ask, unless an earlier question to the same device hung: one dropped NPU must not cost a deadline each."""
        device = None if isinstance(self._devices, Missing) else plan.device_of(query, self._devices)
        if device in self._hung:
            self._skip(query, f"not asked: `{self._hung[device]}` did not answer in this round")
            return
        evidence = await self._ask(query)
        if evidence.ending in (Ending.TIMED_OUT, Ending.ABANDONED):
            self._hung[device] = evidence.command

    async def _ask(self, query: Query[Any]) -> Evidence:
        """Ask, and ask again while the device is busy with somebody else."""
        attempts = 0
        for wait_s in (*self._settings.busy_waits_s, None):
            attempts += 1
            async with self._slots:
                self._progress(len(self._evidence), self._total, " ".join(query.argv))
                evidence = await self._runner.run(query)
            reading = query.source.read(evidence)
            if wait_s is None or not _is_busy(query, reading):
                break
            await asyncio.sleep(wait_s * (1 + self._jitter() / 2))
        if attempts > 1:
            evidence = attrs.evolve(evidence, attempts=attempts)
        self._note(query, evidence, reading)
        return evidence

    def _note(self, query: Query[Any], evidence: Evidence, reading: Reading[Any]) -> None:
        self._evidence[query.key] = evidence
        self._readings[query.key] = reading

    def _skip(self, query: Query[Any], why: str) -> None:
        skipped = Evidence(query.key, query.argv, ending=Ending.SKIPPED, started_at=self._wall(), note=why)
        self._note(query, skipped, query.source.read(skipped))


def _is_busy(query: Query[Any], reading: Reading[Any]) -> bool:
    """Tell whether somebody else drives the device."""
    return query.source.medium is Medium.TOOL and isinstance(reading, Missing) and reading.why is Absence.BUSY


async def _together(*work: Coroutine[Any, Any, Any]) -> None:
    """Do everything at the same time; when one part fails or the whole is cancelled, leave nothing running."""
    tasks = [asyncio.ensure_future(part) for part in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
