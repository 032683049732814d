"""What answers for a big fleet cost, and for how long they hold up the collector: `make bench-report`.

Every node has sixteen NPUs and tells what the real probe and agent made of a simulated one, with addresses of its own,
and one port of it is down, so that every node has a finding. Each gate is a line `name: figure, limit,
holds|falls short`, and so is the last line; the exit code is 1 when one falls short. The names are those of the
project's goals: K8 the longest time for which the event loop of the collector stands still while it answers, R1 the
time that a report takes, R3 how that grows with the fleet. `--short` is a form of a few seconds with loose limits, for
the tests.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, AsyncIterator, Awaitable, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import attrs
import grpc.aio
import recorded
from gates import Gate, finish
from recorded import HEALTHY, of_node

from ascend_doctor.checks import catalogue
from ascend_doctor.collector.admission import Admission
from ascend_doctor.collector.committer import Committer
from ascend_doctor.collector.fleet import Fleet
from ascend_doctor.collector.garbage import keep_settled, settle
from ascend_doctor.collector.history import History
from ascend_doctor.collector.ingest import IngestService
from ascend_doctor.collector.readers import Readers
from ascend_doctor.collector.reports import Reports
from ascend_doctor.collector.store import Standing, StoredNode
from ascend_doctor.collector.store_opening import open_store
from ascend_doctor.collector.web_server import WebServer
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.report import Report
from ascend_doctor.model.sections import Section
from ascend_doctor.model.status import Disruption, Status
from ascend_doctor.report import exposition, json_report, terminal
from ascend_doctor.report.doctor_metrics import fleet_families
from ascend_doctor.v1 import report_pb2
from ascend_doctor.wire.channels import server_options
from ascend_doctor.wire.credentials import Address
from ascend_doctor.wire.sections import write_check

NPUS = 16
TICK_S = 0.002


def stored(node: Mapping[str, Section], count: int) -> Iterator[StoredNode]:
    """Yield so many nodes as a store has them."""
    now = time.time()
    for number in range(1, count + 1):
        name = f"node-{number}"
        sections = {**of_node(dict(node), number), "roce.link": links(name, number % NPUS)}
        contents = {key: item.content for key, item in sections.items()}
        yield StoredNode(name, Standing("e", 1, now, 600.0, "1.0"), contents, dict.fromkeys(contents, now))


def links(name: str, down: int) -> Section:
    """Return what a node tells of the links of its ports, of which one is down."""
    fix = Remedy("Start the port again.", f"hccn_tool -i {down} -link -s up", Disruption.TRAFFIC)
    found = [Finding("roce.link", subjects.port(name, port), Status.PASS, "passed") for port in range(NPUS)]
    found[down] = Finding(
        "roce.link",
        subjects.port(name, down),
        Status.FAIL,
        "the link is DOWN",
        observed=Quantity("DOWN"),
        expected="UP",
        remedies=(Remedy("Reseat or replace the cable of this port."), fix),
    )
    return write_check("roce.link", found, name)


@attrs.frozen
class Costs:
    """What the answers over a fleet took in seconds, and how big they were."""

    judge_s: float
    text_s: float
    json_s: float
    metrics_s: float
    json_bytes: int


def renderings(report: Report, times: int) -> Costs:
    """Make each answer from a report that nothing was derived from yet; the fastest of some times counts."""
    works: Sequence[Callable[[Report], str]] = (
        lambda fresh: terminal.render(fresh, width=100),
        json_report.render,
        lambda fresh: exposition.render(fleet_families(fresh)),
    )
    taken = []
    size = 0
    for work in works:
        best = float("inf")
        for _ in range(times):
            fresh = attrs.evolve(report)
            settle()
            began = time.process_time()
            size = max(size, len(work(fresh)))
            best = min(best, time.process_time() - began)
        taken.append(best)
    return Costs(0.0, *taken, size)


class Ticker:
    """Notes for how long the event loop stands still at most.

    What counts is the processor time of this program meanwhile, so that a busy machine does not count as a fault of it;
    `longest_wall_s` is by the clock.
    """

    def __init__(self) -> None:
        self.longest_s = self.longest_wall_s = 0.0
        self._task: Optional[asyncio.Task[None]] = None

    async def __aenter__(self) -> Ticker:  # noqa: PYI034 - `Self` is not in Python 3.9
        self._task = asyncio.ensure_future(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _tick(self) -> None:
        while True:
            began, used = time.perf_counter(), time.process_time()
            await asyncio.sleep(TICK_S)
            self.longest_s = max(self.longest_s, time.process_time() - used)
            self.longest_wall_s = max(self.longest_wall_s, time.perf_counter() - began - TICK_S)


@attrs.frozen
class Served:
    """A collector that listens, without nodes that send."""

    fleet: Fleet
    reports: Reports
    channel: grpc.aio.Channel
    web: Address


async def serve(folder: Path, nodes: Sequence[StoredNode]) -> AsyncIterator[Served]:
    """Serve readers over a fleet that stands still."""
    store = open_store(str(folder / f"store-{len(nodes)}.sqlite"), time.time())
    fleet = Fleet()
    fleet.take_up(nodes)
    committer = Committer(store)
    reports = Reports(fleet, catalogue.load())
    ingest = IngestService(fleet, committer, secured=False)
    admission = Admission(None)
    history = History(store)
    readers = Readers(reports, history, ingest, committer, admission)
    server = grpc.aio.server(options=server_options(), interceptors=[admission])
    readers.add_to(server)
    port = server.add_insecure_port("127.0.0.1:0")
    web = WebServer(Address("127.0.0.1", 0), readers.application())
    await server.start()
    await web.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Served(fleet, reports, channel, web.address)
    readers.drain()
    await server.stop(0)
    await web.stop()
    history.close()
    reports.close()
    store.close()


async def fetched(served: Served, path: str) -> int:
    """Read an answer over HTTP to its end, and return how many bytes it had."""
    reader, writer = await asyncio.open_connection(served.web.host, served.web.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    size = 0
    while True:
        data = await reader.read(1 << 16)
        if not data:
            break
        size += len(data)
    writer.close()
    return size


async def streamed(served: Served) -> int:
    """Read the report over gRPC; return how many bytes it had. Nothing is made of them: that is the reader's work."""
    call: Any = served.channel.unary_stream("/ascend_doctor.v1.ReportService/GetReport")(b"")
    return sum([len(message) async for message in call])


async def watched(served: Served) -> int:
    """Read the beginning of what a watcher is told over gRPC, and return how many bytes it had."""
    call: Any = served.channel.unary_stream("/ascend_doctor.v1.ReportService/Watch")(b"")
    size = 0
    async for message in call:
        size += len(message)
        if not report_pb2.WatchResponse.FromString(message).more_follows:
            break
    call.cancel()
    return size


ANSWERS: Mapping[str, Callable[[Served], Awaitable[int]]] = {
    "text": lambda served: fetched(served, "/"),
    "JSON": lambda served: fetched(served, "/api/v1/report"),
    "JSON of a page of nodes": lambda served: fetched(served, "/api/v1/nodes?limit=1000"),
    "metrics": lambda served: fetched(served, "/metrics"),
    "gRPC report": streamed,
    "gRPC watch": watched,
}


async def blocks(folder: Path, nodes: Sequence[StoredNode], times: int) -> Tuple[Report, float, Dict[str, float]]:
    """Ask for each answer some times, each time after a change of the fleet.

    Returns the report, the shortest time that judging took, and for how long the loop stood still for each answer: the
    longest of one answer, the shortest of all times, for other programs want the machine too.
    """
    found: Dict[str, float] = {}
    judge_s = float("inf")
    async for served in serve(folder, nodes):
        cleaner = asyncio.ensure_future(keep_settled())  # as in the whole collector
        for _ in range(times):
            served.fleet.changes += 1
            async with Ticker() as ticker:
                began = time.perf_counter()
                report = await served.reports.report()
                judge_s = min(judge_s, time.perf_counter() - began)
            _note(found, "judging", ticker)
            for name, ask in ANSWERS.items():
                async with Ticker() as ticker:
                    began = time.perf_counter()
                    size = await ask(served)
                    took_s = time.perf_counter() - began
                _note(found, name, ticker)
                still = f"{ticker.longest_s * 1000:.0f} ms of CPU, {ticker.longest_wall_s * 1000:.0f} ms by the clock"
                print(f"  {name:<24} {took_s * 1000:6.0f} ms, {size / 1024:7.0f} KiB; the loop stood still for {still}")
        cleaner.cancel()
    return report, judge_s, found


def _note(found: Dict[str, float], name: str, ticker: Ticker) -> None:
    found[name] = min(found.get(name, ticker.longest_s), ticker.longest_s)


@attrs.frozen
class Size:
    """How many nodes, how often, and the limits."""

    nodes: int
    times: int
    k8_ms: float
    r1_ms: float
    r3: float


WHOLE = Size(10_000, 3, 50, 1000, 20)
SHORT = Size(300, 1, 500, 1000, 40)


def rows(folder: Path, size: Size) -> Iterator[Gate]:
    """Measure, and yield the gates."""
    recordings = recorded.record(1)
    node = recordings[HEALTHY].begin.sections
    few, many = size.nodes // 10, size.nodes
    nodes = list(stored(node, many))
    costs = []
    for count in (few, many):
        print(f"{count} nodes")
        report, judge_s, found = asyncio.run(blocks(folder, nodes[:count], size.times))
        cost = attrs.evolve(renderings(report, size.times), judge_s=judge_s)
        costs.append(cost)
        print(
            f"  judging {judge_s * 1000:.0f} ms; {len(report.findings)} findings: text {cost.text_s * 1000:.0f} ms,"
            f" JSON {cost.json_s * 1000:.0f} ms, metrics {cost.metrics_s * 1000:.0f} ms"
        )
    for name, longest_s in found.items():
        yield Gate(f"K8 event loop stands still for {name}", longest_s * 1000, size.k8_ms, " ms")
    before, after = costs
    yield Gate("R1 text", after.text_s * 1000, size.r1_ms, " ms")
    yield Gate("R1 JSON with every finding", after.json_s * 1000, size.r1_ms, " ms")
    yield Gate("R3 text for ten times the nodes", after.text_s / before.text_s, size.r3, " times")
    yield Gate("R3 JSON for ten times the nodes", after.json_s / before.json_s, size.r3, " times")


def main(words: Optional[Sequence[str]] = None) -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a form of a few seconds with loose limits, for the tests")
    size = SHORT if parser.parse_args(words).short else WHOLE
    gates: List[Gate] = []
    with tempfile.TemporaryDirectory(prefix="ascend-doctor-bench-") as folder:
        for gate in rows(Path(folder), size):
            gates.append(gate)
            print(gate, flush=True)
    return finish("bench-report", gates)


if __name__ == "__main__":
    sys.exit(main())
