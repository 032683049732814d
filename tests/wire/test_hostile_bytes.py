"""Bytes that nobody honest sends: refused with `WireError`, or read as something harmless; nothing else happens."""

from __future__ import annotations

from typing import Any, List, Tuple

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from ascend_doctor.model.sections import whole
from ascend_doctor.v1 import ingest_pb2, report_pb2
from ascend_doctor.wire import frames, limits
from ascend_doctor.wire.collector_session import CollectorSession
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.reports import ReportReader, report_messages
from ascend_doctor.wire.requests import RequestReader, request_messages
from ascend_doctor.wire.responses import read_response, response_message
from ascend_doctor.wire.sections import SectionPool, absolute_key, findings_of, read_section, told_in
from wire_examples import CHECK_SECTION, REPORT, SECTIONS, SECTIONS_CHANGE, TOPIC_SECTION

NODE = "node-1"
HELLO = frames.Hello(NODE, "e1", 0, 7, "0.1.0", (frames.DIGEST,), 60.0, 200.0)
REQUESTS: Tuple[Any, ...] = (
    HELLO,
    frames.State(7, SECTIONS_CHANGE, bytes(32)),
    frames.State(7, whole(SECTIONS), SECTIONS.digest, whole=True),
    frames.Heartbeat(7, bytes(32)),
    frames.Done("r1", 7, "busy"),
)
RESPONSES: Tuple[Any, ...] = (
    frames.Welcome(7, 30.0, 16, capabilities=(frames.DIGEST,)),
    frames.Ack(7),
    frames.Resync("again"),
    frames.Recheck("r1", ("roce.link",)),
    frames.Round("r2", "hccn_tool/ping", (frames.Probe(3, "10.0.0.7"),), 20.0),
    frames.Drain(30.0, "upgrade"),
)


def _bytes_of(frame: Any) -> bytes:
    (message,) = request_messages(frame, limits.MAX_MESSAGE_BYTES)
    return message.SerializeToString()


SECTION_BYTES = (CHECK_SECTION.content, TOPIC_SECTION.content)
REQUEST_BYTES = tuple(map(_bytes_of, REQUESTS))
RESPONSE_BYTES = tuple(response_message(frame).SerializeToString() for frame in RESPONSES)
REPORT_BYTES = tuple(message.SerializeToString() for message in report_messages(REPORT))
MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "double", "insert", "end"]),
        st.integers(0, 2000),
        st.integers(1, 40),
        st.binary(min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=4,
)


def mutated(data: bytes, mutations: List[Tuple[str, int, int, bytes]]) -> bytes:
    """Return the bytes after some accidents."""
    for kind, place, length, new in mutations:
        at = place % (len(data) + 1)
        some = data[at : at + length]
        if kind == "flip":
            data = data[:at] + bytes(byte ^ new[0] for byte in some) + data[at + length :]
        elif kind == "cut":
            data = data[:at] + data[at + length :]
        elif kind == "double":
            data = data[:at] + some + data[at:]
        elif kind == "insert":
            data = data[:at] + new + data[at:]
        else:
            data = data[:at]
    return data


def any_of(valid: Tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    """Draw bytes: at random, or from valid ones by some accidents."""
    return st.one_of(st.binary(max_size=200), st.builds(mutated, st.sampled_from(valid), MUTATIONS))


def look_at_section(content: bytes) -> None:
    """Read a section and look at all that it says."""
    try:
        section = read_section(content)
    except WireError:
        return
    told_in(section)
    for passes in (True, False):
        for finding in findings_of(section, NODE, 60.0, passes=passes):
            assert finding.key
            assert finding.subject.sort_key


def look_at_request(data: bytes) -> None:
    """Give a message to the reader of a stream, and what it reads to a session, and look at what that wants to keep."""
    session = CollectorSession(lambda _node: None, identities=[NODE], now=0.0)
    session.received(HELLO, 0.0)
    try:
        frame = RequestReader(SectionPool()).read(ingest_pb2.ConnectRequest.FromString(data))
    except (DecodeError, WireError):
        return
    if frame is not None:
        session.received(frame, 1.0)
        for _, transition in frame.change.transitions if isinstance(frame, frames.State) else ():
            absolute_key(transition.subject, NODE)
    session.tick(2.0)


@given(any_of(SECTION_BYTES))
@settings(max_examples=60, deadline=None)
def test_sections(content: bytes) -> None:
    """No bytes make a section that cannot be looked at."""
    look_at_section(content)


@given(any_of(REQUEST_BYTES))
@settings(max_examples=60, deadline=None)
def test_requests(data: bytes) -> None:
    """No bytes of a node disturb the collector."""
    look_at_request(data)


@given(st.sampled_from(SECTION_BYTES), MUTATIONS)
@settings(max_examples=60, deadline=None)
def test_sections_in_requests(content: bytes, mutations: List[Tuple[str, int, int, bytes]]) -> None:
    """Nor do those inside of a state that is well formed otherwise."""
    state = ingest_pb2.State(sequence=7, sections=[mutated(content, mutations)], state_digest=bytes(32))
    look_at_request(ingest_pb2.ConnectRequest(state=state).SerializeToString())


@given(any_of(RESPONSE_BYTES))
@settings(max_examples=60, deadline=None)
def test_responses(data: bytes) -> None:
    """No bytes of a collector disturb the agent."""
    try:
        read_response(ingest_pb2.ConnectResponse.FromString(data))
    except (DecodeError, WireError):
        return


@given(any_of(REPORT_BYTES))
@settings(max_examples=60, deadline=None)
def test_reports(data: bytes) -> None:
    """No bytes of a collector disturb whoever asks it for a report."""
    reader = ReportReader()
    try:
        reader.add(report_pb2.GetReportResponse.FromString(data))
        reader.report()
    except (DecodeError, WireError):
        return


@pytest.mark.parametrize("valid", [*SECTION_BYTES, *REQUEST_BYTES], ids=range(7))
def test_every_byte_and_every_end(valid: bytes) -> None:
    """Nor does any single byte that is wrong, nor any place at which a message ends."""
    look = look_at_section if valid in SECTION_BYTES else look_at_request
    for place in range(len(valid)):
        look(valid[:place])
        for other in (0, valid[place] ^ 1, valid[place] ^ 0x80, 0xFF):
            look(valid[:place] + bytes([other]) + valid[place + 1 :])
