"""Two collectors share a PostgreSQL and a thousand nodes, and one is killed: `make bench-failover`, or `--short`.

Nodes and certificates are those of `fleet.py`; each node knows both collectors and begins with one of them by its
number. While a collector is killed some nodes are broken, some break, and some are mended. Measured is how long it
takes until every node is served by the other one and has nothing more to say. All the while somebody asks the survivor
for its report, which has to be what the nodes said themselves, no older than 2 s; of a node that nobody serves, what it
said until then. Then the first one starts again, the other is killed, and all of it is measured again. In the end the
history in the store has to be what the nodes told: nothing lost, nothing twice, nothing invented.

The limit is what the product itself allows. The kernel ends the connections of a killed process at once, so that its
nodes notice at once. They ask the same address once more and then the other one, each after the longest back-off that
their session can choose; the survivor takes the CPU that `reconnect.py` grants it for each of them; and what they say
is acknowledged once it is committed, for which it may be gathered.

The last line is `bench-failover: figure, limit, holds|falls short`; the exit code is 1 when a gate falls short.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import attrs
import reconnect
import recorded
from audit import Kill, Testimony, Watcher, audit_history, audit_reports
from cluster_processes import MIB, Collector, Swarm, make_certificates, save_recordings
from database import temporary_postgres
from fleet import FIRST_NODE, say, wait_for_all
from gates import Gate, finish
from recorded import HEALTHY

from ascend_doctor.collector.committer import GATHER_S
from ascend_doctor.wire.agent_session import AgentSession

FAULT = "cable-pulled"
PER_SWARM = 500
POLL_S = 0.1
PATIENCE_S = 120.0


@attrs.frozen
class Size:
    """How much is measured. `churn` nodes break, and as many are mended, within `churn_s` after each kill."""

    nodes: int = 1_000
    rounds: int = 12
    round_s: float = 20.0
    spread_s: float = 10.0
    settle_s: float = 90.0
    faulty: float = 0.05
    churn: int = 40
    churn_s: float = 10.0
    watch_s: float = 10.0
    every_s: float = 0.25
    late_s: float = 2.0
    slack_s: float = 0.0
    fsync: str = "on"


WHOLE = Size()
SHORT = Size(12, 6, 1.0, 0.5, 2.0, 0.4, 2, 1.0, 1.0, 0.1, 20.0, 30.0, "off")
"""A form of some seconds with loose limits: it shows that the benchmark works."""


def limit_s(nodes: int) -> float:
    """Return within what time so many nodes have to be served by another collector: see above."""
    session = AgentSession("node-1", "epoch", random=lambda: 1.0)
    waited_s = 0.0
    for _ in ("the address that served it", "the next one"):
        session.disconnected(0.0)
        waited_s += session.retry_at
    return waited_s + nodes * reconnect.WHOLE.cpu_ms / 1000 + GATHER_S


class Site:
    """Two collectors on one store, and the nodes of both."""

    def __init__(self, folder: Path, store: str, size: Size) -> None:
        self.folder = folder
        self.store = store
        self.size = size
        self.collectors = [Collector(folder, store=store)]
        self.swarms: List[Swarm] = []
        self.kills: List[Kill] = []

    def begin(self) -> None:
        """Let all nodes come."""
        size = self.size
        self.collectors.append(Collector(self.folder, store=self.store))
        plan: Dict[str, Any] = {"round_s": size.round_s, "spread_s": size.spread_s, "faulty": size.faulty}
        places = [item.listen for item in self.collectors]
        for first in range(0, size.nodes, PER_SWARM):
            numbers = range(FIRST_NODE + first, FIRST_NODE + min(first + PER_SWARM, size.nodes))
            self.swarms.append(Swarm(self.folder, places[0], numbers, addresses=places, testifies=True, **plan))
        took_s = wait_for_all(self.swarms, size.nodes, PATIENCE_S)
        served = [self.served_by(item) for item in self.collectors]
        say(f"{size.nodes} nodes are there after {took_s:.0f} s, at each collector {served}")

    def tell(self, word: str, number: int) -> None:
        """Let a node break, or be mended."""
        next(swarm for swarm in self.swarms if number in swarm.numbers).ask(f"{word} {number}")

    def served_by(self, collector: Collector) -> int:
        """Return how many nodes have a stream to a collector."""
        return sum(swarm.ask("status")["at"].get(collector.listen, 0) for swarm in self.swarms)

    def is_all_at(self, collector: Collector) -> bool:
        """Tell whether a collector serves every node, and each is caught up."""
        status = [swarm.ask("status") for swarm in self.swarms]
        there = sum(item["at"].get(collector.listen, 0) for item in status)
        done = sum(item["caught_up"] for item in status)
        return bool(there == done == self.size.nodes)

    def testimonies(self) -> Dict[str, Testimony]:
        """Return what every node said."""
        told = [item for swarm in self.swarms for item in swarm.ask("testify").items()]
        return {name: Testimony(item, self.kills) for name, item in told}

    def end(self) -> None:
        """End everything."""
        for swarm in self.swarms:
            swarm.end()
        for collector in self.collectors:
            collector.end(signal.SIGTERM)


def fail_over(site: Site, which: int, turns: Sequence[Tuple[str, int]]) -> Tuple[Gate, Watcher]:
    """Kill one of the collectors while nodes change, and wait until the other one serves all of its nodes."""
    size = site.size
    victim, survivor = site.collectors[which], site.collectors[1 - which]
    watcher = Watcher(survivor, size.every_s)
    time.sleep(size.watch_s)
    moved, before = site.served_by(victim), survivor.usage
    site.kills.append(Kill(time.time(), survivor.listen))
    began = time.monotonic()
    victim.end(signal.SIGKILL)
    waiting = [(began + size.churn_s * place / len(turns), turn) for place, turn in enumerate(turns)]
    took_s, after = None, before
    while took_s is None or waiting:
        while waiting and waiting[0][0] <= time.monotonic():
            site.tell(*waiting.pop(0)[1])
        if took_s is None and site.is_all_at(survivor):
            took_s, after = time.monotonic() - began, survivor.usage
        if time.monotonic() - began > PATIENCE_S:
            raise RuntimeError(f"not all nodes came: {site.served_by(survivor)} of {size.nodes}")
        time.sleep(POLL_S)
    time.sleep(size.watch_s)
    watcher.end()
    cpu_ms = 1000 * (after.cpu_s - before.cpu_s) / moved
    say(f"{moved} nodes moved; the survivor took {cpu_ms:.1f} ms of CPU for each, at most {after.peak / MIB:.0f} MiB")
    return Gate(f"{moved} nodes are served by the other", took_s, limit_s(moved) + size.slack_s, " s"), watcher


def measure(folder: Path, store: str, size: Size) -> Iterator[Gate]:
    """Kill either collector, one after the other, and look at what was said meanwhile."""
    first, second = (range(FIRST_NODE + start, FIRST_NODE + start + size.churn) for start in (0, size.churn))
    site = Site(folder, store, size)
    try:
        site.begin()
        for number in first:
            site.tell("fault", number)
        time.sleep(size.settle_s)
        watchers: List[Watcher] = []
        for which, (mended, broken) in enumerate(((first, second), (second, first))):
            turns = [turn for pair in zip(mended, broken) for turn in zip(("repair", "fault"), pair)]
            gate, watcher = fail_over(site, which, turns)
            watchers.append(watcher)
            yield gate
            if which == 0:
                gone = site.collectors[which]
                site.collectors[which] = Collector(folder, store=store, listen=gone.listen)
        nodes = site.testimonies()
    finally:
        site.end()
    returns_s = sorted(back - lost for item in nodes.values() for lost, back in item.moves)
    say(f"a node was welcome after {returns_s[len(returns_s) // 2]:.1f} s (median), {returns_s[-1]:.1f} s at most")
    seen = [item for watcher in watchers for item in watcher.seen]
    reports = audit_reports(seen, nodes, size.late_s)
    history = audit_history(store, nodes)
    say(f"{reports.reports} reports were compared, and {history.told} transitions")
    yield Gate("reports that were not answered", sum(watcher.unanswered for watcher in watchers), 0)
    yield Gate("reports", reports.reports, 2, "", at_least=True)
    yield Gate("nodes missing in a report, or not alive", reports.missing, 0)
    yield Gate("verdicts that are wrong", reports.wrong, 0)
    yield Gate("a verdict is late", reports.late_s, size.late_s, " s")
    yield Gate("transitions", history.told, 1, "", at_least=True)
    yield Gate("transitions lost", history.lost, 0)
    yield Gate("transitions invented, or told twice", history.foreign, 0)
    yield Gate("results whose transitions are out of order", history.disordered, 0)


def main(words: Optional[Sequence[str]] = None) -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a form of some seconds with loose limits, for the tests")
    parser.add_argument("--nodes", type=int, help="how many nodes")
    parser.add_argument(
        "--postgres", metavar="URL", help="share this database; its schema ascend_doctor has to be empty"
    )
    options = parser.parse_args(words)
    size = SHORT if options.short else WHOLE
    if options.nodes:
        size = attrs.evolve(size, nodes=options.nodes)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ascend-doctor-bench-")))
        store = options.postgres or stack.enter_context(temporary_postgres(fsync=size.fsync))
        if store is None:
            return finish("bench-failover", [Gate("databases to share", 0, 1, at_least=True)])
        save_recordings(folder, recorded.record(size.rounds, (HEALTHY, FAULT)))
        make_certificates(folder, range(FIRST_NODE, FIRST_NODE + size.nodes))
        gates = list(measure(folder, store, size))
    return finish("bench-failover", gates)


if __name__ == "__main__":
    sys.exit(main())
