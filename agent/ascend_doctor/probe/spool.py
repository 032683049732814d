"""The state directory between probe and agent: a whole snapshot, and the changes since, on a bounded piece of disk.

    state.json              the state as of one sequence number, put in place at once: a line with format, epoch and
                            sequence, and a line with the state
    changes-NNNNNNNNNN.log  segments of changes, named by the first sequence number in them
    transitions.log         what segments that were dropped told of results that changed
    writer.lock             held by the one probe that writes

A line of a segment is one record: the CRC-32 of the rest as 8 hexadecimal digits, the length of the document in bytes,
and the document `{"epoch": …, "sequence": …, "change": …}`. A torn or damaged line ends its segment; the
writer begins a new one whenever it starts, so nothing is ever written behind a torn line. Old segments may be dropped
at any time, because the snapshot is whole; their transitions are kept for longer, because no snapshot holds them.
`epoch` names one history of sequence numbers; where it changes, nothing before it counts.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import re
import secrets
import zlib
from collections import deque
from pathlib import Path
from typing import Any, Deque, Dict, Iterable, Iterator, List, Optional, Tuple

import attrs

from ascend_doctor.model import codec
from ascend_doctor.model.state import EMPTY, Change, NodeState, apply
from ascend_doctor.model.transition import Transition
from ascend_doctor.probe.files import NotAFileError, open_regular, read_capped, replace, sweep, sync_folder

logger = logging.getLogger(__name__)

FORMAT = 2
MAX_BYTES = 16 * 1024 * 1024
MAX_SNAPSHOT = 256 * 1024 * 1024

MAX_UNWRITTEN = 10_000
"""So many transitions are kept in memory while the disk takes nothing."""
MAX_TRANSITIONS_BYTES = 4 * 1024 * 1024
"""So much is kept of what dropped segments told: some ten thousand transitions."""

_STATE = "state.json"
_TRANSITIONS = "transitions.log"
_LOCK = "writer.lock"
_MAX_HEAD = 4096
_SEGMENT = re.compile(r"changes-([0-9]{10,20})\.log\Z")
_RECORD = re.compile(rb"([0-9a-f]{8}) ([0-9]{1,10}) ")
_TOLD = b'"transitions":[{'
"""Stands in the record of a change that has transitions."""


class SpoolError(Exception):
    """The state directory cannot be used; the text says why and what to do. The doctor's own trouble."""


class SpoolTakenError(SpoolError):
    """Another probe writes to the state directory."""


@attrs.frozen
class Snapshot:
    """A state and where it stands in the history: after the change with this sequence number of this epoch.

    `transitions` are all that the spool still remembers of the way there, each with the sequence number of its change.
    """

    epoch: str
    sequence: int
    state: NodeState
    transitions: Tuple[Tuple[int, Transition], ...] = ()


@attrs.frozen
class Entry:
    """One change and its sequence number."""

    sequence: int
    change: Change


@attrs.frozen
class _Place:
    """Where the change with a sequence number is to be found: from so many bytes of a segment on, or in a later one."""

    epoch: str
    sequence: int
    segment: Path
    offset: int


class SpoolReader:
    """Reads a state directory that another process may be writing to. Nothing is locked, and nothing is read twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: object = None
        self._next: Optional[_Place] = None

    def snapshot(self) -> Optional[Snapshot]:
        """Return the newest state: the written one with the changes since. None when there is none that can be read."""
        data = self._state_file(MAX_SNAPSHOT)
        head = _head(data)
        if head is None:
            return None
        epoch, sequence = head
        try:
            state = codec.state_from_dict(json.loads(data.partition(b"\n")[2]))
        except ValueError:
            return None
        for entry in self._following(epoch, sequence):
            state, sequence = apply(state, entry.change), entry.sequence
        return Snapshot(epoch, sequence, state, tuple(_remembered(self._folder, epoch, sequence)))

    def changes(self, epoch: str, after_sequence: int) -> Optional[Tuple[Entry, ...]]:
        """Return the changes after a sequence number, none when there are none yet. Cheap when nothing was written.

        Returns None when the spool cannot supply them: another epoch, or a change in between has been dropped. Then
        take `snapshot()`.
        """
        seen = (epoch, after_sequence, self._marks())
        if seen == self._seen:
            return ()
        head = _head(self._state_file(_MAX_HEAD))
        if head is None or head[0] != epoch:
            return None
        found = tuple(self._following(epoch, after_sequence))
        newest = found[-1].sequence if found else after_sequence
        if newest < head[1]:
            return None
        self._seen = (epoch, newest, seen[2])
        return found

    def _marks(self) -> Tuple[Tuple[str, int, int], ...]:
        """Return what is different after anything was written."""
        marks: List[Tuple[str, int, int]] = []
        for path in (self._folder / _STATE, *(path for _, path in _segments(self._folder)[-1:])):
            with contextlib.suppress(OSError):
                status = path.stat()
                marks.append((path.name, status.st_size, status.st_mtime_ns))
        return tuple(marks)

    def _state_file(self, limit: int) -> bytes:
        try:
            return read_capped(self._folder / _STATE, limit)[0]
        except (OSError, NotAFileError):
            return b""

    def _following(self, epoch: str, after_sequence: int) -> Iterator[Entry]:
        """Yield the changes of an epoch after a sequence number, as far as they follow each other."""
        expected = after_sequence + 1
        place = self._next
        segments = _segments(self._folder)
        for (_, path), (behind, _) in zip(segments, [*segments[1:], (-1, None)]):
            if 0 <= behind <= expected:
                continue
            is_there = place is not None and (place.epoch, place.sequence, place.segment) == (epoch, expected, path)
            offset = place.offset if place is not None and is_there else 0
            for entry, end in _entries(path, epoch, expected, offset):
                if entry.sequence != expected:
                    return
                expected += 1
                self._next = _Place(epoch, expected, path, end)
                yield entry


class SpoolWriter:
    """The one writer of a state directory. Goes on with the history it finds there, or begins a new one.

    `state` is the newest state, whether or not it is on the disk: when `append` fails, the next one that succeeds puts
    all of it there. `max_bytes` bounds the segments together; the oldest go first. Raises `SpoolError` where the
    directory cannot be used, or another probe writes to it.
    """

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES, mode: int = 0o640) -> None:
        self._folder = folder
        self._mode = mode
        self._max_bytes = max_bytes
        self._segment: Optional[int] = None
        self._room = 0
        self._unwritten: Deque[Tuple[int, Transition]] = deque(maxlen=MAX_UNWRITTEN)
        self._lock = _lock(folder)
        sweep(folder, _STATE)
        found = SpoolReader(folder).snapshot()
        self._is_new = found is None
        self.epoch = secrets.token_hex(16) if found is None else found.epoch
        self.sequence = 0 if found is None else found.sequence
        self.state = EMPTY if found is None else found.state

    def append(self, change: Change) -> int:
        """Write a change and return its sequence number; it is on the disk then. Raises `SpoolError`."""
        self.state = apply(self.state, change)
        self.sequence += 1
        try:
            if self._segment is None or self._room <= 0:
                self._segment = self._next_segment()
            record = _record(self.epoch, self.sequence, change)
            _write_all(self._segment, record)
            os.fdatasync(self._segment)
            self._room -= len(record)
        except OSError as error:
            # What is on the disk now is not known: the next change begins with a new snapshot and a new segment.
            self._close_segment()
            self._unwritten.extend((self.sequence, item) for item in change.transitions)
            reason = f"the state directory {self._folder} cannot be written: {error.strerror}"
            raise SpoolError(f"{reason}; the newest state is kept in memory until it can") from None
        return self.sequence

    def close(self) -> None:
        """Put the newest state in place as a snapshot, as far as the disk allows, and let go of the directory."""
        with contextlib.suppress(OSError):
            self._snapshot()
        self._close_segment()
        os.close(self._lock)

    def _next_segment(self) -> int:
        """Begin a segment. The snapshot comes first: then nobody misses the segments that are dropped."""
        self._close_segment()
        self._snapshot()
        self._drop(0 if self._is_new else self._max_bytes - self._segment_bytes)
        self._is_new = False
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(self._folder / f"changes-{self.sequence:010d}.log", flags, self._mode)
        sync_folder(self._folder)
        self._room = self._segment_bytes
        return handle

    @property
    def _segment_bytes(self) -> int:
        return self._max_bytes // 4

    def _snapshot(self) -> None:
        head = {"format": FORMAT, "epoch": self.epoch, "sequence": self.sequence}
        data = f"{_json(head)}\n{_json(codec.state_to_dict(self.state))}\n".encode()
        replace(self._folder / _STATE, data, self._mode)

    def _drop(self, leave_bytes: int) -> None:
        """Drop the oldest segments until those left hold no more than so many bytes. Their transitions stay."""
        left, dropped = 0, []
        for _, path in reversed(_segments(self._folder)):
            left += path.stat().st_size
            if left > leave_bytes:
                dropped.append(path)
        if self._is_new:
            with contextlib.suppress(FileNotFoundError):
                (self._folder / _TRANSITIONS).unlink()
        elif dropped or self._unwritten:
            self._keep_transitions()
        for path in dropped:
            path.unlink()

    def _keep_transitions(self) -> None:
        """Write down all transitions, so that segments may go. What is told twice counts once."""
        told = _by_sequence([*_remembered(self._folder, self.epoch, self.sequence), *self._unwritten])
        records = [_record(self.epoch, sequence, Change(transitions=some)) for sequence, some in told.items()]
        size, first = 0, len(records)
        while first and size + len(records[first - 1]) <= MAX_TRANSITIONS_BYTES:
            first -= 1
            size += len(records[first])
        if first:
            logger.warning("%d changes of results were forgotten that are older than the spool keeps", first)
        replace(self._folder / _TRANSITIONS, b"".join(records[first:]), self._mode)
        self._unwritten.clear()

    def _close_segment(self) -> None:
        if self._segment is not None:
            os.close(self._segment)
            self._segment = None


def _lock(folder: Path) -> int:
    """Make the directory and take the lock that keeps a second probe away."""
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        reason = f"the state directory {folder} cannot be used: {error.strerror}"
        raise SpoolError(f"{reason}; make it writable for this user, or configure another") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise SpoolTakenError(
            f"another ascend-doctor probe writes to {folder}: stop it, or configure another state directory"
        ) from None
    return handle


def _segments(folder: Path) -> List[Tuple[int, Path]]:
    """Return the segments in order, each with the first sequence number in it."""
    try:
        found = [(_SEGMENT.match(path.name), path) for path in folder.iterdir()]
    except OSError:
        return []
    return sorted((int(match.group(1)), path) for match, path in found if match is not None)


def _entries(path: Path, epoch: str, first: int, offset: int = 0, holding: bytes = b"") -> Iterator[Tuple[Entry, int]]:
    """Yield the changes of a segment from a sequence number on, up to the first line that is torn or damaged.

    `offset` is where to begin, in bytes; each change comes with where the next one does. With `holding` only lines that
    hold these bytes are looked into.
    """
    for line in _lines(path, offset):
        offset += len(line)
        match = _RECORD.match(line)
        if match is None or int(match.group(2)) != len(line) - match.end() - 1 or not line.endswith(b"\n"):
            return
        if int(match.group(1), 16) != zlib.crc32(line[9:-1]):
            return
        if holding not in line:
            continue
        try:
            document: Dict[str, Any] = json.loads(line[match.end() :])
            sequence = document["sequence"]
            if document["epoch"] != epoch:
                return
            if sequence >= first:
                yield Entry(sequence, codec.change_from_dict(document["change"])), offset
        except (ValueError, KeyError, TypeError):
            return


def _remembered(folder: Path, epoch: str, up_to: int) -> Iterator[Tuple[int, Transition]]:
    """Yield the transitions that are still on the disk, in the order in which they happened."""
    found: Dict[int, Tuple[Transition, ...]] = {}
    for path in (folder / _TRANSITIONS, *(path for _, path in _segments(folder))):
        for entry, _ in _entries(path, epoch, 0, holding=_TOLD):
            if entry.sequence <= up_to:
                found[entry.sequence] = entry.change.transitions
    for sequence in sorted(found):
        for item in found[sequence]:
            yield sequence, item


def _by_sequence(told: Iterable[Tuple[int, Transition]]) -> Dict[int, Tuple[Transition, ...]]:
    found: Dict[int, Tuple[Transition, ...]] = {}
    for sequence, item in told:
        found[sequence] = (*found.get(sequence, ()), item)
    return found


def _lines(path: Path, offset: int) -> Iterator[bytes]:
    """Yield the lines of a file from a place on, as far as it can be read; a segment never comes whole into memory."""
    try:
        with open_regular(path) as file:
            file.seek(offset)
            yield from iter(lambda: file.readline(MAX_SNAPSHOT), b"")
    except (OSError, NotAFileError):
        return


def _record(epoch: str, sequence: int, change: Change) -> bytes:
    document = _json({"epoch": epoch, "sequence": sequence, "change": codec.change_to_dict(change)}).encode()
    checked = b"%d %s" % (len(document), document)
    return b"%08x %s\n" % (zlib.crc32(checked), checked)


def _head(data: bytes) -> Optional[Tuple[str, int]]:
    """Return epoch and sequence number of a snapshot, None when it is not one that this doctor can read."""
    try:
        head = json.loads(data.partition(b"\n")[0])
        if head["format"] != FORMAT:
            return None
        return str(head["epoch"]), int(head["sequence"])
    except (ValueError, KeyError, TypeError):
        return None


def _json(document: object) -> str:
    """One line of ASCII: a record ends where its line ends."""
    return json.dumps(document, separators=(",", ":"), allow_nan=False)


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]
