"""Collectors that really listen, and nodes that really send: for tests of the two ends of the wire."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, AsyncIterator, Collection, Dict, List, Optional, Sequence

import attrs
import grpc
import grpc.aio
from typing_extensions import Self

import small_cluster
from ascend_doctor.agent.sharing import Sharing
from ascend_doctor.agent.uplink import Uplink, UplinkSettings
from ascend_doctor.checks import catalogue
from ascend_doctor.checks.engine import judge_node
from ascend_doctor.checks.topics import tell_all
from ascend_doctor.checks.view import NodeView
from ascend_doctor.collector import main
from ascend_doctor.collector.fleet import DEFAULT_DEADLINES, Deadlines
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.report import Report
from ascend_doctor.model.sections import Sections
from ascend_doctor.model.state import EMPTY, NodeState, difference
from ascend_doctor.probe.spool import SpoolWriter
from ascend_doctor.v1 import ingest_pb2_grpc, report_pb2, report_pb2_grpc
from ascend_doctor.wire import limits
from ascend_doctor.wire.channels import client_channel
from ascend_doctor.wire.credentials import Address, TlsFiles, read_address
from ascend_doctor.wire.frames import AgentFrame, CollectorFrame
from ascend_doctor.wire.reports import ReportReader
from ascend_doctor.wire.requests import request_messages
from ascend_doctor.wire.responses import read_response
from waiting import PATIENCE_S, until

ANY_PORT = Address("127.0.0.1", 0)
CHECKS = catalogue.load()


@contextlib.asynccontextmanager
async def collecting(
    folder: Path,
    tls: Optional[TlsFiles] = None,
    *,
    expected: Collection[str] = (),
    deadlines: Deadlines = DEFAULT_DEADLINES,
    listen: Address = ANY_PORT,
    store: str = "",
) -> AsyncIterator[main.Started]:
    """Run a collector with its store in a folder, unless another one is named, until the block ends."""
    place = store or str(folder / "store.sqlite")
    settings = main.CollectorSettings(
        listen, place, tls, web=ANY_PORT, expected_nodes=expected, deadlines=deadlines, version="1.0"
    )
    stop = asyncio.Event()
    started: asyncio.Future[main.Started] = asyncio.get_running_loop().create_future()
    running = asyncio.ensure_future(main.serve(settings, CHECKS, started=started.set_result, stop=stop))
    await asyncio.wait((running, started), return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    try:
        yield started.result()
    finally:
        stop.set()
        await running


class Node:
    """A node whose probe is the test: what it becomes goes through the spool and the uplink to a collector."""

    def __init__(
        self,
        folder: Path,
        name: str,
        address: Address,
        tls: Optional[TlsFiles] = None,
        *others: Address,
        current_s: Optional[float] = None,
    ) -> None:
        self.name = name
        self._writer = SpoolWriter(folder / f"spool-{name}")
        settings = UplinkSettings(name, folder / f"spool-{name}", (address, *others), tls, current_s=current_s)
        self.uplink = Uplink(settings, chance=lambda: 0.1)
        self.state = EMPTY
        self._stop = asyncio.Event()
        self._running: Optional[asyncio.Future[None]] = None

    async def __aenter__(self) -> Self:
        self.uplink.look()
        self._running = asyncio.ensure_future(self.uplink.run(self._stop))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        assert self._running is not None
        await self._running
        self._writer.close()

    def become(self, state: NodeState) -> None:
        """Change the state of the node."""
        self._writer.append(difference(self.state, state))
        self.state = state
        self.uplink.look()

    async def heard(self) -> None:
        """Wait until the collector has acknowledged everything."""
        await until(lambda: self.uplink.streaming and self.uplink.unacknowledged == 0)


def shared(name: str, state: NodeState) -> Sections:
    """Return what a node with this state tells its collector."""
    return Sharing(name).begin(state)


class RawStream:
    """A stream driven by hand, for what no agent would say."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        stub: Any = ingest_pb2_grpc.IngestServiceStub(channel)
        self.call = stub.Connect()

    async def say(self, frame: AgentFrame) -> None:
        """Send one frame."""
        for message in request_messages(frame, limits.MAX_MESSAGE_BYTES):
            await self.call.write(message)

    async def hear(self) -> CollectorFrame:
        """Receive one frame."""
        return read_response(await asyncio.wait_for(self.call.read(), PATIENCE_S))

    async def end(self) -> grpc.aio.AioRpcError:
        """Read to the end, which has to be a refusal, and return it."""
        try:
            while await asyncio.wait_for(self.call.read(), PATIENCE_S) is not grpc.aio.EOF:
                pass
        except grpc.aio.AioRpcError as error:
            return error
        raise AssertionError(f"ended with {await self.call.code()}")


async def ask(
    address: Address,
    files: Optional[TlsFiles] = None,
    nodes: Sequence[str] = (),
    checks: Sequence[str] = (),
    **more: Any,
) -> Report:
    """Return the report of a collector."""
    reader = ReportReader()
    async with client_channel(address, files) as channel:
        stub: Any = report_pb2_grpc.ReportServiceStub(channel)
        request = report_pb2.GetReportRequest(node_names=nodes, check_ids=checks, **more)
        async for message in stub.GetReport(request, timeout=PATIENCE_S):
            reader.add(message)
    return reader.report()


async def fetch(address: Address, path: str) -> List[bytes]:
    """Return head and body of what a path over HTTP answers."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()
    await writer.wait_closed()
    return answer.split(b"\r\n\r\n", 1)


def judged(name: str, answers: Dict[str, Evidence]) -> NodeState:
    """Return the state of a node with the findings that the checks make of its answers which it answers whole."""
    view = NodeView(name, answers)
    return NodeState.of(judge_node(view, small_cluster.answerable(CHECKS)), tell_all(view))


def judged_now(name: str, answers: Dict[str, Evidence]) -> NodeState:
    """Return the same of answers that came just now."""
    now = time.time()
    return judged(name, {key: attrs.evolve(item, started_at=now) for key, item in answers.items()})


PROGRAM = (sys.executable, "-c", "from ascend_doctor.cli.main import main; main()")
HEALTHY_NODE = (sys.executable, __file__)
"""A healthy node as a process of its own, with a folder and the address of a collector; ends when it was heard."""


class CollectorProcess:
    """`ascend-doctor collector` as a process of its own; its log goes to a file beside the store.

    As a context manager it leaves no process behind when a test fails.
    """

    def __init__(self, folder: Path, *more: str, listen: str = "127.0.0.1:0", store: str = "") -> None:
        words = [
            *PROGRAM,
            "collector",
            "--listen",
            listen,
            "--web",
            "127.0.0.1:0",
            "--store",
            store or str(folder / "store.sqlite"),
        ]
        with (folder / "collector.log").open("ab") as log:
            self.process = subprocess.Popen([*words, *more], stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said.startswith("listening on "), (folder / "collector.log").read_text()
        self.listen, self.web = said[len("listening on ") :].rstrip().split(", http://")

    def __enter__(self) -> CollectorProcess:  # noqa: PYI034 - `Self` is not in Python 3.9
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGKILL)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status; 0 when it ended as it should."""
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


async def _be_a_healthy_node(folder: str, address: str) -> None:
    async with Node(Path(folder), "node-1", read_address(address)) as node:
        node.become(judged_now("node-1", small_cluster.node(1, 2)))
        await node.heard()


if __name__ == "__main__":
    asyncio.run(_be_a_healthy_node(*sys.argv[1:]))
