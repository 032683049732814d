"""One collector and thousands of nodes, over real gRPC with mutual TLS: `make bench-fleet`, or `fleet.py --short`.

Every node has sixteen NPUs and makes all default checks once a minute: what it sends was recorded from the real probe
and agent on a simulated machine. Two in a hundred nodes break and are mended again and again. The collector is a
process of its own; figures are what the kernel says that it used. While it is measured, Prometheus scrapes it every
15 s and somebody asks for a report every 30 s. In the end the nodes rest, so that only their connections cost
anything, and then all of them look again at once.

The names of the gates are those of the project's goals. They hold for the smaller fleet; of the larger one the same
figures are printed. Compared are figures of one run:

K1  what a round costs the collector (all its CPU, divided by the rounds) with what it would take only to read the
    results of that node if each came as a message that says all of itself, as in a report: no TLS, no store, no
    acknowledgement, nobody who asks. A round costs at most 4 times as much.
K2  the same with a third of what K1 allows: nodes send a compact form, which has to be worth it.
K3  what a round costs with five times as many nodes.
K4  memory of a node, over that of a collector without nodes.
K5  CPU while nobody sends but heartbeats and nobody asks.
K7  from the moment that all nodes are asked to look until the last of their rounds, each with news, is committed and
    in the report; that the swarms make and send them on the same machine is part of it.
K8  the longest time that the collector did not answer, measured at /healthz, in a minute of its own.

The last line is `bench-fleet: figure, limit, holds|falls short`; the exit code is 1 when a gate falls short.
"""

from __future__ import annotations

import argparse
import asyncio
import concurrent.futures
import contextlib
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Sequence, Tuple

import attrs
import bare
import recorded
from cluster_processes import MIB, Collector, Pulse, Swarm, Usage, make_certificates, quantile, save_recordings
from gates import Gate, finish
from recorded import HEALTHY
from swarm import BROKEN

from ascend_doctor.cli.asking import tls_in
from ascend_doctor.model.report import Liveness, Report
from ascend_doctor.v1 import report_pb2, report_pb2_grpc
from ascend_doctor.wire.channels import client_channel
from ascend_doctor.wire.credentials import read_address
from ascend_doctor.wire.reports import ReportReader

FIRST_NODE = 1_000
PER_SWARM = 2_500
COMMITTED = "ascend_doctor_collector_committed_changes_total"
PATIENCE_S = 60.0


@attrs.frozen
class Size:
    """How much is measured."""

    nodes: Sequence[int] = (2_000, 10_000)
    per_swarm: int = PER_SWARM
    round_s: float = 60.0
    rounds: int = 12
    settle_s: float = 30.0
    window_s: float = 180.0
    pulse_s: float = 60.0
    scrape_s: float = 15.0
    report_s: float = 30.0
    faults: int = 120
    calm_s: float = 2.0
    """Until what was said last is committed and acknowledged."""
    rest_s: float = 120.0
    """As long as the interval of the heartbeat: each node sends one."""
    cpu: float = 4.0
    memory: Sequence[float] = (300.0, 1.1 * 1024)
    growth: float = 5.5
    p99_s: float = 2.0
    k1: float = 4.0
    k3: float = 1.3
    k4_kib: float = 130.0
    k5: float = 1.0
    k7_s: float = 3.0
    k8_s: float = 0.15


WHOLE = Size()
SHORT = Size(
    nodes=(20, 60),
    per_swarm=40,
    round_s=3.0,
    rounds=4,
    settle_s=0.3,
    window_s=2.0,
    pulse_s=0.5,
    scrape_s=0.5,
    report_s=1.0,
    faults=3,
    calm_s=0.3,
    rest_s=0.5,
    cpu=100.0,
    memory=(300.0, 300.0),
    growth=100.0,
    p99_s=20.0,
    k1=1000.0,
    k3=100.0,
    k4_kib=10_000.0,
    k5=100.0,
    k7_s=20.0,
    k8_s=10.0,
)
"""A form of some seconds with loose limits: it shows that the benchmark works."""


@attrs.frozen
class Measured:
    """What was seen of one fleet. Memory in bytes, shares in parts of one core."""

    nodes: int
    base_rss: int
    connect_s: float
    connect_cpu_s: float
    share: float
    rss: int
    peak: int
    reports_per_s: float
    latencies_s: Sequence[float]
    pulse_s: Sequence[float]
    resting_share: float
    together_s: float

    @property
    def round_s(self) -> float:
        """CPU that a round costs, with everything that goes on beside."""
        return self.share / self.reports_per_s


async def ask(collector: Collector, nodes: Sequence[str] = ()) -> Report:
    """Return the report of a collector."""
    reader = ReportReader()
    async with client_channel(read_address(collector.listen), tls_in(str(collector.folder / "reader"))) as channel:
        stub = report_pb2_grpc.ReportServiceStub(channel)
        async for message in stub.GetReport(report_pb2.GetReportRequest(node_names=nodes), timeout=60):
            reader.add(message)
    return reader.report()


async def latencies(collector: Collector, swarms: Sequence[Swarm], count: int) -> List[float]:
    """Let nodes break one after the other, and return how long each takes to be in the report."""
    found = []
    async with client_channel(read_address(collector.listen), tls_in(str(collector.folder / "reader"))) as channel:
        stub = report_pb2_grpc.ReportServiceStub(channel)
        for turn in range(count):
            swarm = swarms[turn % len(swarms)]
            number = swarm.numbers[(turn * 37) % len(swarm.numbers)]
            at = swarm.ask(f"fault {number}")["at"]
            while True:
                reader = ReportReader()
                request = report_pb2.GetReportRequest(node_names=[f"node-{number}"])
                async for message in stub.GetReport(request, timeout=60):
                    reader.add(message)
                if any(item.check == BROKEN for item in reader.report().problems):
                    break
                if time.time() - at > PATIENCE_S:
                    raise RuntimeError(f"the fault of node-{number} never came into the report")
                await asyncio.sleep(0.05)
            found.append(time.time() - at)
            swarm.ask(f"repair {number}")
    return sorted(found)


class Readers:
    """Who reads from a collector while it is measured: Prometheus, and people."""

    def __init__(self, collector: Collector, size: Size) -> None:
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(size.scrape_s, collector.metrics), daemon=True),
            threading.Thread(target=self._run, args=(size.report_s, lambda: asyncio.run(ask(collector))), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, every_s: float, read: object) -> None:
        while not self._stop.wait(every_s):
            with contextlib.suppress(OSError):
                read()  # type: ignore[operator] # a function without arguments

    def end(self) -> None:
        """Stop reading."""
        self._stop.set()
        for thread in self._threads:
            thread.join()


@contextlib.contextmanager
def running(folder: Path, count: int, size: Size) -> Iterator[Tuple[Collector, Sequence[Swarm], Usage]]:
    """Run a collector and its nodes; the last is what the collector used before they came."""
    collector = Collector(folder, store=str(folder / f"store-{count}.sqlite"))
    swarms: List[Swarm] = []
    try:
        base = collector.usage
        for first in range(0, count, size.per_swarm):
            numbers = range(FIRST_NODE + first, FIRST_NODE + min(first + size.per_swarm, count))
            swarms.append(Swarm(folder, collector.listen, numbers, round_s=size.round_s, spread_s=count / 200))
        yield collector, swarms, base
    finally:
        for swarm in swarms:
            swarm.end()
        collector.end(signal.SIGTERM)


def wait_for_all(swarms: Sequence[Swarm], count: int, patience_s: float) -> float:
    """Wait until every node is welcome and has nothing more to say; return how long that took."""
    began = time.monotonic()
    while True:
        status = [swarm.ask("status") for swarm in swarms]
        there, done = (sum(item[key] for item in status) for key in ("streaming", "caught_up"))
        if there == count and done >= 0.98 * count:
            return time.monotonic() - began
        if time.monotonic() - began > patience_s:
            raise RuntimeError(f"not all nodes came: {status}")
        time.sleep(0.5)


def rest(collector: Collector, swarms: Sequence[Swarm], size: Size) -> float:
    """Let no node look again, and return what the collector does all the same, in parts of one core."""
    for swarm in swarms:
        swarm.ask("rest")
    time.sleep(size.calm_s)
    first = collector.usage
    time.sleep(size.rest_s)
    share = collector.usage.share_since(first)
    say(f"at rest {100 * share:.2f} % of a core")
    return share


def round_together(collector: Collector, swarms: Sequence[Swarm], count: int) -> float:
    """Let all nodes look again at once, with news; return how long it takes until all of it is kept and reported."""
    before = collector.metrics()[COMMITTED]
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(len(swarms)) as pool:
        sent = sum(answer["sent"] for answer in pool.map(lambda swarm: swarm.ask("round"), swarms))
    made_s = time.monotonic() - began
    if sent != count:
        raise RuntimeError(f"{sent} nodes of {count} looked again")
    _wait_until(count, lambda: sum(item.check == BROKEN for item in asyncio.run(ask(collector)).problems))
    _wait_until(count, lambda: int(collector.metrics()[COMMITTED] - before))
    took_s = time.monotonic() - began
    say(f"all at once: made after {made_s:.2f} s, reported and kept after {took_s:.2f} s")
    return took_s


def _wait_until(count: int, look: Callable[[], int]) -> None:
    """Wait until so many are seen."""
    until = time.monotonic() + PATIENCE_S
    while (seen := look()) < count:
        if time.monotonic() > until:
            raise RuntimeError(f"{seen} rounds of {count} came through")
        time.sleep(0.05)


def measure(folder: Path, count: int, size: Size) -> Measured:
    """Run one fleet and look at its collector."""
    with running(folder, count, size) as (collector, swarms, base):
        began = time.monotonic()
        wait_for_all(swarms, count, 300.0)
        connect_s = time.monotonic() - began
        connected = collector.usage
        say(f"{count} nodes are there after {connect_s:.0f} s, {connected.cpu_s - base.cpu_s:.1f} s of CPU")
        readers = Readers(collector, size)
        time.sleep(size.settle_s)  # the first question takes longer than all others: everything is read for it
        before, first = collector.metrics(), collector.usage
        time.sleep(size.window_s)
        last, after = collector.usage, collector.metrics()
        share = last.share_since(first)
        pulse = Pulse(collector.web)  # not earlier: what its many connections cost is none of the fleet's
        time.sleep(size.pulse_s)
        pulse_s = pulse.end()
        readers.end()
        rate = (after[COMMITTED] - before[COMMITTED]) / (last.at - first.at)
        say(f"{rate:.1f} rounds a second, {100 * share:.2f} % of a core, {last.rss / MIB:.0f} MiB")
        found = asyncio.run(latencies(collector, swarms, size.faults))
        last = collector.usage
        alive = asyncio.run(ask(collector)).nodes
        lost = [node.name for node in alive if node.liveness is not Liveness.LIVE]
        if lost or len(alive) != count:
            raise RuntimeError(f"{len(alive)} nodes of {count}, not alive: {lost[:5]}")
        resting_share = rest(collector, swarms, size)
        together_s = round_together(collector, swarms, count)
        return Measured(
            count,
            base.rss,
            connect_s,
            connected.cpu_s - base.cpu_s,
            share,
            last.rss,
            last.peak,
            rate,
            found,
            pulse_s,
            resting_share,
            together_s,
        )


def say(text: str) -> None:
    """Tell what goes on."""
    print(f"  {text}", flush=True)


def gates(measured: Sequence[Measured], read_s: float, size: Size) -> List[Gate]:
    """Return what was promised; `read_s` is CPU for only reading a round that describes itself."""
    small, large = measured
    found: List[Gate] = [
        Gate(f"{small.nodes} nodes, CPU", 100 * small.share, size.cpu, " % of a core"),
        Gate(f"{large.nodes} nodes, CPU", large.share / small.share, size.growth, f" x that of {small.nodes}"),
    ]
    for fleet, limit in zip((small, large), size.memory):
        slow_s = quantile(fleet.latencies_s, 0.99)
        found.append(Gate(f"{fleet.nodes} nodes, memory", fleet.peak / MIB, limit, " MiB"))
        found.append(Gate(f"{fleet.nodes} nodes, a fault is in the report", slow_s, size.p99_s, " s (p99)"))
    cost = small.round_s / read_s
    return [
        *found,
        Gate("K1, CPU of a round", cost, size.k1, " x only reading it, self-describing"),
        Gate("K2, CPU of a round in the compact form", cost / size.k1, 1 / 3, " of what K1 allows"),
        Gate(f"K3, CPU of a round, {large.nodes} nodes", large.round_s / small.round_s, size.k3, " x that of fewer"),
        Gate("K4, memory of a node", (small.rss - small.base_rss) / small.nodes / 1024, size.k4_kib, " KiB"),
        Gate(f"K5, {small.nodes} connections at rest", 100 * small.resting_share, size.k5, " % of a core"),
        Gate(f"K7, {small.nodes} rounds at once", small.together_s, size.k7_s, " s"),
        Gate("K8, longest answer of /healthz", max(small.pulse_s), size.k8_s, " s"),
    ]


def main(words: Optional[Sequence[str]] = None) -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a form of some seconds with loose limits, for the tests")
    parser.add_argument("--nodes", type=int, nargs=2, help="how many nodes, first and then", metavar="N")
    options = parser.parse_args(words)
    size = SHORT if options.short else WHOLE
    if options.nodes:
        size = attrs.evolve(size, nodes=tuple(options.nodes))
    with tempfile.TemporaryDirectory(prefix="ascend-doctor-bench-") as name:
        folder = Path(name)
        recordings = recorded.record(size.rounds)
        say(recorded.summary(recordings))
        save_recordings(folder, recordings)
        make_certificates(folder, range(FIRST_NODE, FIRST_NODE + max(size.nodes)))
        read_s, compact_s = (read(recordings[HEALTHY]) for read in (bare.self_describing_s, bare.compact_s))
        say(f"a round that is only read costs {1e6 * read_s:.0f} us of CPU, in the compact form {1e6 * compact_s:.0f}")
        found = [measure(folder, count, size) for count in size.nodes]
    return finish("bench-fleet", gates(found, read_s, size))


if __name__ == "__main__":
    sys.exit(main())
