"""One collector and thousands of nodes, over real gRPC with mutual TLS: `make bench-fleet`, or `fleet.py --short`.

Every node has sixteen NPUs and makes all default checks once a minute: what it sends was recorded from the real probe
and agent on a simulated machine. Two in a hundred nodes break and are mended again and again. The collector is a
process of its own; figures are what the kernel says that it used. While it is measured, Prometheus scrapes it every
15 s and somebody asks for a report every 30 s.

Compared are figures of one run: with the same messages read by nobody but protobuf, and with five times as many nodes.
The last line is `bench-fleet: figure, limit, holds|falls short`; the exit code is 1 when a gate falls short.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence

import attrs
import recorded
from cluster_processes import MIB, Collector, Pulse, Swarm, make_certificates, quantile, save_recordings
from gates import Gate, finish
from recorded import HEALTHY, Recording

from ascend_doctor.cli.asking import tls_in
from ascend_doctor.model.report import Liveness, Report
from ascend_doctor.model.sections import apply
from ascend_doctor.v1 import ingest_pb2, report_pb2, report_pb2_grpc
from ascend_doctor.wire import frames
from ascend_doctor.wire.channels import client_channel
from ascend_doctor.wire.credentials import read_address
from ascend_doctor.wire.reports import ReportReader
from ascend_doctor.wire.requests import RequestReader, request_messages
from ascend_doctor.wire.sections import SectionPool

FIRST_NODE = 1_000
PER_SWARM = 2_500
SCRAPE_S = 15.0
REPORT_S = 30.0


@attrs.frozen
class Size:
    """How much is measured."""

    nodes: Sequence[int] = (2_000, 10_000)
    round_s: float = 60.0
    rounds: int = 12
    settle_s: float = 30.0
    window_s: float = 180.0
    faults: int = 120
    cpu: float = 4.0
    memory: Sequence[float] = (300.0, 1.1 * 1024)
    growth: float = 5.5
    p99_s: float = 2.0
    block_s: float = 0.15
    bare: float = 4.0


WHOLE = Size()
SHORT = Size((20, 60), 6.0, 4, 1.0, 4.0, 5, 100.0, (300.0, 300.0), 100.0, 20.0, 10.0, 1000.0)
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
                if any(item.check == "bench.fault" for item in reader.report().problems):
                    break
                if time.time() - at > 60:
                    raise RuntimeError(f"the fault of node-{number} never came into the report")
                await asyncio.sleep(0.05)
            found.append(time.time() - at)
            swarm.ask(f"repair {number}")
    return sorted(found)


class Readers:
    """Who reads from a collector while it is measured: Prometheus, and people."""

    def __init__(self, collector: Collector) -> None:
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(SCRAPE_S, collector.metrics), daemon=True),
            threading.Thread(target=self._run, args=(REPORT_S, lambda: asyncio.run(ask(collector))), daemon=True),
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
def running(folder: Path, count: int, **plan: object) -> Iterator[object]:
    """Run a collector and its nodes."""
    collector = Collector(folder, store=str(folder / f"store-{count}.sqlite"))
    swarms: List[Swarm] = []
    try:
        base = collector.usage
        for first in range(0, count, PER_SWARM):
            numbers = range(FIRST_NODE + first, FIRST_NODE + min(first + PER_SWARM, count))
            swarms.append(Swarm(folder, collector.listen, numbers, **plan))
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


def measure(folder: Path, count: int, size: Size) -> Measured:
    """Run one fleet and look at its collector."""
    with running(folder, count, round_s=size.round_s, spread_s=count / 200) as (collector, swarms, base):
        began = time.monotonic()
        wait_for_all(swarms, count, 300.0)
        connect_s = time.monotonic() - began
        connected = collector.usage
        say(f"{count} nodes are there after {connect_s:.0f} s, {connected.cpu_s - base.cpu_s:.1f} s of CPU")
        time.sleep(size.settle_s)
        readers, pulse = Readers(collector), Pulse(collector.web)
        before, first = collector.metrics(), collector.usage
        time.sleep(size.window_s)
        last, after = collector.usage, collector.metrics()
        share = last.share_since(first)
        pulse_s = pulse.end()
        readers.end()
        commits = "ascend_doctor_collector_committed_changes_total"
        rate = (after[commits] - before[commits]) / (last.at - first.at)
        say(f"{rate:.1f} rounds a second, {100 * share:.2f} % of a core, {last.rss / MIB:.0f} MiB")
        found = asyncio.run(latencies(collector, swarms, size.faults))
        last = collector.usage
        alive = asyncio.run(ask(collector)).nodes
        lost = [node.name for node in alive if node.liveness is not Liveness.LIVE]
        if lost or len(alive) != count:
            raise RuntimeError(f"{len(alive)} nodes of {count}, not alive: {lost[:5]}")
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
        )


def bare_s(recordings: Dict[str, Recording]) -> float:
    """Return the seconds of CPU that one round costs which is only read: by protobuf, and into sections."""
    healthy = recordings[HEALTHY]
    messages = []
    state = healthy.begin
    for number, change in enumerate(healthy.rounds, 2):
        state = apply(state, change)
        frame = frames.State(number, change, state.digest)
        messages += [item.SerializeToString() for item in request_messages(frame, 4 * MIB)]
    reader = RequestReader(SectionPool())
    times = 200
    began = time.process_time()
    for _ in range(times):
        for data in messages:
            reader.read(ingest_pb2.ConnectRequest.FromString(data))
    return (time.process_time() - began) / times / len(healthy.rounds)


def say(text: str) -> None:
    """Tell what goes on."""
    print(f"  {text}", flush=True)


def gates(measured: Sequence[Measured], bare: float, size: Size) -> List[Gate]:
    """Return what was promised."""
    small, large = measured
    per_round = small.share / small.reports_per_s
    found: List[Gate] = [
        Gate(f"{small.nodes} nodes, CPU", 100 * small.share, size.cpu, " % of a core"),
        Gate(f"{large.nodes} nodes, CPU", large.share / small.share, size.growth, f" x that of {small.nodes}"),
    ]
    for fleet, limit in zip((small, large), size.memory):
        slow_s = quantile(fleet.latencies_s, 0.99)
        found.append(Gate(f"{fleet.nodes} nodes, memory", fleet.peak / MIB, limit, " MiB"))
        found.append(Gate(f"{fleet.nodes} nodes, a fault is in the report", slow_s, size.p99_s, " s (p99)"))
    return [
        *found,
        Gate("K1, CPU of a round", per_round / bare, size.bare, " x reading it alone"),
        Gate("K4, memory of a node", (small.rss - small.base_rss) / small.nodes / 1024, 130.0, " KiB"),
        Gate("K8, longest answer of /healthz", max(small.pulse_s), size.block_s, " s"),
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
        bare = bare_s(recordings)
        say(f"a round that is only read costs {1e6 * bare:.0f} us of CPU")
        found = [measure(folder, count, size) for count in size.nodes]
    return finish("bench-fleet", gates(found, bare, size))


if __name__ == "__main__":
    sys.exit(main())
