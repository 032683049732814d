"""Frames to messages and back; the bytes of one frame of each kind are kept for ever."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascend_doctor.model.state import Change, whole
from ascend_doctor.v1 import ingest_pb2
from ascend_doctor.wire import frames, limits
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.requests import RequestReader, request_messages
from ascend_doctor.wire.responses import read_response, response_message
from golden import Golden
from wire_examples import ANSWERS, CHANGE, CHANGES, EVIDENCE, STATE

DIGEST = bytes(range(32))
REQUESTS: Dict[str, Any] = {
    "hello": frames.Hello("node-1", "e1", 3, 7, "0.1.0", ("digest.1", "round.1"), 60.0, 210.5),
    "hello-short": frames.Hello("node-1", "e1", 0, 0),
    "state-delta": frames.State(7, CHANGE, DIGEST),
    "state-whole": frames.State(7, whole(STATE), STATE.digest, whole=True),
    "heartbeat": frames.Heartbeat(7, DIGEST),
    "done": frames.Done("r1", 7, "NPU 3 is busy"),
}
RESPONSES: Dict[str, Any] = {
    "welcome": frames.Welcome(7, 15.0, 16, capabilities=("digest.1",)),
    "welcome-whole": frames.Welcome(None, 15.0, 16),
    "ack": frames.Ack(7),
    "ack-nothing": frames.Ack(-1),
    "resync": frames.Resync("the digest differs"),
    "recheck": frames.Recheck("r1", ("roce.link", "npu.ecc")),
    "round": frames.Round("r2", "hccn_tool/ping", (frames.Probe(3, "10.0.0.7"), frames.Probe(4, "fe80::1")), 20.0),
    "drain": frames.Drain(30.0, "upgrade"),
    "drain-short": frames.Drain(),
}


def requested(frame: Any, max_message_bytes: int = limits.MAX_MESSAGE_BYTES) -> Any:
    """Send a frame of the node through bytes."""
    reader = RequestReader()
    read: Optional[Any] = None
    for message in request_messages(frame, max_message_bytes):
        assert read is None
        read = reader.read(ingest_pb2.ConnectRequest.FromString(message.SerializeToString()))
    return read


@pytest.mark.parametrize("name", REQUESTS)
def test_request_bytes(name: str, golden: Golden) -> None:
    """Each frame of the node has the bytes that it had when it was first released, and they read back."""
    message = next(iter(request_messages(REQUESTS[name], limits.MAX_MESSAGE_BYTES)))
    golden.check(f"{name}.hex", _lines(message.SerializeToString(deterministic=True)))
    assert REQUESTS[name] == RequestReader().read(message)


@pytest.mark.parametrize("name", RESPONSES)
def test_response_bytes(name: str, golden: Golden) -> None:
    """The same for the frames of the collector."""
    message = response_message(RESPONSES[name])
    golden.check(f"{name}.hex", _lines(message.SerializeToString(deterministic=True)))
    assert RESPONSES[name] == read_response(message)


def _lines(data: bytes) -> str:
    return "\n".join(data[start : start + 32].hex() for start in range(0, len(data), 32)) + "\n"


def test_every_frame_is_pinned() -> None:
    """The examples hold every kind of frame there is."""
    kinds = {type(frame) for frame in (*REQUESTS.values(), *RESPONSES.values())}
    assert {*frames.AgentFrame.__args__, *frames.CollectorFrame.__args__} - {frames.Unknown} == kinds  # type: ignore[attr-defined]


@given(CHANGES, st.booleans())
@settings(max_examples=50, deadline=None)
def test_state_arrives_as_it_was(change: Change, as_whole: bool) -> None:
    """Any change comes out of its messages as it went in."""
    frame = frames.State(5, change, DIGEST, as_whole)
    assert frame == requested(frame)


@given(st.lists(ANSWERS, min_size=1, max_size=9), st.integers(4_200, 5_000))
@settings(max_examples=25, deadline=None)
def test_state_in_parts_arrives_as_it_was(answers: Any, max_message_bytes: int) -> None:
    """A state that is too big for one message is put together again."""
    change = attrs.evolve(CHANGE, evidence={item.key: item for item in answers})
    frame = frames.State(5, change, DIGEST)
    assert frame == requested(frame, max_message_bytes)


def test_big_state_goes_in_parts() -> None:
    """No part is bigger than the collector allows, and all but the last say that more follows."""
    answers = [attrs.evolve(EVIDENCE, key=f"k{number}", stdout=b"x" * 3000) for number in range(10)]
    frame = frames.State(5, Change(evidence={item.key: item for item in answers}), DIGEST)
    messages = list(request_messages(frame, 12_000))
    assert [True] * 4 + [False] == [message.state.more_follows for message in messages]
    assert max(message.ByteSize() for message in messages) <= 12_000
    assert frame == requested(frame, 12_000)


def test_many_keys_go_in_several_entries() -> None:
    """Long lists of keys can be divided too."""
    keys = [f"c{number}" for number in range(1000)]
    frame = frames.State(5, Change(judged_at=dict.fromkeys(keys, 7.5), removed_evidence=frozenset(keys)), DIGEST)
    assert len(list(request_messages(frame, 6_000))) > 1
    assert frame == requested(frame, 6_000)


def test_unknown_frames() -> None:
    """A frame of a newer peer is told as such and never sent."""
    assert frames.Unknown() == RequestReader().read(ingest_pb2.ConnectRequest())
    assert frames.Unknown() == read_response(ingest_pb2.ConnectResponse())
    assert [] == list(request_messages(frames.Unknown(), limits.MAX_MESSAGE_BYTES))
    assert ingest_pb2.ConnectResponse() == response_message(frames.Unknown())


def test_generous_offers_are_taken_within_limits() -> None:
    """A collector may offer more than this program can use."""
    message = response_message(attrs.evolve(RESPONSES["welcome"], max_inflight=10**6, max_message_bytes=10**9))
    read = read_response(message)
    assert isinstance(read, frames.Welcome)
    assert (limits.MAX_INFLIGHT_COUNT, limits.MAX_MESSAGE_BYTES) == (read.max_inflight, read.max_message_bytes)


Spoil = Callable[[Any], object]
MOST = 2**63 - 1

BAD_REQUESTS: Tuple[Tuple[str, str, Spoil], ...] = (
    ("hello", "hello.node_name: is not a host name", lambda m: setattr(m.hello, "node_name", "a_b")),
    ("hello", "hello.epoch: is empty", lambda m: m.hello.ClearField("epoch")),
    ("hello", f"hello.base_sequence: -1 is not within 0 and {MOST}", lambda m: setattr(m.hello, "base_sequence", -1)),
    ("hello", f"hello.newest_sequence: 2 is not within 3 and {MOST}", lambda m: setattr(m.hello, "newest_sequence", 2)),
    ("hello", f"hello.protocol: 0 is not within 1 and {MOST}", lambda m: m.hello.ClearField("protocol")),
    ("hello", "hello.capabilities[2]: is empty", lambda m: m.hello.capabilities.append("")),
    (
        "hello",
        "hello.current_duration: is negative or too far away",
        lambda m: setattr(m.hello.current_duration, "seconds", -5),
    ),
    ("heartbeat", "heartbeat.state_digest: 3 bytes, a digest has 32", lambda m: _digest(m.heartbeat, b"abc")),
    ("done", "done.request_id: is empty", lambda m: m.done.ClearField("request_id")),
    ("state-delta", f"state.sequence: 0 is not within 1 and {MOST}", lambda m: setattr(m.state, "sequence", 0)),
    ("state-delta", "state.state_digest: 0 bytes, a digest has 32", lambda m: m.state.ClearField("state_digest")),
    ("state-delta", "state.findings[0].key: is empty", lambda m: m.state.findings[0].ClearField("key")),
    ("state-delta", "state.evidence[1].key: is empty", lambda m: m.state.evidence.add()),
    (
        "state-delta",
        "state.confirmations[0].finding_keys[2]: is empty",
        lambda m: m.state.confirmations[0].finding_keys.append(""),
    ),
    ("state-delta", "state.reruns[1].evidence_key: is empty", lambda m: m.state.reruns.add()),
    ("state-delta", "state.removed_finding_keys[1]: is empty", lambda m: m.state.removed_finding_keys.append("")),
    ("state-delta", "state.removed_evidence_keys[1]: is empty", lambda m: m.state.removed_evidence_keys.append("")),
)


def _digest(message: Any, digest: bytes) -> None:
    message.state_digest = digest


@pytest.mark.parametrize(("name", "expected", "spoil"), BAD_REQUESTS)
def test_bad_request_is_refused(name: str, expected: str, spoil: Spoil) -> None:
    """What no honest node sends is refused with the name of the field."""
    message = next(iter(request_messages(REQUESTS[name], limits.MAX_MESSAGE_BYTES)))
    spoil(message)
    with pytest.raises(WireError) as caught:
        RequestReader().read(message)
    assert expected == str(caught.value)


BAD_RESPONSES: Tuple[Tuple[str, str, Spoil], ...] = (
    (
        "welcome",
        "welcome.heartbeat_interval: 0.0 is not within 1.0 and 3600.0 seconds",
        lambda m: m.welcome.ClearField("heartbeat_interval"),
    ),
    (
        "welcome",
        f"welcome.max_inflight_count: 0 is not within 1 and {MOST}",
        lambda m: m.welcome.ClearField("max_inflight_count"),
    ),
    (
        "welcome",
        f"welcome.max_message_bytes: 5 is not within 3145728 and {MOST}",
        lambda m: setattr(m.welcome, "max_message_bytes", 5),
    ),
    ("welcome", "welcome.protocol: 2 is not within 1 and 1", lambda m: setattr(m.welcome, "protocol", 2)),
    (
        "welcome",
        f"welcome.resume_after_sequence: -1 is not within 0 and {MOST}",
        lambda m: setattr(m.welcome, "resume_after_sequence", -1),
    ),
    ("ack", f"ack.sequence: -2 is not within -1 and {MOST}", lambda m: setattr(m.ack, "sequence", -2)),
    ("resync", "resync.reason: 5000 characters, 4096 are allowed", lambda m: setattr(m.resync, "reason", "x" * 5000)),
    ("recheck", "recheck.check_ids[2]: holds control characters", lambda m: m.recheck.check_ids.append("a;\n")),
    ("round", "round.probes: is empty", lambda m: m.round.ClearField("probes")),
    ("round", "round.source: is empty", lambda m: m.round.ClearField("source")),
    ("round", "round.probes[0].peer_address: is not an IP address", lambda m: _address(m, "10.0.0.7; reboot")),
    ("round", "round.probes[0].peer_address: names a scope", lambda m: _address(m, "fe80::1%-x")),
    (
        "round",
        "round.probes[1].phy_id: 5000 is not within 0 and 1023",
        lambda m: setattr(m.round.probes[1], "phy_id", 5000),
    ),
    ("drain", "drain.retry_delay: is negative or too far away", lambda m: setattr(m.drain.retry_delay, "seconds", -9)),
)


def _address(message: Any, address: str) -> None:
    message.round.probes[0].peer_address = address


@pytest.mark.parametrize(("name", "expected", "spoil"), BAD_RESPONSES)
def test_bad_response_is_refused(name: str, expected: str, spoil: Spoil) -> None:
    """The same for the collector."""
    message = response_message(RESPONSES[name])
    spoil(message)
    with pytest.raises(WireError) as caught:
        read_response(message)
    assert expected == str(caught.value)


def _part(sequence: int, *, more: bool = True, as_whole: bool = False) -> ingest_pb2.ConnectRequest:
    state = ingest_pb2.State(sequence=sequence, whole=as_whole, more_follows=more, state_digest=DIGEST)
    return ingest_pb2.ConnectRequest(state=state)


def test_parts_are_not_mixed() -> None:
    """Nothing may stand between the parts of a state: no other state, no other frame."""
    for second in (_part(6), _part(5, as_whole=True)):
        reader = RequestReader()
        assert reader.read(_part(5)) is None
        with pytest.raises(WireError, match="another state begins"):
            reader.read(second)
    reader = RequestReader()
    assert reader.read(_part(5)) is None
    with pytest.raises(WireError, match="heartbeat: stands between the parts"):
        reader.read(ingest_pb2.ConnectRequest(heartbeat=ingest_pb2.Heartbeat()))
    with pytest.raises(WireError, match="frame: stands between the parts"):
        reader.read(ingest_pb2.ConnectRequest())


def test_parts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state has so many parts and so many bytes, and no more."""
    reader = RequestReader()
    for _ in range(limits.MAX_STATE_PART_COUNT):
        assert reader.read(_part(5)) is None
    with pytest.raises(WireError, match=r"state\.parts: 64 is not within 0 and 63"):
        reader.read(_part(5))
    monkeypatch.setattr(limits, "MAX_STATE_BYTES", 60)
    reader = RequestReader()
    assert reader.read(_part(5)) is None
    with pytest.raises(WireError, match="state: more than 60 bytes"):
        reader.read(_part(5))
