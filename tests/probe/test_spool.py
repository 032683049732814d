"""The spool: what was appended is there after any crash, in order, on a bounded piece of disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ascend_doctor.model import subject
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.state import EMPTY, Change, NodeState, Told, apply
from ascend_doctor.model.status import Status
from ascend_doctor.probe import spool
from ascend_doctor.probe.spool import SpoolError, SpoolReader, SpoolTakenError, SpoolWriter


def change(number, size=10):
    """Return the change that a round makes."""
    finding = Finding("roce.link", subject.port("n", number % 8), Status.PASS, f"round {number} 城")
    told = Told(b"%d" % number, b"\xff" * size)
    return Change(findings={finding.key: finding}, topics={"ports": told})


def state_after(count, size=10):
    """Return the state after so many of those changes."""
    state = EMPTY
    for number in range(1, count + 1):
        state = apply(state, change(number, size))
    return state


def segments(folder):
    """Return the names of the segments."""
    return sorted(path.name for path in folder.glob("changes-*.log"))


@pytest.fixture
def open_writer(tmp_path):
    """Opens a writer with room for few changes, in place of the one before; `crash` lets that one die as it is."""
    opened = []

    def open_one(*, crash=False):
        if opened:
            os.close(opened.pop()._lock) if crash else opened.pop().close()
        opened.append(SpoolWriter(tmp_path / "state", max_bytes=8000))
        return opened[0]

    yield open_one
    opened.pop().close()


@pytest.fixture
def writer(open_writer):
    """The first writer."""
    return open_writer()


def test_written_changes_are_read(tmp_path, writer):
    """A reader gets the changes after the one it has, in order, and the state that they lead to."""
    assert [1, 2, 3] == [writer.append(change(number)) for number in (1, 2, 3)]
    reader = SpoolReader(tmp_path / "state")

    assert [(2, change(2)), (3, change(3))] == [
        (entry.sequence, entry.change) for entry in reader.changes(writer.epoch, 1)
    ]
    found = reader.snapshot()
    assert (writer.epoch, 3, state_after(3)) == (found.epoch, found.sequence, found.state)
    assert state_after(3) == writer.state


def test_nothing_new(tmp_path, writer):
    """Asking again costs nothing and brings nothing until something is written."""
    writer.append(change(1))
    reader = SpoolReader(tmp_path / "state")

    assert 1 == len(reader.changes(writer.epoch, 0))
    assert () == reader.changes(writer.epoch, 1)
    assert () == reader.changes(writer.epoch, 1)
    writer.append(change(2))
    assert [2] == [entry.sequence for entry in reader.changes(writer.epoch, 1)]


def test_reading_goes_on_where_it_stopped(tmp_path, writer):
    """What was read is not read again: a change takes as long to read at the end of a long segment as at its start."""
    writer.append(change(1))
    reader = SpoolReader(tmp_path / "state")
    assert [1] == [entry.sequence for entry in reader.changes(writer.epoch, 0)]
    (segment,) = (tmp_path / "state").glob("changes-*.log")
    with segment.open("r+b") as file:
        file.write(b"spoilt!!")  # whoever reads it again cannot get past it
    writer.append(change(2))

    assert [2] == [entry.sequence for entry in reader.changes(writer.epoch, 1)]
    assert () == SpoolReader(tmp_path / "state").changes(writer.epoch, 1)


def test_a_change_that_is_being_written_is_read_when_it_is_whole(tmp_path, writer):
    """A reader that meets half a line takes the whole one later, from where the last whole one ended."""
    writer.append(change(1))
    writer.append(change(2))
    (segment,) = (tmp_path / "state").glob("changes-*.log")
    whole = segment.read_bytes()
    segment.write_bytes(whole[:-20])
    reader = SpoolReader(tmp_path / "state")

    assert [1] == [entry.sequence for entry in reader.changes(writer.epoch, 0)]
    segment.write_bytes(whole)
    assert [2] == [entry.sequence for entry in reader.changes(writer.epoch, 1)]


def test_no_spool_yet(tmp_path):
    """Before the probe has written anything there is no snapshot and no change."""
    reader = SpoolReader(tmp_path / "none")

    assert None is reader.snapshot()
    assert None is reader.changes("epoch", 0)


def test_another_epoch(tmp_path, writer):
    """A reader that knows another history is sent to the snapshot."""
    writer.append(change(1))

    assert None is SpoolReader(tmp_path / "state").changes("another", 0)


def test_disk_is_bounded(tmp_path, writer):
    """Old segments go; a reader that has fallen behind is sent to the snapshot, which is whole."""
    for number in range(1, 101):
        writer.append(change(number, 500))
    folder = tmp_path / "state"
    reader = SpoolReader(folder)

    assert sum(path.stat().st_size for path in folder.glob("changes-*.log")) <= 8000 + 2000
    assert None is reader.changes(writer.epoch, 1)
    assert state_after(100, 500) == reader.snapshot().state
    assert [99, 100] == [entry.sequence for entry in reader.changes(writer.epoch, 98)]
    assert 1 < len(segments(folder))


def test_writer_goes_on_where_it_stopped(tmp_path, writer, open_writer):
    """A new writer continues the history; a reader notices nothing but new changes."""
    writer.append(change(1))
    again = open_writer()
    again.append(change(2))

    assert 2 == again.sequence
    assert state_after(2) == SpoolReader(tmp_path / "state").snapshot().state
    assert [2] == [entry.sequence for entry in SpoolReader(tmp_path / "state").changes(again.epoch, 1)]


@pytest.mark.parametrize("cut", [1, 5, 30, 200])
def test_torn_tail_is_ignored(tmp_path, writer, open_writer, cut):
    """A last record that was written in part never happened; the next writer begins behind it."""
    for number in (1, 2, 3):
        writer.append(change(number))
    folder = tmp_path / "state"
    (path,) = folder.glob("changes-*.log")
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])

    assert 2 == SpoolReader(folder).snapshot().sequence
    assert 3 == open_writer(crash=True).append(change(3))
    assert state_after(3) == SpoolReader(folder).snapshot().state


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line.replace(b"round 2", b"round 9"),
        lambda line: b"zzzzzzzz" + line[8:],
        lambda line: line[:9] + b"9" + line[10:],
        lambda line: b"\n",
    ],
)
def test_damaged_record_ends_its_segment(tmp_path, writer, damage):
    """A record that is not what its checksum says is not believed, nor anything behind it."""
    for number in (1, 2, 3):
        writer.append(change(number))
    (path,) = (tmp_path / "state").glob("changes-*.log")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + damage(lines[1]) + lines[2])

    assert 1 == SpoolReader(tmp_path / "state").snapshot().sequence


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"epoch": "E", "change": {}},
        {"epoch": "E", "sequence": 2, "change": {"format_version": 99}},
        {"epoch": "another", "sequence": 2, "change": {}},
    ],
)
def test_record_of_another_kind(tmp_path, writer, document):
    """A record with a right checksum and a wrong content is not believed."""
    writer.append(change(1))
    (path,) = (tmp_path / "state").glob("changes-*.log")
    text = json.dumps(document).replace('"E"', f'"{writer.epoch}"').encode()
    checked = b"%d %s" % (len(text), text)
    path.write_bytes(path.read_bytes() + b"%08x %s\n" % (spool.zlib.crc32(checked), checked))

    assert 1 == SpoolReader(tmp_path / "state").snapshot().sequence


@pytest.mark.parametrize("text", [b"", b"{}", b"[]\n{}", b"\xff", b'{"format":2,"epoch":"e","sequence":1}\n{"x":1}\n'])
def test_unreadable_snapshot(tmp_path, writer, open_writer, text):
    """Without a snapshot that can be read the history begins anew, with another epoch, and old segments go."""
    for number in (1, 2):
        writer.append(change(number))
    folder = tmp_path / "state"
    (folder / "state.json").write_bytes(text)
    assert None is SpoolReader(folder).snapshot()
    after = open_writer(crash=True)
    after.append(change(1))

    assert writer.epoch != after.epoch
    assert (1, state_after(1)) == (after.sequence, SpoolReader(folder).snapshot().state)
    assert 1 == len(segments(folder))


@pytest.mark.parametrize("other", [1, 3])
def test_another_format_is_not_read(tmp_path, writer, other):
    """A snapshot of an older format, or of one to come, is left alone by the reader."""
    writer.append(change(1))
    path = tmp_path / "state" / "state.json"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"format":2', b'"format":%d' % other))

    assert None is SpoolReader(tmp_path / "state").snapshot()


def test_one_writer_only(tmp_path, writer):
    """A second probe on the same directory is told so."""
    with pytest.raises(SpoolTakenError, match=r"another ascend-doctor probe writes to .*state: stop it, or configure"):
        SpoolWriter(tmp_path / "state")


def test_directory_that_cannot_be_used(tmp_path):
    """A state directory that cannot be made says what to do."""
    (tmp_path / "file").touch()

    with pytest.raises(SpoolError, match=r"cannot be used: .*; make it writable for this user, or configure another"):
        SpoolWriter(tmp_path / "file" / "state")


def test_full_disk_keeps_the_state(tmp_path, writer, monkeypatch):
    """While the disk is full the state is kept in memory; the next append that succeeds brings all of it to disk."""
    writer.append(change(1))
    reader = SpoolReader(tmp_path / "state")
    genuine = os.write

    def full(handle, data):
        genuine(handle, data[:7])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool.os, "write", full)
    with pytest.raises(SpoolError, match="No space left on device; the newest state is kept in memory"):
        writer.append(change(2))
    monkeypatch.setattr(spool.os, "write", genuine)

    assert state_after(2) == writer.state
    assert 1 == reader.snapshot().sequence
    assert 3 == writer.append(change(3))
    assert state_after(3) == reader.snapshot().state
    assert None is reader.changes(writer.epoch, 1)
    assert () == reader.changes(writer.epoch, 3)


def test_close_leaves_a_snapshot(tmp_path):
    """After a clean end the snapshot alone holds everything."""
    subject_ = SpoolWriter(tmp_path / "state")
    subject_.append(change(1))
    subject_.close()
    for path in (tmp_path / "state").glob("changes-*.log"):
        path.unlink()

    assert state_after(1) == SpoolReader(tmp_path / "state").snapshot().state


def test_segment_that_vanishes_or_is_none(tmp_path, writer):
    """A segment that another process removes meanwhile, or something that only has its name, is skipped."""
    writer.append(change(1))
    (tmp_path / "state" / "changes-0000000099.log").mkdir()

    assert 1 == SpoolReader(tmp_path / "state").snapshot().sequence
    (tmp_path / "state" / "changes-0000000099.log").rmdir()


KILLED = """
import sys
sys.path[:0] = {path!r}
from test_spool import change
from ascend_doctor.probe.spool import SpoolWriter
from pathlib import Path
writer = SpoolWriter(Path({folder!r}), max_bytes=20000)
print("begin", writer.sequence, flush=True)
while True:
    print(writer.append(change(writer.sequence + 1, 300)), flush=True)
"""


def test_kill_at_any_point(tmp_path):
    """However often the writer is killed: what it said was written is there, in order, and nothing else."""
    folder = tmp_path / "state"
    script = KILLED.format(path=[*sys.path, str(Path(__file__).parent)], folder=str(folder))
    said = 0
    for turn in range(6):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        begin = process.stdout.readline()
        first = process.stdout.readline()
        time.sleep(0.013 * turn)
        process.send_signal(signal.SIGKILL)
        lines = [first, *process.stdout.read().split(b"\n")[:-1]]
        process.wait()
        process.stdout.close()
        assert said <= int(begin.split()[1])
        # Where the writer begins is what an earlier one had written, whether or not it lived to say so.
        said = max([said, int(begin.split()[1]), *map(int, lines)])
        found = SpoolReader(folder).snapshot()
        assert said <= found.sequence <= said + 1
        assert state_after(found.sequence, 300) == found.state
    assert 0 < said


def test_states_are_compared_by_content():
    """The state that the tests compare with is the one that the changes lead to."""
    assert NodeState.of([]) == EMPTY
    assert state_after(1) != state_after(2)


def test_what_a_killed_writer_left_is_dropped(tmp_path):
    """Halves of snapshots do not pile up when the probe is killed again and again; other files stay."""
    folder = tmp_path / "state"
    folder.mkdir(exist_ok=True)
    left, other = folder / ".state.json.k3v9", folder / ".state.yaml"
    left.write_text("{")
    other.write_text("")
    SpoolWriter(folder).close()

    assert (False, True) == (left.exists(), other.exists())
