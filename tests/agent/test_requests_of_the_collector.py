"""What a collector may ask for on the stream, and how it ends one: a scripted collector on loopback."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import Any, Callable, Iterator, List

import grpc
import grpc.aio
import pytest

from ascend_doctor.agent import streams, uplink
from ascend_doctor.agent.uplink import Uplink, UplinkSettings
from ascend_doctor.model.state import NodeState, difference
from ascend_doctor.model.status import Status
from ascend_doctor.probe.requests import RECHECK, REQUESTS
from ascend_doctor.probe.spool import SpoolWriter
from ascend_doctor.v1 import ingest_pb2, ingest_pb2_grpc
from ascend_doctor.wire import frames
from ascend_doctor.wire.channels import server_options
from ascend_doctor.wire.credentials import Address
from ascend_doctor.wire.requests import RequestReader
from ascend_doctor.wire.responses import response_message
from ascend_doctor.wire.sections import SectionPool
from node_states import finding, told
from waiting import PATIENCE_S

NODE = "node-1"
STATE = NodeState.of([finding("roce.link", Status.PASS, 1.0)], {"ports": told('{"0":"up"}', 1.0)})
WELCOME = frames.Welcome(resume_after=None, heartbeat_s=30.0, max_inflight=4)

Script = Callable[["Stage"], Any]


class Stage:
    """One stream as the scripted collector sees it."""

    def __init__(self, requests: Any, context: Any) -> None:
        self._requests = requests
        self._reader = RequestReader(SectionPool())
        self.context = context

    async def hear(self, kind: type) -> Any:
        """Return the next frame of a kind; others are passed over."""
        while True:
            message = await self._requests.__anext__()
            frame = self._reader.read(message)
            if isinstance(frame, kind):
                return frame

    async def say(self, frame: frames.CollectorFrame) -> None:
        """Send a frame."""
        await self.context.write(response_message(frame))


class Scripted(ingest_pb2_grpc.IngestServiceServicer):
    """A collector that plays one script for each stream, the last one again and again."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self.failures: List[BaseException] = []

    async def Connect(self, request_iterator: Any, context: Any) -> None:  # noqa: N802 - the generated name
        """Play the next script."""
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        try:
            await script(Stage(request_iterator, context))
        except (AssertionError, TypeError) as failure:
            self.failures.append(failure)
            raise


@pytest.fixture(scope="module", autouse=True)
def _collected() -> Iterator[None]:
    """Let go of the servers while their loop is there: they schedule something on it when they are collected."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uplink, "LOOK_S", 0.02)
    monkeypatch.setattr(streams, "FAREWELL_S", 0.1)


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    """A state directory with one healthy state."""
    writer = SpoolWriter(tmp_path)
    writer.append(difference(writer.state, STATE))
    yield tmp_path
    writer.close()


async def _play(state_dir: Path, done: asyncio.Event, *scripts: Script, accept: bool = True) -> Uplink:
    """Let an uplink talk to a scripted collector until the script is through."""
    collector = Scripted(*scripts)
    server = grpc.aio.server(options=server_options())
    ingest_pb2_grpc.add_IngestServiceServicer_to_server(collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    settings = UplinkSettings(NODE, state_dir, (Address("127.0.0.1", port),), accept_rechecks=accept)
    found = Uplink(settings, chance=lambda: 0.05)
    stop = asyncio.Event()
    task = asyncio.create_task(found.run(stop))
    try:
        await asyncio.wait_for(done.wait(), PATIENCE_S)
    finally:
        stop.set()
        await asyncio.wait_for(task, PATIENCE_S)
        await server.stop(0.1)
    assert [] == collector.failures
    return found


async def _greet(stage: Stage) -> frames.Hello:
    hello: frames.Hello = await stage.hear(frames.Hello)
    await stage.say(WELCOME)
    await stage.hear(frames.State)
    return hello


async def test_a_recheck_goes_to_the_probe_and_is_answered(state_dir: Path):
    """The ids reach the probe's file; when the probe is through, the collector hears so."""
    done = asyncio.Event()

    async def script(stage: Stage) -> None:
        hello = await _greet(stage)
        assert hello.capabilities == (frames.DIGEST, frames.RECHECK)
        await stage.say(frames.Recheck("r1", ("roce.link",)))
        request = state_dir / REQUESTS / RECHECK
        while not request.exists():  # noqa: ASYNC110 - a file tells nobody that it is there
            await asyncio.sleep(0.01)
        assert request.read_bytes() == b"roce.link"
        request.unlink()
        assert frames.Done("r1", 1) == await stage.hear(frames.Done)
        done.set()

    assert (await _play(state_dir, done, script)).rechecks == 1


async def test_a_node_that_takes_no_requests_says_so(state_dir: Path):
    """Switched off, rechecks are not offered, and refused all the same."""
    done = asyncio.Event()

    async def script(stage: Stage) -> None:
        assert (await _greet(stage)).capabilities == (frames.DIGEST,)
        await stage.say(frames.Recheck("r1"))
        assert "accept_rechecks" in (await stage.hear(frames.Done)).problem
        done.set()

    assert (await _play(state_dir, done, script, accept=False)).rechecks == 0


async def test_active_tests_are_refused(state_dir: Path):
    """A request that this agent does not carry out is answered, not passed over."""
    done = asyncio.Event()

    async def script(stage: Stage) -> None:
        await _greet(stage)
        await stage.say(frames.Round("r1", "hccn_tool/ping", (frames.Probe(0, "192.0.2.1"),), 10.0))
        assert (await stage.hear(frames.Done)).problem == "this agent makes no active tests"
        done.set()

    await _play(state_dir, done, script)


async def test_a_drain_brings_the_node_back(state_dir: Path):
    """A collector that sends its nodes away sees them again."""
    done = asyncio.Event()

    async def first(stage: Stage) -> None:
        await _greet(stage)
        await stage.say(frames.Drain(0.1, "the collector stops"))
        await asyncio.sleep(0.2)

    async def second(stage: Stage) -> None:
        await _greet(stage)
        done.set()

    assert (await _play(state_dir, done, first, second)).connections == 2


async def test_a_hint_in_the_status_is_kept_to(state_dir: Path):
    """A collector that refuses for now says when to come back, and is not asked before."""
    done = asyncio.Event()
    times: List[float] = []

    async def first(stage: Stage) -> None:
        await stage.hear(frames.Hello)
        times.append(asyncio.get_running_loop().time())
        await stage.context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many", (("retry-after-s", "0.5"),))

    async def second(stage: Stage) -> None:
        times.append(asyncio.get_running_loop().time())
        await _greet(stage)
        done.set()

    await _play(state_dir, done, first, second)
    assert times[1] - times[0] >= 0.5


@pytest.mark.parametrize("value", ["soon", "-1", "1e9", "nan"])
async def test_a_hint_of_no_sense_is_ignored(state_dir: Path, value: str):
    """Nobody can send a node away for ever."""
    done = asyncio.Event()

    async def first(stage: Stage) -> None:
        await stage.hear(frames.Hello)
        await stage.context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many", (("retry-after-s", value),))

    async def second(stage: Stage) -> None:
        await _greet(stage)
        done.set()

    await _play(state_dir, done, first, second)


async def test_nonsense_from_the_collector_is_told(state_dir: Path, caplog: pytest.LogCaptureFixture):
    """A frame that no honest collector sends ends the stream, and the log names the field."""
    done = asyncio.Event()

    async def first(stage: Stage) -> None:
        await stage.hear(frames.Hello)
        await stage.context.write(ingest_pb2.ConnectResponse(welcome=ingest_pb2.Welcome(protocol=1)))
        await asyncio.sleep(0.3)

    async def second(stage: Stage) -> None:
        await _greet(stage)
        done.set()

    await _play(state_dir, done, first, second)
    assert "welcome.heartbeat_interval" in caplog.text


async def test_a_collector_that_never_answers_is_left(
    state_dir: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    """A stream on which nothing comes counts as dead after a while."""
    monkeypatch.setattr("ascend_doctor.wire.agent_session.GREETING_S", 0.2)
    done = asyncio.Event()

    async def first(stage: Stage) -> None:
        await asyncio.sleep(PATIENCE_S)

    async def second(stage: Stage) -> None:
        await _greet(stage)
        done.set()

    await _play(state_dir, done, first, second)
    assert "no Welcome within" in caplog.text


async def test_a_conversation_that_is_not_read_is_closed(monkeypatch: pytest.MonkeyPatch):
    """Frames do not pile up without bound for a collector that does not read."""
    monkeypatch.setattr(streams, "MAX_OUTGOING", 3)
    conversation = streams.Conversation()
    for _ in range(5):
        conversation.send(frames.Heartbeat(1, b""))
    assert conversation.ending is not None
    assert "does not read" in conversation.ending.text
    found = [await conversation.next() for _ in range(4)]
    assert [frames.Heartbeat(1, b"")] * 3 + [None] == found
