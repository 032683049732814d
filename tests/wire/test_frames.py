"""Frames to messages and back; the bytes of one frame of each kind are kept for ever."""

from __future__ import annotations

import random
from typing import Any, Callable, Dict, Optional, Tuple

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.sections import Section, SectionsChange, whole
from ascend_doctor.model.status import Status
from ascend_doctor.v1 import ingest_pb2
from ascend_doctor.wire import frames, limits
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.requests import RequestReader, request_messages
from ascend_doctor.wire.responses import read_response, response_message
from ascend_doctor.wire.sections import SectionPool, write_check, write_topic
from golden import Golden
from wire_examples import CHECK_SECTION, SECTIONS, SECTIONS_CHANGE, SECTIONS_CHANGES, TRANSITION

DIGEST = bytes(range(32))
PASSED = write_check("a.b", [Finding("a.b", subjects.node("node-1"), Status.PASS, "fine")], "node-1")
REQUESTS: Dict[str, Any] = {
    "hello": frames.Hello("node-1", "e1", 3, 7, "0.1.0", ("digest.2", "round.1"), 60.0, 210.5),
    "hello-short": frames.Hello("node-1", "e1", 0, 0),
    "state-delta": frames.State(7, SECTIONS_CHANGE, DIGEST),
    "state-whole": frames.State(7, whole(SECTIONS, ((6, TRANSITION),)), SECTIONS.digest, whole=True),
    "heartbeat": frames.Heartbeat(7, DIGEST),
    "done": frames.Done("r1", 7, "NPU 3 is busy"),
}
RESPONSES: Dict[str, Any] = {
    "welcome": frames.Welcome(7, 30.0, 16, capabilities=("digest.2",)),
    "welcome-whole": frames.Welcome(None, 30.0, 16),
    "ack": frames.Ack(7),
    "ack-nothing": frames.Ack(-1),
    "resync": frames.Resync("the digest differs"),
    "recheck": frames.Recheck("r1", ("roce.link", "npu.ecc")),
    "round": frames.Round("r2", "hccn_tool/ping", (frames.Probe(3, "10.0.0.7"), frames.Probe(4, "fe80::1")), 20.0),
    "drain": frames.Drain(30.0, "upgrade"),
    "drain-short": frames.Drain(),
}


def reader() -> RequestReader:
    """Make the reader of a stream."""
    return RequestReader(SectionPool())


def requested(frame: Any, max_message_bytes: int = limits.MAX_MESSAGE_BYTES) -> Any:
    """Send a frame of the node through bytes."""
    stream = reader()
    read: Optional[Any] = None
    for message in request_messages(frame, max_message_bytes):
        assert read is None
        read = stream.read(ingest_pb2.ConnectRequest.FromString(message.SerializeToString()))
    return read


@pytest.mark.parametrize("name", REQUESTS)
def test_request_bytes(name: str, golden: Golden) -> None:
    """Each frame of the node has the bytes that it had when it was first released, and they read back."""
    message = next(iter(request_messages(REQUESTS[name], limits.MAX_MESSAGE_BYTES)))
    golden.check(f"{name}.hex", _lines(message.SerializeToString(deterministic=True)))
    assert REQUESTS[name] == reader().read(message)


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


@given(SECTIONS_CHANGES, st.booleans(), st.sampled_from([4_200, 4_500, limits.MAX_MESSAGE_BYTES]))
@settings(max_examples=50, deadline=None)
def test_state_arrives_as_it_was(change: SectionsChange, as_whole: bool, max_message_bytes: int) -> None:
    """Any change comes out of its messages as it went in, however many there are."""
    frame = frames.State(5, change, DIGEST, as_whole)
    assert frame == requested(frame, max_message_bytes)


def noise(count: int) -> bytes:
    """Return bytes that nothing can pack."""
    return random.Random(count).getrandbits(8 * count).to_bytes(count, "big")


def topics(count: int, size: int) -> Dict[str, Section]:
    """Make so many sections of so many bytes."""
    return {name: write_topic(name, noise(size), b"") for name in (f"topic{number}" for number in range(count))}


def test_big_state_goes_in_parts() -> None:
    """No part is bigger than the collector allows, and all but the last say that more follows."""
    frame = frames.State(5, SectionsChange(topics(10, 3000)), DIGEST)
    messages = list(request_messages(frame, 12_000))
    assert [True] * 4 + [False] == [message.state.more_follows for message in messages]
    assert max(message.ByteSize() for message in messages) <= 12_000
    assert frame == requested(frame, 12_000)


def test_many_names_go_in_several_entries() -> None:
    """Long lists of names can be divided too."""
    names = [f"c{number}" for number in range(1000)]
    change = SectionsChange(times=dict.fromkeys(names, 7.5), removed=frozenset(names))
    frame = frames.State(5, change, DIGEST)
    assert len(list(request_messages(frame, 6_000))) > 1
    assert frame == requested(frame, 6_000)


def test_biggest_section_fits_the_smallest_message() -> None:
    """One section always fits into one message, whatever a collector offers."""
    biggest = attrs.evolve(CHECK_SECTION, content=bytes(limits.MAX_SECTION_BYTES))
    frame = frames.State(5, SectionsChange({"roce.link": biggest}), DIGEST)
    (message,) = request_messages(frame, limits.MIN_MESSAGE_BYTES)
    assert message.ByteSize() <= limits.MIN_MESSAGE_BYTES


def test_newest_transitions_of_too_many_are_sent() -> None:
    """What one state cannot hold is left out at its older end, so that the rest can go over at all."""
    many = tuple((sequence, TRANSITION) for sequence in range(1, limits.MAX_TRANSITION_COUNT + 3))
    frame = frames.State(limits.MAX_TRANSITION_COUNT + 2, SectionsChange(transitions=many), DIGEST, whole=True)
    read = requested(frame)
    assert many[2:] == read.change.transitions


def test_most_and_longest_transitions_fit_a_state() -> None:
    """All transitions that one state may have are below what a collector takes, each as long as they come."""
    longest = attrs.evolve(TRANSITION, check="c" * 60, subject="npu:.:" + "3" * 200, summary="x" * 9999)
    many = tuple((1, longest) for _ in range(limits.MAX_TRANSITION_COUNT))
    sizes = [
        part.ByteSize() for part in request_messages(frames.State(1, SectionsChange(transitions=many), DIGEST), 2**22)
    ]
    assert sum(sizes) + limits.MAX_SECTIONS_BYTES < limits.MAX_STATE_BYTES
    assert len(sizes) < limits.MAX_STATE_PART_COUNT


def test_equal_sections_of_two_nodes_are_one() -> None:
    """What passed on two streams is held once."""
    pool = SectionPool()
    (first, second) = (
        RequestReader(pool).read(
            next(request_messages(frames.State(5, SectionsChange({"a.b": PASSED}), DIGEST), 2**22))
        )
        for _ in range(2)
    )
    assert first.change.sections["a.b"] is second.change.sections["a.b"]  # type: ignore[union-attr]


def test_unknown_frames() -> None:
    """A frame of a newer peer is told as such and never sent."""
    assert frames.Unknown() == reader().read(ingest_pb2.ConnectRequest())
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
    ("state-delta", "state.sections[1]: is no section", lambda m: m.state.sections.append(b"\xff")),
    ("state-delta", "state.sections[1].name: is empty", lambda m: m.state.sections.append(b"")),
    (
        "state-delta",
        "state.confirmations[0].section_names[2]: is empty",
        lambda m: m.state.confirmations[0].section_names.append(""),
    ),
    (
        "state-delta",
        "state.confirmations[0].section_names[2]: 700 characters, 600 are allowed",
        lambda m: m.state.confirmations[0].section_names.append("x" * 700),
    ),
    (
        "state-delta",
        "state.confirmations[0].collect_time: is negative or too far away",
        lambda m: setattr(m.state.confirmations[0].collect_time, "seconds", -1),
    ),
    ("state-delta", "state.removed_names[2]: holds control characters", lambda m: m.state.removed_names.append("\n")),
    ("state-delta", "state.transitions[2].check_id: is empty", lambda m: m.state.transitions.add(subject_key="a:b:c")),
    (
        "state-delta",
        "state.transitions[1].sequence: 8 is not within 0 and 7",
        lambda m: setattr(m.state.transitions[1], "sequence", 8),
    ),
)


def _digest(message: Any, digest: bytes) -> None:
    message.state_digest = digest


@pytest.mark.parametrize(("name", "expected", "spoil"), BAD_REQUESTS)
def test_bad_request_is_refused(name: str, expected: str, spoil: Spoil) -> None:
    """What no honest node sends is refused with the name of the field."""
    message = next(iter(request_messages(REQUESTS[name], limits.MAX_MESSAGE_BYTES)))
    spoil(message)
    with pytest.raises(WireError) as caught:
        reader().read(message)
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
        stream = reader()
        assert stream.read(_part(5)) is None
        with pytest.raises(WireError, match="another state begins"):
            stream.read(second)
    stream = reader()
    assert stream.read(_part(5)) is None
    with pytest.raises(WireError, match="heartbeat: stands between the parts"):
        stream.read(ingest_pb2.ConnectRequest(heartbeat=ingest_pb2.Heartbeat()))
    with pytest.raises(WireError, match="frame: stands between the parts"):
        stream.read(ingest_pb2.ConnectRequest())


def test_parts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state has so many parts and so many bytes, and no more."""
    stream = reader()
    for _ in range(limits.MAX_STATE_PART_COUNT):
        assert stream.read(_part(5)) is None
    with pytest.raises(WireError, match=r"state\.parts: 64 is not within 0 and 63"):
        stream.read(_part(5))
    monkeypatch.setattr(limits, "MAX_STATE_BYTES", 60)
    stream = reader()
    assert stream.read(_part(5)) is None
    with pytest.raises(WireError, match="state: more than 60 bytes"):
        stream.read(_part(5))


def test_transitions_of_all_parts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a state may not have together what one may not have; the next state begins anew."""
    message = next(request_messages(REQUESTS["state-delta"], limits.MAX_MESSAGE_BYTES))
    count = len(message.state.transitions)
    monkeypatch.setattr(limits, "MAX_TRANSITION_COUNT", 2 * count - 1)
    stream = reader()
    assert [True, True] == [stream.read(message) is not None for _ in range(2)]
    message.state.more_follows = True
    assert stream.read(message) is None
    with pytest.raises(WireError, match=rf"state\.transitions: {2 * count} entries, {2 * count - 1} are allowed"):
        stream.read(message)


@pytest.mark.parametrize("field", ["sections", "confirmations", "removed_names", "transitions"])
def test_entries_are_bounded(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    """A state has so many entries of a kind, and no more."""
    message = next(request_messages(REQUESTS["state-delta"], limits.MAX_MESSAGE_BYTES))
    entries = getattr(message.state, field)
    entries.extend(list(entries) * 5)
    for other in {"sections", "confirmations", "removed_names", "transitions"} - {field}:
        message.state.ClearField(other)
    monkeypatch.setattr(limits, "MAX_SECTION_COUNT", 4)
    monkeypatch.setattr(limits, "MAX_TRANSITION_COUNT", 4)
    with pytest.raises(WireError, match=rf"state\.{field}: {len(entries)} entries, 4 are allowed"):
        reader().read(message)
