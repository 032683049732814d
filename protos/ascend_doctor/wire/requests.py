"""Frames of the node to messages and back.

A state that is too big for one message goes in several parts; `RequestReader` puts them together again, so that the
sessions see whole frames only.
"""

from __future__ import annotations

from collections import defaultdict
from typing import DefaultDict, Dict, Iterator, List, Optional, Sequence

from ascend_doctor.model.sections import SectionsChange
from ascend_doctor.model.subject import is_node_name
from ascend_doctor.v1 import ingest_pb2
from ascend_doctor.wire import convert, fields, frames, limits
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.frames import AgentFrame
from ascend_doctor.wire.sections import SectionPool

_DIGEST_BYTES = 32
_HEAD_BYTES = 4_096
"""Room for what a message holds beside its entries."""
_ENTRY_BYTES = 8
"""Room for the tag and the length of an entry."""


def request_messages(frame: AgentFrame, max_message_bytes: int) -> Iterator[ingest_pb2.ConnectRequest]:
    """Write a frame of the node: one message, or several for a big state. Nothing for an unknown frame."""
    if isinstance(frame, frames.State):
        for part in _state_parts(frame, max_message_bytes):
            yield ingest_pb2.ConnectRequest(state=part)
    elif isinstance(frame, frames.Hello):
        yield ingest_pb2.ConnectRequest(hello=_hello(frame))
    elif isinstance(frame, frames.Heartbeat):
        heartbeat = ingest_pb2.Heartbeat(sequence=frame.sequence, state_digest=frame.digest)
        yield ingest_pb2.ConnectRequest(heartbeat=heartbeat)
    elif isinstance(frame, frames.Done):
        done = ingest_pb2.Done(
            request_id=fields.spell(frame.request_id), sequence=frame.sequence, problem=fields.cut(frame.problem)
        )
        yield ingest_pb2.ConnectRequest(done=done)


def _hello(frame: frames.Hello) -> ingest_pb2.Hello:
    return ingest_pb2.Hello(
        protocol=frame.protocol,
        node_name=frame.node,
        epoch=frame.epoch,
        base_sequence=frame.base_sequence,
        newest_sequence=frame.newest_sequence,
        agent_version=fields.spell(frame.agent_version),
        capabilities=fields.cut_all(frame.capabilities, limits.MAX_CAPABILITY_COUNT, limits.MAX_NAME_LENGTH),
        collection_interval=fields.duration(frame.interval_s),
        current_duration=fields.duration(frame.current_s),
    )


def _state_parts(frame: frames.State, max_message_bytes: int) -> Iterator[ingest_pb2.State]:
    room = max_message_bytes - _HEAD_BYTES
    part, size = ingest_pb2.State(sequence=frame.sequence, whole=frame.whole), 0
    for entry in _entries(frame.change):
        grown = entry.ByteSize() + _ENTRY_BYTES
        if size and size + grown > room:
            part.more_follows = True
            yield part
            part, size = ingest_pb2.State(sequence=frame.sequence, whole=frame.whole), 0
        part.MergeFrom(entry)
        size += grown
    part.state_digest = frame.digest
    yield part


def _entries(change: SectionsChange) -> Iterator[ingest_pb2.State]:
    """Yield the change in pieces that need not be cut further, each as a state that holds it alone."""
    for section in change.sections.values():
        yield ingest_pb2.State(sections=[section.content])
    by_time: DefaultDict[float, List[str]] = defaultdict(list)
    for name, at in change.times.items():
        by_time[at].append(name)
    for at, names in by_time.items():
        time = fields.timestamp(at)
        for some in _runs(names):
            yield ingest_pb2.State(confirmations=[ingest_pb2.Confirmation(collect_time=time, section_names=some)])
    for some in _runs(sorted(change.removed)):
        yield ingest_pb2.State(removed_names=some)
    for sequence, transition in change.transitions[-limits.MAX_TRANSITION_COUNT :]:
        yield ingest_pb2.State(transitions=[convert.transition_message(sequence, transition)])


def _runs(names: List[str]) -> Iterator[List[str]]:
    for start in range(0, len(names), 256):
        yield [fields.spell(name) for name in names[start : start + 256]]


class RequestReader:
    """Reads the messages of one stream of a node; make a new one for every stream."""

    def __init__(self, pool: SectionPool) -> None:
        """`pool` is shared by all streams of a collector."""
        self._pool = pool
        self._parts: List[frames.State] = []
        self._bytes = 0
        self._told = 0

    def read(self, message: ingest_pb2.ConnectRequest) -> Optional[AgentFrame]:
        """Return the frame that is complete with this message, None while parts of a state are missing.

        Raises `WireError` for what no honest node sends; the stream must be closed then.
        """
        form = message.WhichOneof("frame")
        if form == "state":
            return self._state(message)
        if self._parts:
            raise WireError(form or "frame", "stands between the parts of a state")
        if form == "hello":
            return _read_hello(message.hello)
        if form == "heartbeat":
            return frames.Heartbeat(
                fields.count("heartbeat.sequence", message.heartbeat.sequence),
                _read_digest("heartbeat.state_digest", message.heartbeat.state_digest),
            )
        if form == "done":
            return frames.Done(
                fields.name("done.request_id", message.done.request_id),
                fields.count("done.sequence", message.done.sequence),
                fields.text("done.problem", message.done.problem),
            )
        return frames.Unknown()

    def _state(self, request: ingest_pb2.ConnectRequest) -> Optional[frames.State]:
        message = request.state
        sequence = fields.count("state.sequence", message.sequence, 0 if message.whole else 1)
        self._bytes += request.ByteSize()
        if self._bytes > limits.MAX_STATE_BYTES:
            raise WireError("state", f"more than {limits.MAX_STATE_BYTES} bytes")
        self._told += len(message.transitions)
        if self._told > limits.MAX_TRANSITION_COUNT:
            raise WireError("state.transitions", f"{self._told} entries, {limits.MAX_TRANSITION_COUNT} are allowed")
        fields.count("state.parts", len(self._parts), 0, limits.MAX_STATE_PART_COUNT - 1)
        digest = b"" if message.more_follows else _read_digest("state.state_digest", message.state_digest)
        self._parts.append(frames.State(sequence, self._change(message), digest, message.whole))
        if any((part.sequence, part.whole) != (sequence, message.whole) for part in self._parts):
            raise WireError("state.sequence", "another state begins before the last part came")
        if message.more_follows:
            return None
        parts, self._parts, self._bytes, self._told = self._parts, [], 0, 0
        return frames.State(sequence, _joined([part.change for part in parts]), digest, message.whole)

    def _change(self, message: ingest_pb2.State) -> SectionsChange:
        times: Dict[str, float] = {}
        for some in fields.each(
            "state.confirmations", message.confirmations, limits.MAX_SECTION_COUNT, _read_confirmation
        ):
            times.update(some)
        sections = fields.each("state.sections", message.sections, limits.MAX_SECTION_COUNT, self._pool.read)
        return SectionsChange(
            sections={item.name: item for item in sections},
            times=times,
            removed=frozenset(fields.names("state.removed_names", message.removed_names, limits.MAX_SECTION_COUNT)),
            transitions=fields.each(
                "state.transitions",
                message.transitions,
                limits.MAX_TRANSITION_COUNT,
                lambda item: convert.read_transition(item, message.sequence),
            ),
        )


def _joined(changes: Sequence[SectionsChange]) -> SectionsChange:
    if len(changes) == 1:
        return changes[0]
    return SectionsChange(
        sections={name: item for change in changes for name, item in change.sections.items()},
        times={name: at for change in changes for name, at in change.times.items()},
        removed=frozenset().union(*(change.removed for change in changes)),
        transitions=tuple(item for change in changes for item in change.transitions),
    )


def _read_confirmation(message: ingest_pb2.Confirmation) -> Dict[str, float]:
    names = fields.names("section_names", message.section_names, limits.MAX_SECTION_COUNT)
    return dict.fromkeys(names, fields.time("collect_time", message.collect_time))


def _read_digest(place: str, digest: bytes) -> bytes:
    if len(digest) != _DIGEST_BYTES:
        raise WireError(place, f"{len(digest)} bytes, a digest has {_DIGEST_BYTES}")
    return digest


def _read_hello(message: ingest_pb2.Hello) -> frames.Hello:
    if not is_node_name(message.node_name):
        raise WireError("hello.node_name", "is not a host name")
    base = fields.count("hello.base_sequence", message.base_sequence)
    return frames.Hello(
        node=message.node_name,
        epoch=fields.name("hello.epoch", message.epoch),
        base_sequence=base,
        newest_sequence=fields.count("hello.newest_sequence", message.newest_sequence, base),
        agent_version=fields.name("hello.agent_version", message.agent_version, empty=True),
        capabilities=fields.capabilities("hello.capabilities", message.capabilities),
        interval_s=(
            fields.span("hello.collection_interval", message.collection_interval)
            if message.HasField("collection_interval")
            else None
        ),
        current_s=(
            fields.span("hello.current_duration", message.current_duration)
            if message.HasField("current_duration")
            else None
        ),
        protocol=fields.count("hello.protocol", message.protocol, 1),
    )
