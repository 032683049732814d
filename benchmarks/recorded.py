"""What simulated nodes share over some minutes, through the real probe and agent: food for a swarm of nodes."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import attrs

from ascend_doctor.agent.sharing import Sharing
from ascend_doctor.checks import catalogue
from ascend_doctor.checks.topics import TOPICS
from ascend_doctor.model.sections import Section, Sections, SectionsChange, difference
from ascend_doctor.model.state import EMPTY, apply
from ascend_doctor.model.status import Status
from ascend_doctor.probe.loop import Probe, ProbeSettings
from ascend_doctor.probe.spool import SpoolReader
from ascend_doctor.simulator import scenario
from ascend_doctor.simulator.clock import VirtualClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.execution import Execution
from ascend_doctor.simulator.runner import SimulatedRunner
from ascend_doctor.wire.sections import told_in, write_topic

ENTRIES = catalogue.load()
PRODUCT = "atlas-800t-a3"
UPTIME_S = 90_000.0
ROUND_S = 60.0
STEP_S = 5.0

HEALTHY = "healthy"
FAULTY = {
    "cable-pulled": "{fault: cable-pulled, node: node-1, npu: 5, at: 200, until: 420}",
    "tls-odd": "{fault: tls-odd, node: node-1, npu: 3, at: 200, until: 420}",
}
"""What happens to the nodes that are not healthy, in seconds after their start."""


@attrs.frozen
class Recording:
    """A node over time: how it begins, and what each of its rounds changes. Times are seconds before the round."""

    begin: Sections
    rounds: Tuple[SectionsChange, ...]

    @property
    def finish(self) -> SectionsChange:
        """What leads from the last round back to the beginning."""
        state = self.begin.sections
        for change in self.rounds:
            state = {name: item for name, item in {**state, **change.sections}.items() if name not in change.removed}
        return difference(Sections(state), Sections(self.begin.sections))


def record(rounds: int, names: Sequence[str] = (HEALTHY, *FAULTY)) -> Dict[str, Recording]:
    """Return a healthy node and one for each fault, over so many rounds."""
    return {name: asyncio.run(_record(name, rounds)) for name in names}


async def _record(name: str, rounds: int) -> Recording:
    clock = VirtualClock()
    faults = "" if name == HEALTHY else f"faults:\n  - {FAULTY[name]}\n"
    text = f"seed: 1\nuptime: {UPTIME_S}\nnodes:\n  - {{name: 'node-[1-2]', product: {PRODUCT}}}\n{faults}"
    cluster = SimulatedCluster(scenario.load(text, name), clock)
    with tempfile.TemporaryDirectory(prefix="ascend-doctor-bench-") as folder:
        settings = ProbeSettings("node-1", Path(folder) / "state", lock_folder=folder)
        runner = SimulatedRunner(cluster, "node-1", Execution(cluster))
        probe = Probe(runner, ENTRIES, settings, wall=clock.now, monotonic=clock.now)
        reader = SpoolReader(settings.state_dir)
        sharing = Sharing("node-1")
        found: List[SectionsChange] = []
        state, epoch, sequence = EMPTY, "", 0
        begin = Sections()
        while len(found) < rounds:
            if await probe.step() is not None:
                now = clock.now()
                if not epoch:
                    snapshot = reader.snapshot()
                    assert snapshot is not None
                    state, epoch, sequence = snapshot.state, snapshot.epoch, snapshot.sequence
                    sections = sharing.begin(state)
                    begin = attrs.evolve(sections, times=_ages(sections.times, now))
                for entry in reader.changes(epoch, sequence) or ():
                    state, sequence = apply(state, entry.change), entry.sequence
                    change = sharing.follow(state, entry.sequence, entry.change)
                    found.append(attrs.evolve(change, times=_ages(change.times, now)))
            clock.advance(STEP_S)
        probe.close()
    return Recording(begin, tuple(found))


def _ages(times: Dict[str, float], now: float) -> Dict[str, float]:
    return {name: now - at for name, at in times.items()}


def of_node(sections: Dict[str, Section], number: int) -> Dict[str, Section]:
    """Return sections as another node would tell them: with addresses of its own."""
    found = dict(sections)
    for topic in TOPICS:
        if topic.name in found:
            facts, quotes = (_renumbered(data, number) for data in told_in(found[topic.name]))
            found[topic.name] = write_topic(topic.name, facts, quotes)
    return found


def _renumbered(data: bytes, number: int) -> bytes:
    text = data.decode()
    high, low = divmod(number, 250)
    for rail in range(16):
        for host, other in (("2", f"{high}.{low + 2}"), ("1", "255.254")):
            text = text.replace(f'192.168.{rail}.{host}"', f'10.{rail}.{other}"')
            text = text.replace(f"192.168.{rail}.{host}\\", f"10.{rail}.{other}\\")
    return text.replace("255.255.255.0", "255.255.0.0").encode()


def outcomes(sections: Sequence[Section]) -> Dict[str, int]:
    """Count outcomes by status, for a summary of what is sent."""
    return {
        status.value: sum(item.statuses.count(status) for item in sections)
        for status in Status
        if any(status in item.statuses for item in sections)
    }


def summary(recordings: Dict[str, Recording]) -> str:
    """Say what the swarm is made of."""
    healthy = recordings[HEALTHY]
    sections = list(healthy.begin.sections.values())
    size = sum(len(item.content) for item in sections)
    changed = sum(len(change.sections) for change in healthy.rounds)
    return (
        f"a node shares {len(sections)} sections, {size} bytes: {json.dumps(outcomes(sections))}; a healthy one changes"
        f" {changed} of them in {len(healthy.rounds)} rounds"
    )
