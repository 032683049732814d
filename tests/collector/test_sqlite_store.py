"""The store: what it keeps, what it does with damage, and what it refuses."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import stat

import pytest

from ascend_doctor.collector import sqlite_store
from ascend_doctor.collector.sqlite_store import FOLD_AFTER, open_store
from ascend_doctor.collector.store import Entry, StoreError, Transition
from ascend_doctor.model.state import EMPTY, NodeState, difference, whole
from ascend_doctor.model.status import Status
from ascend_doctor.wire.effects import Commit
from wire_pair import answer, finding

NOW = 1_790_000_000.0


@pytest.fixture
def path(tmp_path):
    """Where the store is."""
    return tmp_path / "state" / "collector.sqlite"


def _states(count, seed=7):
    """Return a history of states of a node."""
    chance = random.Random(seed)
    checks = ("npu.ecc", "roce.link", "roce.ip")
    return [
        NodeState.of(
            [finding(check, chance.choice([Status.PASS, Status.FAIL]), NOW + number) for check in checks],
            [answer("npu-smi/info", f"round {number}", NOW + number)],
        )
        for number in range(count)
    ]


def _commits(states, node="node-1", epoch="e"):
    """Return the commits that bring the states into a store, the first of them whole."""
    before = EMPTY
    for number, state in enumerate(states, 1):
        is_whole = number == 1
        change = whole(state) if is_whole else difference(before, state)
        yield Commit(node, epoch, number, is_whole, change, state)
        before = state


def _entry(commit, *transitions, at=NOW):
    return Entry(commit, transitions, at)


def _loaded(path):
    with contextlib.closing(open_store(path, NOW)) as store:
        return {item.node: item for item in store.load()}


def test_a_new_store_is_empty_and_private(path):
    """The file and its folder are made, closed to strangers."""
    assert {} == _loaded(path)
    assert 0o640 == stat.S_IMODE(path.stat().st_mode)
    assert 0 == stat.S_IMODE(path.parent.stat().st_mode) & 0o027


@pytest.mark.parametrize("count", [1, 2, FOLD_AFTER + 1, FOLD_AFTER + 2, 3 * FOLD_AFTER])
def test_the_newest_state_comes_back(path, count):
    """However many changes came, what is loaded is the last state, and few changes stand beside a snapshot."""
    states = _states(count)
    with contextlib.closing(open_store(path, NOW)) as store:
        for commit in _commits(states):
            store.commit([_entry(commit, at=NOW + commit.sequence)])
    found = _loaded(path)["node-1"]
    assert ("e", count, NOW + count) == (found.epoch, found.sequence, found.received_at)
    assert states[-1] == found.state
    assert states[-1].digest == found.state.digest
    with contextlib.closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT count(*) FROM changes").fetchone()[0] <= FOLD_AFTER


def test_what_is_there_already_is_left_as_it_is(path):
    """A change that comes again does nothing."""
    commits = list(_commits(_states(3)))
    with contextlib.closing(open_store(path, NOW)) as store:
        store.commit([_entry(item) for item in commits])
        store.commit([_entry(commits[1], at=NOW + 99)])
    found = _loaded(path)["node-1"]
    assert (3, commits[2].state, NOW) == (found.sequence, found.state, found.received_at)


def test_a_whole_state_replaces_everything(path):
    """A new epoch, or the same with a smaller number, takes the place of all that was."""
    with contextlib.closing(open_store(path, NOW)) as store:
        store.commit([_entry(item) for item in _commits(_states(5))])
        (first,) = _commits(_states(1, seed=8), epoch="f")
        store.commit([_entry(first)])
    found = _loaded(path)["node-1"]
    assert ("f", 1, first.state) == (found.epoch, found.sequence, found.state)


def test_a_node_can_be_forgotten(path):
    """A node that is no more leaves, its history stays, and others are not touched."""
    gone = Transition("node-1", "k", "npu.ecc", None, Status.FAIL, NOW, "broken")
    with contextlib.closing(open_store(path, NOW)) as store:
        for name in ("node-1", "node-2"):
            store.commit([_entry(item, gone) for item in _commits(_states(1), name)])
        assert store.forget("node-1")
        assert not store.forget("node-1")
        assert [gone, gone] == list(store.history())
    assert ["node-2"] == list(_loaded(path))


def test_history_comes_newest_first_and_filtered(path):
    """Transitions can be asked for by node, check, time and number."""
    told = [
        Transition("node-1", "a", "npu.ecc", None, Status.PASS, NOW + 1, "new"),
        Transition("node-2", "b", "roce.ip", Status.PASS, Status.FAIL, NOW + 2, "worse"),
        Transition("node-1", "a", "npu.ecc", Status.PASS, None, NOW + 3, "gone"),
    ]
    (commit,) = _commits(_states(1))
    with contextlib.closing(open_store(path, NOW)) as store:
        store.commit([_entry(commit, *told)])
        assert told[::-1] == list(store.history())
        assert [told[2], told[0]] == list(store.history(node="node-1"))
        assert [told[1]] == list(store.history(check="roce.ip"))
        assert [told[2]] == list(store.history(since=NOW + 2.5))
        assert [told[2], told[1]] == list(store.history(limit=2))


def test_history_is_bounded(path, monkeypatch):
    """Only so many of the newest transitions are kept, for as long as the collector runs."""
    monkeypatch.setattr(sqlite_store, "MAX_HISTORY", 3)
    with contextlib.closing(open_store(path, NOW)) as store:
        for commit in _commits(_states(10)):
            store.commit([_entry(commit, Transition("node-1", "a", "x", None, None, NOW + commit.sequence))])
        assert [NOW + 10, NOW + 9, NOW + 8] == [item.at for item in store.history()]


def test_all_or_nothing(path):
    """When one of the changes cannot be written, none is, and the same may be tried again without doubles."""
    told = Transition("node-1", "a", "npu.ecc", None, Status.PASS, NOW)
    first, second = _commits(_states(2))
    with contextlib.closing(open_store(path, NOW)) as store:
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TRIGGER full BEFORE INSERT ON changes BEGIN SELECT RAISE(ABORT, 'disk full'); END")
            with pytest.raises(StoreError, match=r"cannot be written \(disk full\); make room on the disk"):
                store.commit([_entry(first, told), _entry(second, told)])
            assert [] == store.load()
            other.execute("DROP TRIGGER full")
            other.commit()
        store.commit([_entry(first, told), _entry(second, told)])
        assert [2] == [item.sequence for item in store.load()]
        assert [told, told] == list(store.history())


def _fill(path):
    with contextlib.closing(open_store(path, NOW)) as store:
        for name in ("node-1", "node-2"):
            store.commit([_entry(item) for item in _commits(_states(4), name)])


@pytest.mark.parametrize("where", [0, 4096])
def test_a_damaged_file_is_set_aside(path, where, caplog):
    """A file that is no sound database is kept under another name, told of, and a new one begun."""
    _fill(path)
    data = bytearray(path.read_bytes())
    data[where : where + 3000] = b"\xa5" * 3000
    path.write_bytes(bytes(data))
    assert {} == _loaded(path)
    assert bytes(data) == path.with_name("collector.sqlite.damaged-1790000000").read_bytes()
    assert "set aside as collector.sqlite.damaged-1790000000, every node is asked again" in caplog.text


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE nodes SET body = x'00' WHERE node = 'node-1'",
        "UPDATE nodes SET body = x'789c030000000001' WHERE node = 'node-1'",
        "UPDATE changes SET body = substr(body, 1, 10) WHERE node = 'node-1' AND sequence = 3",
    ],
)
def test_a_damaged_row_costs_one_node(path, statement, caplog):
    """A node whose row cannot be read is left out; the others come back."""
    _fill(path)
    with contextlib.closing(sqlite3.connect(path)) as file:
        assert 1 == file.execute(statement).rowcount
        file.commit()
    assert ["node-2"] == list(_loaded(path))
    assert "node node-1: its row in the store is damaged" in caplog.text


def test_a_store_that_cannot_be_read(path):
    """What SQLite says while loading becomes an error of the store."""
    with contextlib.closing(open_store(path, NOW)) as store:
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute("DROP TABLE nodes")
        with pytest.raises(StoreError, match=r"the store cannot be read \(no such table: nodes\)"):
            store.load()


def test_a_newer_format_is_refused_and_left_alone(path):
    """A file of a newer release is not touched."""
    _fill(path)
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 2")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"made by a newer ascend-doctor \(format 2\); start that one"):
        open_store(path, NOW)
    assert before == path.read_bytes()


def test_one_collector_at_a_time(path):
    """A second collector on the same file is refused, and admitted once the first has gone."""
    first = open_store(path, NOW)
    with pytest.raises(StoreError, match="another collector uses it; stop that one, or choose another file"):
        open_store(path, NOW)
    first.close()
    open_store(path, NOW).close()


def test_no_folder_to_write_to(tmp_path):
    """A place that cannot be a folder, and a file that is a folder, are named."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file: File exists; choose a file that you may write to"):
        open_store(tmp_path / "file" / "x.sqlite", NOW)
    (tmp_path / "folder.sqlite").mkdir()
    with pytest.raises(StoreError, match=r"folder\.sqlite: unable to open database file; choose a file"):
        open_store(tmp_path / "folder.sqlite", NOW)


def test_a_database_of_somebody_else(path):
    """A sound database with other tables is refused, not set aside."""
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE nodes (x)")
    with pytest.raises(StoreError, match="table nodes already exists; choose a file"):
        open_store(path, NOW)
