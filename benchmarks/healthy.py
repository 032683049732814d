"""Ten thousand rounds of healthy simulated machines: `make bench-healthy`, or `healthy.py --short` for the tests.

Machines of every product, new ones and ones with a past (counters that have counted, memory with old errors, links that
went down long ago), minutes after their start and months after it, whose devices now and then are busy with somebody
else: whatever the doctor finds wrong with them is a false alarm. A round is one node asked once, in the way the agent
asks; several rounds follow each other, so that counters are compared.

The last line is `bench-healthy: figure, limit, holds|falls short`; the exit code is 1 when it falls short.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import concurrent.futures
import itertools
import os
import random
import sys
import time
from typing import Any, Counter, Dict, Iterator, List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.judging import judge_and_fold
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.facts.source import Medium, Query
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Reading
from ascend_doctor.model.status import Status
from ascend_doctor.probe import history, plan
from ascend_doctor.probe import round as rounds
from ascend_doctor.probe.round import RoundSettings
from ascend_doctor.simulator import scenario
from ascend_doctor.simulator.clock import VirtualClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.execution import Execution
from ascend_doctor.simulator.profiles import PRODUCTS
from ascend_doctor.simulator.runner import SimulatedRunner

NODE_ROUNDS = 10_000
SHORT = 120
NODES = 2
ROUNDS = 5
ROUND_S = 61.0
UPTIMES_S = (5.0, 40.0, 200.0, 3_600.0, 86_400.0, 90 * 86_400.0)
"""How long the machines have been up at their first round; the youngest are still starting."""
BUSY = 0.01
"""How often a tool finds its device busy, once or twice in a row."""

ENTRIES = catalogue.load()
SOURCES = plan.sources_for(ENTRIES)
FABRICS = ("{kind: switched}", "{kind: direct}")


@attrs.frozen
class Setup:
    """One cluster: its product, how old it is, whether it has a past, and the seed of everything that varies."""

    product: str
    uptime_s: float
    used: bool
    fabric: str
    seed: int

    @property
    def text(self) -> str:
        """The scenario."""
        return (
            f"seed: {self.seed}\nuptime: {self.uptime_s}\nfabric: {self.fabric}\n"
            f"nodes:\n  - {{name: 'node-[1-{NODES}]', product: {self.product}, used: {str(self.used).lower()}}}\n"
        )


@attrs.frozen
class Outcome:
    """What came of one cluster: how many node-rounds, the findings by status, and a word for each false alarm."""

    node_rounds: int
    statuses: Counter[str]
    alarms: Tuple[str, ...]


class Contended:
    """A node of which the devices are now and then busy with somebody else, for one try or two."""

    def __init__(self, cluster: SimulatedCluster, node: str, chance: random.Random) -> None:
        self._runner = SimulatedRunner(cluster, node, Execution(cluster))
        self._cluster, self._node, self._chance = cluster, node, chance
        self._busy: Dict[str, int] = {}

    async def run(self, query: Query[Any]) -> Evidence:
        """Answer one query, or say that the device is busy."""
        if query.key not in self._busy and query.target.phy_id is not None and self._chance.random() < BUSY:
            self._busy[query.key] = self._chance.randint(1, 2)
        if self._busy.get(query.key, 0) > 0 and query.source.medium is Medium.TOOL:
            self._busy[query.key] -= 1
            answer = self._cluster.busy_answer(self._node, query.argv)
            now = self._cluster.clock.now()
            return Evidence(
                query.key,
                query.argv,
                exit_code=answer.exit_code,
                stdout=answer.stdout,
                stderr=answer.stderr,
                started_at=now,
            )
        self._busy.pop(query.key, None)
        return await self._runner.run(query)


def setups(node_rounds: int) -> Iterator[Setup]:
    """Yield as many clusters as make so many node-rounds, all products, ages and fabrics in turn."""
    kinds = itertools.cycle(itertools.product(UPTIMES_S, (False, True), FABRICS, sorted(PRODUCTS)))
    for seed in range(-(-node_rounds // (NODES * ROUNDS))):
        uptime_s, used, fabric, product = next(kinds)
        yield Setup(product, uptime_s, used, fabric if PRODUCTS[product].has_roce else FABRICS[0], seed)


def look(setup: Setup) -> Outcome:
    """Make the rounds of one cluster."""
    return asyncio.run(_look(setup))


async def _look(setup: Setup) -> Outcome:
    clock = VirtualClock()
    cluster = SimulatedCluster(scenario.load(setup.text, "healthy"), clock)
    chance = random.Random(setup.seed)
    runners = {node: Contended(cluster, node, chance) for node in cluster.nodes}
    evidence: Dict[str, Dict[str, Evidence]] = {node: {} for node in cluster.nodes}
    devices: Dict[str, Reading[DeviceMap]] = dict.fromkeys(cluster.nodes, NOT_REPORTED)
    statuses: Counter[str] = collections.Counter()
    alarms: List[str] = []
    settings = RoundSettings(busy_waits_s=(0.0, 0.0, 0.0))
    for _ in range(ROUNDS):
        for node, runner in runners.items():
            taken = await rounds.take(runner, SOURCES, devices=devices[node], settings=settings, wall=clock.now)
            devices[node] = taken.devices
            evidence[node] = history.followed_by(evidence[node], taken.evidence, SOURCES)
        views = [NodeView(node, answers, clock.now()) for node, answers in evidence.items()]
        for finding in judge_and_fold(views, ENTRIES, now=clock.now()):
            statuses[finding.status.value] += 1
            if finding.status in (Status.FAIL, Status.WARN):
                alarms.append(f"{setup}: {finding.check} {finding.status.value} {finding.subject}: {finding.summary}")
        clock.advance(ROUND_S)
    return Outcome(NODES * ROUNDS, statuses, tuple(alarms))


def main(words: Optional[Sequence[str]] = None) -> int:
    """Look at all of them, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help=f"{SHORT} node-rounds, for the tests")
    parser.add_argument("--node-rounds", type=int, default=NODE_ROUNDS, help="how many rounds of a node")
    options = parser.parse_args(words)
    wanted = list(setups(SHORT if options.short else options.node_rounds))
    began = time.monotonic()
    by_product: Dict[str, Counter[str]] = {}
    alarms: List[str] = []
    done = 0
    with concurrent.futures.ProcessPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for setup, outcome in zip(wanted, pool.map(look, wanted, chunksize=1)):
            done += outcome.node_rounds
            counts = by_product.setdefault(setup.product, collections.Counter())
            counts.update(outcome.statuses)
            counts["node-rounds"] += outcome.node_rounds
            for alarm in outcome.alarms:
                if len(alarms) < 40:
                    print(f"false alarm: {alarm}", flush=True)
                alarms.append(alarm)
            if sys.stderr.isatty():
                print(f"\r{done} of {NODES * ROUNDS * len(wanted)} node-rounds", end="", file=sys.stderr)
    for product, counts in sorted(by_product.items()):
        shown = ", ".join(f"{counts[status.value]} {status.value}" for status in Status if counts[status.value])
        print(f"{product:<20} {counts['node-rounds']:>6} node-rounds: {shown}")
    print(f"{done} node-rounds in {time.monotonic() - began:.0f} s")
    outcome_word = "falls short" if alarms else "holds"
    print(f"bench-healthy: {len(alarms)} false alarms, at most 0 false alarms, {outcome_word}")
    return 1 if alarms else 0


if __name__ == "__main__":
    sys.exit(main())
