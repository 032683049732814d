"""Recorded streams: what agents of each release said, and what their collector answered; kept to be played again.

Below `collector/releases` each release has a folder with the streams of two nodes, and with what a collector has to
make of both. A file of streams is text: an empty line stands between two streams, and every other line is one message,
with whose it is (`>` the agent's, `<` the collector's), its kind, and its bytes in base64.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from pathlib import Path
from typing import Any, Dict, List, Sequence

import attrs
from google.protobuf.json_format import MessageToDict

from ascend_doctor.checks import catalogue
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.report import NodeSummary
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Recorded
from ascend_doctor.v1 import ingest_pb2, report_pb2, report_pb2_grpc
from ascend_doctor.wire.channels import client_channel
from ascend_doctor.wire.convert import told_message
from ascend_doctor.wire.credentials import Address
from ascend_doctor.wire.history import read_recorded
from collecting import ask
from waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parent.parent
RELEASES = ROOT / "tests" / "collector" / "releases"
CONNECT = "/ascend_doctor.v1.IngestService/Connect"
AGENT, PLAIN_AGENT = "agent.txt", "plain-agent.txt"
"""An agent that offers all it can, and one that offers nothing beyond the protocol, as an older one may."""
EXPECTED = "expected.json"
UP, DOWN = ">", "<"
UNKNOWN = "unknown"
"""The kind of a message with a frame that this program does not know."""

_CHECKS = catalogue.load()
_ASK_AGAIN_S = 0.1


@attrs.frozen
class Said:
    """One message of a stream, and whose it is."""

    way: str
    data: bytes

    @property
    def message(self) -> Any:
        """The message, read anew."""
        form: Any = ingest_pb2.ConnectRequest if self.way == UP else ingest_pb2.ConnectResponse
        return form.FromString(self.data)

    @property
    def kind(self) -> str:
        """The name of its frame."""
        return self.message.WhichOneof("frame") or UNKNOWN


Stream = Sequence[Said]


def version() -> str:
    """Return the version of the program in this tree."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.findall(r'^version = "(.+)"$', text, re.MULTILINE)[0]


def write(streams: Sequence[Stream]) -> str:
    """Write streams as text."""
    blocks = ([f"{said.way} {said.kind} {base64.b64encode(said.data).decode()}\n" for said in item] for item in streams)
    return "\n".join("".join(block) for block in blocks)


def read(path: Path) -> List[List[Said]]:
    """Read the streams of a file."""
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    words = ([line.split(" ") for line in block.splitlines()] for block in blocks)
    return [[Said(way, base64.b64decode(data)) for way, _, data in lines] for lines in words]


async def play(address: Address, stream: Stream) -> List[Any]:
    """Say to a collector, byte by byte, what an agent said on one stream, and return the messages that come back.

    The stream is ended when the collector has acknowledged the newest change, which heartbeats ask for, or when it
    wants to have everything again, which a recording cannot give.
    """
    said = [item for item in stream if item.way == UP]
    newest = [item.message.state for item in said if item.kind == "state"][-1]
    heartbeat = ingest_pb2.Heartbeat(sequence=newest.sequence, state_digest=newest.state_digest)
    heard: List[Any] = []
    async with client_channel(address, None) as channel:
        call: Any = channel.stream_stream(CONNECT, response_deserializer=ingest_pb2.ConnectResponse.FromString)()

        async def listen() -> None:
            async for message in call:
                heard.append(message)  # noqa: PERF401 - others look at what there is meanwhile

        listening = asyncio.ensure_future(listen())
        for item in said:
            await call.write(item.data)
        while not listening.done() and not any(
            item.ack.sequence == newest.sequence or item.HasField("resync") for item in heard
        ):
            await asyncio.wait((listening,), timeout=_ASK_AGAIN_S)
            await call.write(ingest_pb2.ConnectRequest(heartbeat=heartbeat).SerializeToString())
        await call.done_writing()
        await asyncio.wait_for(listening, PATIENCE_S)
    return heard


async def told_by(address: Address) -> str:
    """Return as JSON what a collector tells of its nodes, as far as it was told; its own words are left out."""
    report = await ask(address, with_passes=True)
    async with client_channel(address, None) as channel:
        request = report_pb2.ListTransitionsRequest(page_size=1000)
        page = await report_pb2_grpc.ReportServiceStub(channel).ListTransitions(request, timeout=PATIENCE_S)
    findings = sorted(report.findings, key=lambda item: item.key)
    lines: Dict[str, List[Any]] = {
        "nodes": [_node(item) for item in report.nodes],
        "history": [_recorded(read_recorded(message)) for message in reversed(page.transitions)],
        "findings": [_finding(item) for item in findings],
    }
    parts = [f'  "verdict": {json.dumps(report.verdict.value)}']
    for name, items in lines.items():
        parts.append(f'  "{name}": [\n    ' + ",\n    ".join(map(json.dumps, items)) + "\n  ]")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _node(node: NodeSummary) -> Dict[str, Any]:
    return {"name": node.name, "verdict": node.verdict.value, "seen_at": node.seen_at, "facts": dict(node.facts)}


def _recorded(item: Recorded) -> str:
    change = item.transition
    before, after = (None if status is None else status.value for status in (change.before, change.after))
    return f"{item.node}: {change.check} of {change.subject} {before} > {after} at {change.at}: {change.summary}"


def _finding(item: Finding) -> Any:
    if item.status in (Status.PASS, Status.SKIP):
        return f"{item.key} {item.status.value} at {item.judged_at}: {item.summary}".rstrip(" :")
    found: Dict[str, Any] = {"key": item.key, "status": item.status.value, "judged_at": item.judged_at}
    if _CHECKS[item.check].fleet:
        return found
    return {**found, **MessageToDict(told_message(item), preserving_proto_field_name=True)}
