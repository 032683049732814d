"""Records what an agent of this release and its collector say to each other: `make record-stream`, or with a FOLDER.

The real probe looks at a simulated node in virtual time, and the real uplink tells a real collector of it over gRPC.
Between these two stands a tap, which writes down the bytes of both. The tap also says what a collector says seldom, and
makes an agent plain: one that offers nothing beyond the protocol.

What comes of it is committed with the release. It is never made again once the release is out.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, AsyncIterator, Callable, Dict, List, Sequence

import grpc
import grpc.aio

import recorded_streams
from ascend_doctor.agent.uplink import Uplink, UplinkSettings
from ascend_doctor.checks import catalogue
from ascend_doctor.checks.engine import DEFAULTS, CheckSettings, Settings
from ascend_doctor.probe.loop import Probe, ProbeSettings
from ascend_doctor.probe.spool import SpoolWriter
from ascend_doctor.simulator import scenario
from ascend_doctor.simulator.clock import VirtualClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.execution import Execution
from ascend_doctor.simulator.runner import SimulatedRunner
from ascend_doctor.v1 import ingest_pb2
from ascend_doctor.wire import frames
from ascend_doctor.wire.channels import client_channel
from ascend_doctor.wire.credentials import Address
from ascend_doctor.wire.responses import response_message
from collecting import collecting
from recorded_streams import AGENT, CONNECT, DOWN, EXPECTED, PLAIN_AGENT, RELEASES, UP, Said
from waiting import until

NODES = {AGENT: "node-1", PLAIN_AGENT: "node-2"}
SCENARIO = """
seed: 1
nodes:
  - {name: 'node-[1-2]', product: atlas-800t-a2, npus: 2}
faults:
  - {fault: cable-pulled, node: node-1, npu: 1, at: 200, until: 420}
  - {fault: tls-odd, node: node-1, npu: 0, at: 500}
  - {fault: npu-alarm, node: node-2, npu: 1, at: 200, until: 420}
  - {fault: memory-low, node: node-2, at: 500}
"""
FAULTS_S = 520.0
"""How long the faults take; then those that are there stay."""
STEP_S = 5.0
GRACE_S = 1.0
LONG_S = 125.0
"""Longer than the time after which an agent gives a sign of life."""
RECHECKED = ("roce.tls",)
"""What is asked so seldom that only a request shows the fault."""
DROPPED = "roce.lldp"
"""A check that the operator switches off."""
FRAME_OF_TOMORROW = b"\xa2\x06\x02\x08\x01"
"""Field 100 of a response, which no release knows."""


class Tap:
    """Stands between an agent and a collector. `streams` are what was said, `change` may alter what an agent says."""

    def __init__(self, collector: Address, change: Callable[[Any], None]) -> None:
        self._collector = collector
        self._change = change
        self._context: Any = None
        self._writing = asyncio.Lock()
        self.streams: List[List[Said]] = []

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Address]:
        """Listen until the block ends."""
        server = grpc.aio.server()
        _, service, method = CONNECT.split("/")
        handlers = {method: grpc.stream_stream_rpc_method_handler(self._connect)}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            yield Address("127.0.0.1", port)
        finally:
            await server.stop(GRACE_S)

    def all(self, way: str, kind: str) -> List[Any]:
        """Return all messages of a kind that went one way."""
        return [said.message for stream in self.streams for said in stream if (said.way, said.kind) == (way, kind)]

    async def more(self, way: str, kind: str) -> None:
        """Wait for one more message of a kind than there are now."""
        count = len(self.all(way, kind))
        await until(lambda: len(self.all(way, kind)) > count)

    async def answer(self, data: bytes) -> None:
        """Say something in the place of the collector."""
        async with self._writing:
            self.streams[-1].append(Said(DOWN, data))
            await self._context.write(data)

    async def _connect(self, _requests: AsyncIterator[bytes], context: Any) -> None:
        self._context = context
        self.streams.append([])
        stream = self.streams[-1]
        async with client_channel(self._collector, None) as channel:
            call: Any = channel.stream_stream(CONNECT)()
            answering = asyncio.ensure_future(self._answer(call))
            try:
                while True:
                    data = await context.read()
                    if data is grpc.aio.EOF:
                        break
                    message = ingest_pb2.ConnectRequest.FromString(data)
                    self._change(message)
                    stream.append(Said(UP, message.SerializeToString()))
                    await call.write(stream[-1].data)
                await call.done_writing()
                await answering
            finally:
                answering.cancel()

    async def _answer(self, call: Any) -> None:
        async for data in call:
            await self.answer(data)


def as_it_is(_message: Any) -> None:
    """Leave what an agent says as it is."""


def plain(message: Any) -> None:
    """Take away what an agent may leave out; its digests follow a rule that nobody else knows."""
    for name in ("agent_version", "capabilities", "collection_interval", "current_duration"):
        if message.HasField("hello"):
            message.hello.ClearField(name)
    for part in (message.state, message.heartbeat):
        if part.state_digest:
            part.state_digest = hashlib.sha256(part.state_digest).digest()


class Node:
    """A simulated node with a probe and an uplink."""

    def __init__(self, name: str, folder: Path, collector: Address) -> None:
        self.name = name
        self._folder = folder
        self._clock = VirtualClock()
        self._began_at = self._clock.now()
        self._cluster = SimulatedCluster(scenario.load(SCENARIO, "recorded"), self._clock)
        # So that two recordings of one program are alike: an epoch that nobody has to draw.
        spool = SpoolWriter(folder / "state")
        spool.epoch = f"the-epoch-of-{name}"
        spool.close()
        self._probe = self._make_probe(DEFAULTS)
        self._skipped_s = 0.0
        settings = UplinkSettings(
            name,
            folder / "state",
            (collector,),
            agent_version=recorded_streams.version(),
            interval_s=60.0,
            current_s=210.0,
        )
        self.uplink = Uplink(settings, monotonic=self._monotonic, chance=lambda: 0.0)

    def _make_probe(self, checks: Settings) -> Probe:
        settings = ProbeSettings(self.name, self._folder / "state", checks, lock_folder=str(self._folder))
        runner = SimulatedRunner(self._cluster, self.name, Execution(self._cluster))
        return Probe(runner, catalogue.load(), settings, wall=self._clock.now, monotonic=self._clock.now)

    def _monotonic(self) -> float:
        return time.monotonic() + self._skipped_s

    async def look(self) -> None:
        """Let the probe make its next round, and the uplink take it in."""
        while await self._probe.step() is None:
            self._clock.advance(STEP_S)
        self._clock.advance(STEP_S)
        self.uplink.look()

    @property
    def sequence(self) -> int:
        """The number of the newest change that the uplink knows of."""
        assert self.uplink._session is not None
        return self.uplink._session.sequence

    @property
    def age_s(self) -> float:
        """How long the probe has been looking."""
        return self._clock.now() - self._began_at

    def skip(self, seconds: float) -> None:
        """Let time pass for the uplink alone."""
        self._skipped_s += seconds
        self.uplink.look()

    def restart(self, checks: Settings) -> None:
        """Start the probe anew with other settings."""
        self._probe.close()
        self._probe = self._make_probe(checks)

    @contextlib.asynccontextmanager
    async def talking(self) -> AsyncIterator[None]:
        """Run the uplink until the block ends."""
        stop = asyncio.Event()
        running = asyncio.ensure_future(self.uplink.run(stop))
        try:
            yield
        finally:
            stop.set()
            await running
            self._probe.close()


async def record(name: str) -> List[List[Said]]:
    """Return the streams of one of the agents."""
    with tempfile.TemporaryDirectory(prefix="ascend-doctor-record-") as place:
        folder = Path(place)
        async with collecting(folder) as here:
            tap = Tap(here.listen, plain if name == PLAIN_AGENT else as_it_is)
            async with tap.listening() as address:
                node = Node(NODES[name], folder, address)
                await node.look()
                async with node.talking():
                    await _live(node, tap, takes_requests=name != PLAIN_AGENT)
    return tap.streams


async def _live(node: Node, tap: Tap, *, takes_requests: bool) -> None:
    """Let everything happen once that a stream can tell of."""
    await _heard(node, tap)
    while node.age_s < FAULTS_S:
        await node.look()
        await _heard(node, tap)
    await tap.answer(FRAME_OF_TOMORROW)
    if takes_requests:
        await tap.answer(_bytes(frames.Recheck("r1", RECHECKED)))
        await until(lambda: node.uplink.rechecks)
        await node.look()
        await until(lambda: tap.all(UP, "done"))
        await _heard(node, tap)
    acknowledged = asyncio.ensure_future(tap.more(DOWN, "ack"))
    await tap.answer(_bytes(frames.Resync("the digest differs")))
    await acknowledged
    await tap.answer(_bytes(frames.Drain(0.0, "upgrade")))
    await tap.more(DOWN, "ack")
    node.restart({DROPPED: CheckSettings(enabled=False)})
    await node.look()
    await _heard(node, tap)
    acknowledged = asyncio.ensure_future(tap.more(DOWN, "ack"))
    node.skip(LONG_S)
    await acknowledged


async def _heard(node: Node, tap: Tap) -> None:
    """Wait until what is new is acknowledged. Where all is as before, that may come with the next change."""
    await until(lambda: [item.state.sequence for item in tap.all(UP, "state")][-1:] == [node.sequence])
    sent = tap.all(UP, "state")[-1].state
    is_quiet = not (sent.sections or sent.removed_names or sent.transitions)
    await until(lambda: node.uplink.unacknowledged <= int(is_quiet))


def _bytes(frame: frames.CollectorFrame) -> bytes:
    return response_message(frame).SerializeToString()


async def understood(streams: Dict[str, List[List[Said]]]) -> str:
    """Play streams to a new collector, and return what it tells then."""
    with tempfile.TemporaryDirectory(prefix="ascend-doctor-record-") as place:
        async with collecting(Path(place)) as here:
            for said in streams.values():
                for stream in said:
                    await recorded_streams.play(here.listen, stream)
            return await recorded_streams.told_by(here.listen)


async def made() -> Dict[str, str]:
    """Record both agents, and what a collector makes of them, and return the files of the release."""
    streams = {name: await record(name) for name in NODES}
    files = {name: recorded_streams.write(said) for name, said in streams.items()}
    return {**files, EXPECTED: await understood(streams)}


def main(words: Sequence[str]) -> None:
    """Record into the folder that is named, else into that of the present version."""
    folder = Path(words[0]) if words else RELEASES / recorded_streams.version()
    files = asyncio.run(made())
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"recorded into {folder}; look at {EXPECTED} and commit all of it\n")


if __name__ == "__main__":
    main(sys.argv[1:])
