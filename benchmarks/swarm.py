"""Thousands of nodes in one process: the product's own session and wire over real gRPC, without disks and tools.

Started by `fleet.py` with a plan as JSON on its standard input, it answers words on further lines with one line
of JSON:

    status          how many nodes are welcome, and of how many all is acknowledged but the newest round
    fault NUMBER    a check of the node fails from now on; the time of sending
    repair NUMBER   it passes again
    storm SECONDS   the nodes of one rack change as fast as they are let, for so long
    rest            no node looks again by itself any more
    round           every node looks again now, and a check of it fails from now on
    testify         what every node has said, and where it was welcome: see `witness.py`
    end             all nodes leave
"""

from __future__ import annotations

import asyncio
import itertools
import json
import pickle
import random
import resource
import sys
import time
from collections import Counter, deque
from pathlib import Path
from typing import Any, Deque, Dict, List, Optional, Tuple

import attrs
import grpc.aio
from recorded import HEALTHY, Recording, of_node
from witness import Witness

from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.sections import NOTHING, Section, Sections, SectionsChange, whole
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Transition
from ascend_doctor.v1 import ingest_pb2_grpc
from ascend_doctor.wire.agent_session import AgentSession
from ascend_doctor.wire.credentials import CLIENT_OPTIONS
from ascend_doctor.wire.effects import Close, Effects, Send
from ascend_doctor.wire.requests import request_messages
from ascend_doctor.wire.responses import read_response
from ascend_doctor.wire.sections import write_check

BROKEN = "bench.fault"
"""The check that the benchmark lets fail; the collector need not know it."""
MIB = 1 << 20


@attrs.frozen
class Plan:
    """What the swarm is: see `fleet.py`. A node begins with one of the addresses by its number."""

    addresses: Tuple[str, ...]
    numbers: Tuple[int, ...]
    recordings: str
    credentials: Optional[str]
    round_s: float
    faulty: float
    spread_s: float
    rack: int
    testifies: bool = False


def name_of(number: int) -> str:
    """Return the name of a node."""
    return f"node-{number}"


class Listening:
    """Knows who listens: thousands of nodes that try a dead collector would take the CPU that measures its return."""

    KEPT_S = 0.25

    def __init__(self) -> None:
        self._seen: Dict[str, Tuple[float, bool]] = {}

    async def at(self, address: str) -> bool:
        """Tell whether somebody listens there, or did a moment ago."""
        now = time.monotonic()
        at, found = self._seen.get(address, (0.0, True))
        if now - at > self.KEPT_S:
            self._seen[address] = now, True  # who comes meanwhile finds out for itself
            host, _, port = address.rpartition(":")
            try:
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            except OSError:
                found = False
            else:
                writer.close()
                found = True
            self._seen[address] = now, found
        return found


class SwarmNode:
    """One node: a recording that goes round, and the session that tells it."""

    def __init__(
        self, number: int, recording: Recording, plan: Plan, chance: random.Random, listening: Listening
    ) -> None:
        self.number = number
        self._listening = listening
        self.name = name_of(number)
        self.session: AgentSession
        self._recording = recording
        self._plan = plan
        self._chance = chance
        self._outgoing: Deque[Any] = deque()
        self._wake = asyncio.Event()
        self._ended = False
        self._was_welcome = False
        self._next = 0
        first = number % len(plan.addresses)
        self._places = itertools.cycle((*plan.addresses[first:], *plan.addresses[:first]))
        self.address = next(self._places)
        self.witness = Witness(self.name) if plan.testifies else None
        own = of_node(dict(recording.begin.sections), number)
        self._own = own
        begin = Sections({**own, BROKEN: _verdict(self.name, Status.PASS)}, self._times(recording.begin.times))
        self.session = AgentSession(
            self.name,
            f"epoch-{number}",
            random=chance.random,
            sequence=1,
            state=begin,
            interval_s=plan.round_s,
            current_s=3 * plan.round_s + 30,
        )
        if self.witness is not None:
            self.witness.said(1, NOTHING, whole(begin))

    def _times(self, ages: Any) -> Dict[str, float]:
        now = time.time()
        return {name: float(int(now - age)) for name, age in ages.items()}

    def look_again(self, status: Optional[Status] = None) -> None:
        """Make the next round of the recording; with a status the check of the benchmark has that outcome then."""
        rounds = self._recording.rounds
        if self._next == len(rounds):
            self._next = 0
            change = self._recording.finish
        else:
            change = rounds[self._next]
            self._next += 1
        sequence = self.session.sequence + 1
        sections = {name: item if item.statuses else self._own[name] for name, item in change.sections.items()}
        told = tuple((sequence, item) for _, item in change.transitions)
        now = time.time()
        if status is not None:
            sections[BROKEN] = _verdict(self.name, status)
            told = (*told, (sequence, self._became(status, now)))
        times = {**self._times(change.times), BROKEN: float(int(now))}
        self._change(attrs.evolve(change, sections=sections, times=times, transitions=told))

    def become(self, status: Status) -> float:
        """Let the check of the benchmark have this outcome, and return when that was sent."""
        now = time.time()
        told = ((self.session.sequence + 1, self._became(status, now)),)
        sections, times = {BROKEN: _verdict(self.name, status)}, {BROKEN: float(int(now))}
        self._change(SectionsChange(sections, times, frozenset(), told))
        return now

    def _became(self, status: Status, now: float) -> Transition:
        before = self.session.state.sections[BROKEN].statuses[0]
        return Transition(BROKEN, "node:.:", before, status, now, "the benchmark says so")

    def _change(self, change: SectionsChange) -> None:
        sequence = self.session.sequence + 1
        if self.witness is not None:
            self.witness.said(sequence, self.session.state, change)
        self._do(self.session.changed(sequence, change, time.monotonic()))

    async def live(self) -> None:
        """Look again and again."""
        await asyncio.sleep(self._chance.random() * self._plan.round_s)
        due = time.monotonic()
        while True:
            self.look_again()
            due += self._plan.round_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def stay_connected(self, credentials: Optional[grpc.ChannelCredentials]) -> None:
        """Hold a stream, and open another when it ends; elsewhere when it was not served, as the uplink does."""
        await asyncio.sleep(self._chance.random() * self._plan.spread_s)
        while True:
            left = self.session.retry_at - time.monotonic()
            if left > 0:
                await asyncio.sleep(left)
            hint = None
            self._was_welcome = False
            try:
                if await self._listening.at(self.address):
                    await self._hold(credentials)
            except grpc.aio.AioRpcError as error:
                hint = _hint(error)
            except (asyncio.InvalidStateError, asyncio.TimeoutError):
                pass
            if not self.session.is_served:
                self.address = next(self._places)
            self.session.disconnected(time.monotonic(), hint)

    async def _hold(self, credentials: Optional[grpc.ChannelCredentials]) -> None:
        options = [
            *CLIENT_OPTIONS.items(),
            ("grpc.max_receive_message_length", 4 * MIB),
            ("grpc.max_send_message_length", 4 * MIB),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.enable_retries", 0),
        ]
        if credentials is None:
            channel = grpc.aio.insecure_channel(self.address, options=options)
        else:
            channel = grpc.aio.secure_channel(self.address, credentials, options=options)
        try:
            call: Any = ingest_pb2_grpc.IngestServiceStub(channel).Connect()
            await asyncio.wait_for(call.wait_for_connection(), 60.0)
            self._outgoing.clear()
            self._ended = False
            writing = asyncio.ensure_future(self._write(call))
            try:
                self._do(self.session.connected(time.monotonic()))
                async for message in call:
                    self._do(self.session.received(read_response(message), time.monotonic()))
                    if self.session.streaming and not self._was_welcome:
                        self._was_welcome = True
                        if self.witness is not None:
                            self.witness.welcome(self.address)
            finally:
                writing.cancel()
                call.cancel()
        finally:
            # `close` would look through all tasks of the process for calls of the channel, each time.
            channel._channel.close()  # noqa: SLF001

    async def _write(self, call: Any) -> None:
        while True:
            while self._outgoing:
                for message in request_messages(self._outgoing.popleft(), self.session.max_message_bytes):
                    await call.write(message)
            if self._ended:
                await call.done_writing()
                return
            self._wake.clear()
            await self._wake.wait()

    def tick(self) -> None:
        """Let the session do what is due."""
        self._do(self.session.tick(time.monotonic()))

    def _do(self, effects: Effects) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._outgoing.append(effect.frame)
            elif isinstance(effect, Close):
                self._ended = True
        self._wake.set()


def _verdict(node: str, status: Status) -> Section:
    finding = Finding(BROKEN, subjects.node(node), status, f"the benchmark says {status.value}")
    return write_check(BROKEN, [finding], node)


def _hint(error: grpc.aio.AioRpcError) -> Optional[float]:
    for key, value in error.trailing_metadata() or ():
        if key == "retry-after-s":
            return float(value)
    return None


async def _tick_all(nodes: List[SwarmNode]) -> None:
    while True:
        began = time.monotonic()
        for start in range(0, len(nodes), 100):
            for node in nodes[start : start + 100]:
                node.tick()
            await asyncio.sleep(0)
        await asyncio.sleep(max(0.1, began + 2.0 - time.monotonic()))


async def _storm(nodes: List[SwarmNode], seconds: float) -> int:
    until = time.monotonic() + seconds
    sent = 0
    while time.monotonic() < until:
        for node in nodes:
            if node.session.streaming and node.session.sequence - max(node.session.acked, 0) < 100:
                node.become(Status.FAIL if node.session.sequence % 2 else Status.PASS)
                sent += 1
        await asyncio.sleep(0.02)
    return sent


async def _round(nodes: List[SwarmNode]) -> int:
    for start in range(0, len(nodes), 100):
        for node in nodes[start : start + 100]:
            node.look_again(Status.FAIL)
        await asyncio.sleep(0)
    return len(nodes)


def _recordings(path: str) -> Dict[str, Recording]:
    found: Dict[str, Recording] = pickle.loads(Path(path).read_bytes())
    return found


def _credentials(path: Optional[str], number: int) -> Optional[grpc.ChannelCredentials]:
    if path is None:
        return None
    folder = Path(path)
    read = lambda name: (folder / name).read_bytes()  # noqa: E731 - three files of one folder
    return grpc.ssl_channel_credentials(read("ca.crt"), read("node.key"), read(f"{number}.crt"))


async def main() -> None:
    """Be the nodes of the plan until told to end."""
    reader = asyncio.StreamReader(limit=64 * MIB)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    plan = Plan(**json.loads(await reader.readline()))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    recordings = _recordings(plan.recordings)
    faults = [item for key, item in sorted(recordings.items()) if key != HEALTHY]
    chance = random.Random(plan.numbers[0])
    listening = Listening()
    nodes = []
    tasks = []
    lives = []
    for number in plan.numbers:
        is_faulty = faults and chance.random() < plan.faulty
        recording = chance.choice(faults) if is_faulty else recordings[HEALTHY]
        node = SwarmNode(number, recording, plan, random.Random(number), listening)
        nodes.append(node)
        tasks.append(asyncio.ensure_future(node.stay_connected(_credentials(plan.credentials, number))))
        lives.append(asyncio.ensure_future(node.live()))
    tasks.append(asyncio.ensure_future(_tick_all(nodes)))
    by_number = {node.number: node for node in nodes}
    print(json.dumps({"nodes": len(nodes)}), flush=True)
    while True:
        words = (await reader.readline()).decode().split()
        if not words or words[0] == "end":
            break
        if words[0] == "status":
            streaming = [node for node in nodes if node.session.streaming]
            # A round in which all is as before is acknowledged with the next.
            caught_up = sum(node.session.acked >= node.session.sequence - 1 for node in streaming)
            lost = sum(node.session.lost_transitions for node in nodes)
            at = Counter(node.address for node in streaming)
            answer: Dict[str, Any] = {"streaming": len(streaming), "caught_up": caught_up, "lost": lost, "at": at}
        elif words[0] == "testify":
            heard = ((node, node.witness) for node in nodes)
            answer = {node.name: item.testimony(node.session.acked) for node, item in heard if item is not None}
        elif words[0] == "storm":
            answer = {"sent": await _storm(nodes[: plan.rack], float(words[1]))}
        elif words[0] == "rest":
            answer = {"resting": sum(task.cancel() for task in lives)}
        elif words[0] == "round":
            answer = {"sent": await _round(nodes)}
        else:
            status = Status.FAIL if words[0] == "fault" else Status.PASS
            answer = {"at": by_number[int(words[1])].become(status)}
        print(json.dumps(answer), flush=True)
    for task in (*tasks, *lives):
        task.cancel()
    await asyncio.gather(*tasks, *lives, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main())
