"""What agents of earlier releases say, a collector of this one understands; and the other way round.

The streams were recorded, and are played byte by byte: `tests/recorded_streams.py`. Streams are never changed;
`expected.json` is written anew with `pytest --update-golden`, after a look at every difference.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, List, Set

import attrs
import pytest

import record_stream
from ascend_doctor.model.sections import NOTHING, apply
from ascend_doctor.wire import frames
from ascend_doctor.wire.agent_session import AgentSession
from ascend_doctor.wire.effects import Close, Deliver, Effects, Reason, Send
from ascend_doctor.wire.requests import RequestReader
from ascend_doctor.wire.responses import read_response
from ascend_doctor.wire.sections import SectionPool
from collecting import collecting
from golden import Golden
from recorded_streams import (
    AGENT,
    DOWN,
    EXPECTED,
    PLAIN_AGENT,
    RELEASES,
    UNKNOWN,
    UP,
    Said,
    play,
    read,
    told_by,
    version,
    write,
)

MOST_BYTES = 100 * 1024
KINDS = {
    UP: {"hello", "state", "heartbeat", "done"},
    DOWN: {"welcome", "ack", "resync", "recheck", "drain", UNKNOWN},
}
FOLDERS = sorted(folder for folder in RELEASES.iterdir() if folder.is_dir())
AGENTS = [folder / name for folder in FOLDERS for name in (AGENT, PLAIN_AGENT)]


def _name(path: Path) -> str:
    return str(path.relative_to(RELEASES))


def _kinds(streams: List[List[Said]], way: str) -> Set[str]:
    return {said.kind for stream in streams for said in stream if said.way == way}


def test_this_version_has_a_recording() -> None:
    """No release goes out without its streams."""
    missing = [name for name in (AGENT, PLAIN_AGENT, EXPECTED) if not (RELEASES / version() / name).is_file()]
    assert [] == missing, f"{version()} has no recording: run `make record-stream` and commit what it writes"


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
def test_recordings_are_small(folder: Path) -> None:
    """A release adds little to the tree."""
    assert sum(path.stat().st_size for path in folder.iterdir()) < MOST_BYTES


@pytest.mark.parametrize("path", AGENTS, ids=_name)
def test_recording_is_as_it_was_written(path: Path) -> None:
    """The kind that stands beside each message is what this program takes it for."""
    assert path.read_text(encoding="utf-8") == write(read(path))


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
async def test_collector_understands_agents_of_a_release(folder: Path, golden: Golden, tmp_path: Path) -> None:
    """Report and history say what they have to, and nothing has to be asked twice or is refused."""
    async with collecting(tmp_path) as here:
        for name in (AGENT, PLAIN_AGENT):
            for stream in read(folder / name):
                heard = await play(here.listen, stream)
                welcome = next(said.message.welcome for said in stream if said.kind == "welcome")
                assert ["welcome", *["ack"] * (len(heard) - 1)] == [item.WhichOneof("frame") for item in heard]
                assert welcome.HasField("resume_after_sequence") == heard[0].welcome.HasField("resume_after_sequence")
                assert welcome.resume_after_sequence == heard[0].welcome.resume_after_sequence
        told = await told_by(here.listen)
    attrs.evolve(golden, folder=folder).check(EXPECTED, told)


class _Agent:
    """The agent of this program, in the place of one that was recorded."""

    def __init__(self, streams: List[List[Said]]) -> None:
        hello = streams[0][0].message.hello
        reader = RequestReader(SectionPool())
        told: List[Any] = [reader.read(said.message) for said in streams[0] if said.way == UP]
        begin = next(frame for frame in told if isinstance(frame, frames.State))
        self.session = AgentSession(
            hello.node_name,
            hello.epoch,
            random=random.Random(0).random,
            sequence=begin.sequence,
            state=apply(NOTHING, begin.change),
        )
        self.closed: List[Reason] = []
        self.asked: List[Any] = []
        self.wholes = 0
        self._now = 0.0

    def play(self, stream: List[Said]) -> None:
        """Hear what was heard on a stream, and learn from the node what was learnt meanwhile."""
        reader = RequestReader(SectionPool())
        self._do(self.session.connected(self._now))
        for said in stream:
            self._now += 2.0
            frame: Any = reader.read(said.message) if said.way == UP else read_response(said.message)
            if said.way == DOWN:
                self._do(self.session.received(frame, self._now))
            elif isinstance(frame, frames.State) and frame.sequence > self.session.sequence:
                self._do(self.session.changed(frame.sequence, frame.change, self._now))
        self.session.disconnected(self._now)

    def _do(self, effects: Effects) -> None:
        for effect in effects:
            if isinstance(effect, Close):
                self.closed.append(effect.reason)
            elif isinstance(effect, Deliver):
                self.asked.append(effect.frame)
            elif isinstance(effect, Send) and isinstance(effect.frame, frames.State):
                self.wholes += effect.frame.whole


@pytest.mark.parametrize("path", AGENTS, ids=_name)
def test_agent_understands_the_collector_of_a_release(path: Path) -> None:
    """It does what it is asked, believes what is acknowledged, goes when it is sent away, and goes on afterwards."""
    streams = read(path)
    heard = [said for stream in streams for said in stream if said.way == DOWN]
    agent = _Agent(streams)
    for stream in streams:
        agent.play(stream)

    assert max(said.message.ack.sequence for said in heard if said.kind == "ack") == agent.session.acked
    assert agent.session.sequence == agent.session.acked
    assert sum(said.kind == "resync" for said in heard) + 1 == agent.wholes
    assert [Reason.DONE for said in heard if said.kind == "drain"] == agent.closed
    assert [read_response(said.message) for said in heard if said.kind == "recheck"] == agent.asked
    assert sum(said.kind == UNKNOWN for said in heard) == agent.session.ignored


async def test_a_recording_holds_every_kind() -> None:
    """What `make record-stream` makes has every frame of both sides in it, and every part of a state."""
    streams = await record_stream.record(AGENT)
    states = [said.message.state for stream in streams for said in stream if said.kind == "state"]

    assert KINDS == {way: _kinds(streams, way) for way in KINDS}
    assert {True, False} == {state.whole for state in states}
    for field in ("sections", "confirmations", "removed_names", "transitions"):
        assert any(getattr(state, field) for state in states), field
