"""What changed is remembered by the spool for longer than the changes themselves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import List

import pytest

from ascend_doctor.model import subject
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.state import NodeState, difference
from ascend_doctor.model.status import Status
from ascend_doctor.probe import spool
from ascend_doctor.probe.spool import SpoolError, SpoolReader, SpoolWriter


def _become(writer: SpoolWriter, number: int) -> None:
    """Let the link of a port go down in every odd round, and come back in the even ones."""
    status = Status.FAIL if number % 2 else Status.PASS
    found = Finding("roce.link", subject.port("n", 3), status, f"round {number}", judged_at=float(number))
    writer.append(difference(writer.state, NodeState.of([found])))


def _told(folder: Path) -> List[int]:
    """Return the sequence numbers of the transitions that the spool remembers."""
    found = SpoolReader(folder).snapshot()
    assert found is not None
    return [sequence for sequence, _ in found.transitions]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the spool lies."""
    return tmp_path / "state"


def _write(folder: Path, first: int, last: int, max_bytes: int = 4000) -> None:
    writer = SpoolWriter(folder, max_bytes=max_bytes)
    for number in range(first, last + 1):
        _become(writer, number)
    writer.close()


def test_transitions_outlive_their_changes(folder: Path) -> None:
    """Segments are dropped one after the other, and nothing of what changed is forgotten."""
    _write(folder, 1, 120)

    assert 4000 >= sum(path.stat().st_size for path in folder.glob("changes-*.log"))
    assert list(range(1, 121)) == _told(folder)


def test_a_writer_that_starts_again_goes_on(folder: Path) -> None:
    """What the writers before it were told is kept, once."""
    _write(folder, 1, 60)
    _write(folder, 61, 121)

    assert list(range(1, 122)) == _told(folder)


def test_a_new_history_begins_empty(folder: Path) -> None:
    """Where the snapshot is lost another epoch begins, and no transition of the old one is told as its own."""
    _write(folder, 1, 120)
    (folder / "state.json").unlink()
    _write(folder, 1, 3)

    assert [1, 2, 3] == _told(folder)


def test_a_full_disk_loses_no_transition(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be written is written with the first change that can."""
    writer = SpoolWriter(folder, max_bytes=4000)
    _become(writer, 1)
    with monkeypatch.context() as patch:
        patch.setattr(spool, "_write_all", _full)
        for number in (2, 3, 4):
            with pytest.raises(SpoolError):
                _become(writer, number)
    _become(writer, 5)
    writer.close()

    assert [1, 2, 3, 4, 5] == _told(folder)


def test_what_was_written_after_all_is_told_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails when it is to be synced may have the record all the same."""
    writer = SpoolWriter(folder, max_bytes=4000)
    _become(writer, 1)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", lambda handle: _full(handle, b""))
        with pytest.raises(SpoolError):
            _become(writer, 2)
    for number in range(3, 120):
        _become(writer, number)
    writer.close()

    assert list(range(1, 120)) == _told(folder)


def _full(_handle: int, _data: bytes) -> None:
    raise OSError(28, "No space left on device")


def test_the_oldest_are_forgotten_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The piece of disk is bounded; what goes is told in the log."""
    monkeypatch.setattr(spool, "MAX_TRANSITIONS_BYTES", 4000)
    _write(folder, 1, 200)

    told = _told(folder)
    assert 200 == told[-1]
    assert list(range(told[0], 201)) == told
    assert 1 < told[0]
    assert 4000 >= (folder / "transitions.log").stat().st_size
    assert "were forgotten" in caplog.text


def test_damage_costs_what_lies_behind_it(folder: Path) -> None:
    """A torn line in the kept transitions hides the rest of that file, and nothing else."""
    _write(folder, 1, 120)
    kept = folder / "transitions.log"
    lines = kept.read_bytes().splitlines(keepends=True)
    kept.write_bytes(b"".join(lines[:2]) + b"torn\n" + b"".join(lines[3:]))

    told = _told(folder)
    assert [1, 2] == told[:2]
    assert 120 == told[-1]
