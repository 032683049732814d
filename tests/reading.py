"""The readers' side of a collector that really listens, over a fleet and a history that the test lays out."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, AsyncIterator, Dict, Iterable, List, Optional, Sequence, Tuple

import attrs
import grpc.aio

from ascend_doctor.checks import catalogue
from ascend_doctor.collector.admission import Admission
from ascend_doctor.collector.committer import Committer
from ascend_doctor.collector.fleet import Fleet
from ascend_doctor.collector.history import History
from ascend_doctor.collector.ingest import IngestService
from ascend_doctor.collector.readers import Readers
from ascend_doctor.collector.reports import Reports
from ascend_doctor.collector.store import Entry, Standing, Store, StoredNode
from ascend_doctor.collector.store_opening import open_store
from ascend_doctor.collector.web_server import WebServer
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Transition
from ascend_doctor.v1 import report_pb2_grpc
from ascend_doctor.wire.channels import client_channel, server_options
from ascend_doctor.wire.credentials import Address, TlsFiles
from ascend_doctor.wire.sections import write_check
from waiting import PATIENCE_S

ENTRIES = {name: entry for name, entry in catalogue.load().items() if not entry.fleet}
"""The checks of one node: what nodes tell of each other is not laid out here."""
EPOCH = "epoch-1"


def link(name: str, port: int, status: Status = Status.FAIL, summary: str = "the link is DOWN") -> Finding:
    """A finding about a port of a node."""
    return Finding("roce.link", subjects.port(name, port), status, summary)


def health(name: str, npus: int = 8) -> Sequence[Finding]:
    """Healthy NPUs."""
    return [Finding("npu.health", subjects.npu(name, number), Status.PASS, "passed") for number in range(npus)]


def told(name: str, findings: Iterable[Finding], *, at: Optional[float] = None, sequence: int = 1) -> StoredNode:
    """A node as it stands after it told these findings, a moment ago unless said otherwise."""
    when = time.time() if at is None else at
    by_check: Dict[str, List[Finding]] = {}
    for finding in findings:
        by_check.setdefault(finding.check, []).append(finding)
    sections = {check: write_check(check, items, name).content for check, items in by_check.items()}
    return StoredNode(name, Standing(EPOCH, sequence, when, 60.0, "1.2.3"), sections, dict.fromkeys(sections, when))


@attrs.frozen(eq=False)
class Reading:
    """What is there to be read, and where."""

    fleet: Fleet
    reports: Reports
    readers: Readers
    store: Store
    committer: Committer
    channel: grpc.aio.Channel
    listen: Address
    web: Address
    _last: Dict[str, int] = attrs.field(factory=dict)

    @property
    def stub(self) -> Any:
        """The readers' service."""
        return report_pb2_grpc.ReportServiceStub(self.channel)

    def become(self, *nodes: StoredNode) -> None:
        """Let nodes tell something else."""
        self.fleet.take_up(nodes)

    def remember(self, node: str, *changes: Transition) -> None:
        """Put transitions into the history."""
        last = self._last.get(node, 0)
        numbered = tuple((number, item) for number, item in enumerate(changes, start=last + 1))
        self._last[node] = last + len(changes)
        standing = Standing(EPOCH, self._last[node], time.time())
        self.store.claim({node: time.time()})
        entry = Entry(node, standing, True, {}, frozenset(), {}, numbered)
        assert frozenset() == self.store.commit([entry])

    async def fetch(self, path: str, method: str = "GET", **headers: str) -> Tuple[int, Dict[str, str], bytes]:
        """Ask over HTTP, and return status, headers and body."""
        reader, writer = await asyncio.open_connection(self.web.host, self.web.port)
        lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()
        await writer.wait_closed()
        return read_answer(answer)

    async def json(self, path: str) -> Any:
        """Ask for a document over HTTP, and return it."""
        status, _, body = await self.fetch(path)
        assert 200 == status, body
        return json.loads(body)


def read_answer(answer: bytes) -> Tuple[int, Dict[str, str], bytes]:
    """Return status, headers and body of an answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunked(body)
    return int(first.split()[1]), headers, body


def _unchunked(body: bytes) -> bytes:
    found = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        found += rest[:length]
        body = rest[length + 2 :]
    return found


@contextlib.asynccontextmanager
async def reading(
    folder: Path,
    *nodes: StoredNode,
    expected: Sequence[str] = (),
    tls: Optional[TlsFiles] = None,
    reader: Optional[TlsFiles] = None,
) -> AsyncIterator[Reading]:
    """Serve readers until the block ends, with TLS where files are given: those of the server, and of who asks."""
    store = open_store(str(folder / "store.sqlite"), time.time())
    fleet = Fleet(expected=expected)
    fleet.take_up(nodes)
    committer = Committer(store)
    reports = Reports(fleet, ENTRIES, version="1.0")
    ingest = IngestService(fleet, committer, secured=tls is not None)
    admission = Admission(tls)
    history = History(store)
    readers = Readers(reports, history, ingest, committer, admission)
    server = grpc.aio.server(options=server_options(), interceptors=[admission])
    readers.add_to(server)
    place = "127.0.0.1:0"
    follower = admission.follower
    port = (
        server.add_insecure_port(place) if follower is None else server.add_secure_port(place, follower.credentials())
    )
    web = WebServer(Address("127.0.0.1", 0), readers.application())
    writer = asyncio.create_task(committer.run())
    await server.start()
    await web.start()
    readers.readiness.is_started = True
    try:
        listen = Address("127.0.0.1", port)
        async with client_channel(listen, reader) as channel:
            yield Reading(fleet, reports, readers, store, committer, channel, listen, web.address)
    finally:
        readers.drain()
        await server.stop(1.0)
        await web.stop()
        committer.close()
        await writer
        history.close()
        reports.close()
        store.close()


CHANGES = (
    Transition("roce.link", "port:node-1:3", Status.PASS, Status.FAIL, 1_790_000_000.0, "the link is DOWN"),
    Transition("npu.ecc", "npu:node-1:0", None, Status.WARN, time.time(), "one bit\x1b[31m"),
    Transition("roce.link", "port:node-1:3", Status.FAIL, None, time.time()),
)
"""What the history of the process holds to begin with: something old, something hostile, something that went."""


class ReadingProcess:
    """The same as a process of its own, with a broken node-1, a healthy node-2 and a history."""

    def __init__(self, folder: Path) -> None:
        words = [sys.executable, __file__, str(folder)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.listen = self.ask("")

    def ask(self, word: str) -> str:
        """Let one more link of node-2 break (its port), or nothing for an empty word, and return the answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if word:
            self.process.stdin.write(f"{word}\n")
            self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def __enter__(self) -> ReadingProcess:  # noqa: PYI034 - `Self` is not in Python 3.9
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Let it stop, once."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.communicate(timeout=PATIENCE_S)


async def _be_a_process(folder: str) -> None:
    nodes = (told("node-1", [link("node-1", 3), *health("node-1")]), told("node-2", health("node-2")))
    loop = asyncio.get_running_loop()
    async with reading(Path(folder), *nodes, expected=["node-9"]) as place:
        place.remember("node-1", *CHANGES)
        sys.stdout.write(f"{place.listen}\n")
        sys.stdout.flush()
        while True:
            word = (await loop.run_in_executor(None, sys.stdin.readline)).strip()
            if not word:
                break
            change = Transition("roce.link", f"port:node-2:{word}", Status.PASS, Status.FAIL, time.time(), "down")
            place.remember("node-2", change)
            sys.stdout.write("done\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_be_a_process(*sys.argv[1:]))
