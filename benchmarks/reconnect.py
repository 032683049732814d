"""A collector is killed and starts again, and all its nodes come back at once: `make bench-reconnect`.

Nodes and certificates are those of `fleet.py`. Measured is how long it takes from the start of the new process until
every node is welcome, has nothing more to say, and counts as ready or as broken as before; how much CPU of the
collector each reconnection costs, without the rounds of the nodes that waited meanwhile, which cost what they cost
before; and how much memory it takes beside the collector before. The last line is `bench-reconnect: figure, limit,
holds|falls short`; the exit code is 1 when a gate falls short.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, Optional, Sequence

import attrs
import recorded
from cluster_processes import Collector, Swarm, make_certificates, save_recordings
from fleet import FIRST_NODE, PER_SWARM, ask, say, wait_for_all
from gates import Gate, finish

from ascend_doctor.model.report import Liveness
from ascend_doctor.model.verdict import Verdict

CHANGES = "ascend_doctor_collector_committed_changes_total"


@attrs.frozen
class Size:
    """How much is measured."""

    nodes: int = 10_000
    rounds: int = 12
    round_s: float = 60.0
    settle_s: float = 20.0
    down_s: float = 5.0
    limit_s: float = 60.0
    memory: float = 1.25
    cpu_ms: float = 2.0


WHOLE = Size()
SHORT = Size(40, 4, 6.0, 1.0, 1.0, 60.0, 3.0, 100.0)


def verdicts(collector: Collector) -> Dict[str, Verdict]:
    """Return the verdict on every node that is alive."""
    nodes = asyncio.run(ask(collector)).nodes
    return {node.name: node.verdict for node in nodes if node.liveness is Liveness.LIVE}


def measure(folder: Path, size: Size) -> List[Gate]:
    """Kill the collector under its nodes, start it again, and wait for all of them."""
    store = str(folder / "store.sqlite")
    collector = Collector(folder, store=store)
    swarms: List[Swarm] = []
    try:
        for first in range(0, size.nodes, PER_SWARM):
            numbers = range(FIRST_NODE + first, FIRST_NODE + min(first + PER_SWARM, size.nodes))
            swarms.append(
                Swarm(folder, collector.listen, numbers, round_s=size.round_s, spread_s=size.nodes / 100, faulty=0.0)
            )
        say(f"{size.nodes} nodes are there after {wait_for_all(swarms, size.nodes, 300.0):.0f} s")
        time.sleep(size.settle_s)  # what connecting left to do is done then
        first, first_changes = collector.usage, collector.metrics()[CHANGES]
        time.sleep(size.settle_s)
        steady, changes = collector.usage, collector.metrics()[CHANGES]
        per_round_s = (steady.cpu_s - first.cpu_s) / max(1.0, changes - first_changes)
        before = verdicts(collector)
        collector.end(signal.SIGKILL)
        time.sleep(size.down_s)
        began = time.monotonic()
        collector = Collector(folder, store=store, listen=collector.listen)
        loaded_s, base = time.monotonic() - began, collector.usage
        wait_for_all(swarms, size.nodes, 300.0)
        after: Dict[str, Verdict] = {}
        while after != before and time.monotonic() - began < 300:
            after = verdicts(collector)
        took_s, usage, rounds = time.monotonic() - began, collector.usage, collector.metrics()[CHANGES]
        cpu_s = usage.cpu_s - base.cpu_s
        say(f"{cpu_s:.1f} s of CPU, {rounds * per_round_s:.1f} s of it for {rounds:.0f} rounds that came meanwhile")
        say(f"the store was loaded in {loaded_s:.1f} s, all were back after {took_s:.1f} s")
        lost = [name for name in before if after.get(name) is not before[name]]
        return [
            Gate(f"{size.nodes} nodes are back and ready", took_s, size.limit_s, " s"),
            Gate("nodes that were lost, or have another verdict", len(lost) + size.nodes - len(before), 0),
            Gate("memory of the collector", usage.peak / steady.peak, size.memory, " x that of the one before"),
            Gate("K6, CPU of a reconnection", 1000 * (cpu_s - rounds * per_round_s) / size.nodes, size.cpu_ms, " ms"),
        ]
    finally:
        for swarm in swarms:
            swarm.end()
        collector.end(signal.SIGTERM)


def main(words: Optional[Sequence[str]] = None) -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a form of some seconds with loose limits, for the tests")
    parser.add_argument("--nodes", type=int, help="how many nodes")
    options = parser.parse_args(words)
    size = SHORT if options.short else WHOLE
    if options.nodes:
        size = attrs.evolve(size, nodes=options.nodes)
    with tempfile.TemporaryDirectory(prefix="ascend-doctor-bench-") as name:
        folder = Path(name)
        save_recordings(folder, recorded.record(size.rounds))
        make_certificates(folder, range(FIRST_NODE, FIRST_NODE + size.nodes))
        gates = measure(folder, size)
    return finish("bench-reconnect", gates)


if __name__ == "__main__":
    sys.exit(main())
