"""The embedded store: what it makes of damage, of a full disk, and of files that are not its own."""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import sqlite3
import stat
import types

import attrs
import pytest

from ascend_doctor.collector import sqlite_history, sqlite_store
from ascend_doctor.collector.sqlite_store import open_sqlite
from ascend_doctor.collector.store import Entry, HistoryQuery, Standing, StoreError
from ascend_doctor.collector.store_opening import back_up
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Transition
from store_entries import NOW, after, first, forever

TOLD = Transition("npu.ecc", "npu/3", Status.PASS, Status.FAIL, NOW, "3 uncorrectable errors")


@pytest.fixture
def path(tmp_path):
    """Where the store is."""
    return tmp_path / "state" / "collector.sqlite"


@pytest.fixture
def store(path):
    """An empty store."""
    with contextlib.closing(open_sqlite(path, NOW)) as found:
        yield found


def _loaded(path):
    with contextlib.closing(open_sqlite(path, NOW)) as store:
        return {item.node: item for item in store.load()}


def _change(path, *statements):
    with contextlib.closing(sqlite3.connect(path)) as file:
        for statement in statements:
            assert 1 == file.execute(statement).rowcount, statement
        file.commit()


def _told(store, **query):
    return [item.transition for item in store.history(HistoryQuery(**query))]


def test_a_new_store_is_empty_and_private(path):
    """The file and its folder are made, closed to strangers."""
    assert {} == _loaded(path)
    assert 0o640 == stat.S_IMODE(path.stat().st_mode)
    assert 0 == stat.S_IMODE(path.parent.stat().st_mode) & 0o027


def test_the_newest_state_comes_back(path):
    """Whole states and changes add up; what nodes have in common is one object in memory."""
    one = first("node-1", {"npu.ecc": b"well", "ports": b"node-1's", "roce.ip": b"set"})
    two = after(one, {"npu.ecc": b"failed"}, removed=["roce.ip"], at=NOW + 7)
    with contextlib.closing(open_sqlite(path, NOW)) as store:
        assert frozenset() == store.commit([one, first("node-2", {"npu.ecc": b"failed"})])
        assert frozenset() == store.commit([two])
    found = _loaded(path)
    assert Standing("e", 2, NOW + 7, 90.0, "1.0") == found["node-1"].standing
    assert {"npu.ecc": b"failed", "ports": b"node-1's"} == found["node-1"].sections
    assert dict.fromkeys(["npu.ecc", "ports"], NOW + 7) == found["node-1"].times
    assert found["node-1"].sections["npu.ecc"] is found["node-2"].sections["npu.ecc"]


def test_a_section_without_a_time_has_none(path):
    """A time that the node did not tell does not appear."""
    with contextlib.closing(open_sqlite(path, NOW)) as store:
        store.commit([attrs.evolve(first(), times={"npu.ecc": 5.0})])
    assert {"npu.ecc": 5.0} == _loaded(path)["node-1"].times


# --- trouble ----------------------------------------------------------------------------------------------------------


def _sound(path):
    with contextlib.closing(sqlite3.connect(path)) as file:
        return file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_full_disk(store, path):
    """While the file may not grow nothing is kept and nothing is damaged; afterwards the same is kept, once."""
    one = first(told=[TOLD])
    store.commit([one])
    large = [after(one, {f"check.{n}": os.urandom(4000) for n in range(200)}, told=[TOLD])]
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        for _ in range(2):
            with pytest.raises(StoreError, match=r"the store cannot be written .*; make room on the disk"):
                store.commit(large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert [1] == [item.standing.sequence for item in store.load()]
    assert frozenset() == store.commit(large)
    assert [(2, 202)] == [(item.standing.sequence, len(item.sections)) for item in store.load()]
    assert [TOLD, TOLD] == _told(store)
    assert _sound(path)


def test_all_or_nothing(store, path):
    """When one of the changes cannot be written, none is, and what was remembered of it is forgotten."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON transitions BEGIN SELECT RAISE(FAIL, 'disk full'); END")
        with pytest.raises(StoreError, match=r"the store is damaged \(disk full\); start the collector again"):
            store.commit([first("node-1"), first("node-2", told=[TOLD])])
        assert [] == store.load()
        other.execute("DROP TRIGGER full")
        other.commit()
    store.commit([first("node-1"), first("node-2", told=[TOLD])])
    assert ["node-1", "node-2"] == [item.node for item in store.load()]
    assert [TOLD] == _told(store)


def _fill(path):
    with contextlib.closing(open_sqlite(path, NOW)) as store:
        entries = [first(f"node-{number}", {"a": b"common", "b": b"of %d" % number}) for number in range(100)]
        store.commit(entries)


@pytest.mark.parametrize("where", [0, 4096])
def test_a_damaged_file_is_set_aside(path, where, caplog):
    """A store that is no sound database any more is kept under another name, told of, and a new one begun."""
    _fill(path)
    data = bytearray(path.read_bytes())
    data[where : where + 3000] = b"\xa5" * 3000
    path.write_bytes(bytes(data))
    assert {} == _loaded(path)
    assert bytes(data) == path.with_name("collector.sqlite.damaged-1790000000").read_bytes()
    assert "set aside as collector.sqlite.damaged-1790000000, every node is asked again" in caplog.text


def test_a_file_of_the_first_format_is_set_aside(path, caplog):
    """What no release ever wrote is not read; every node sends everything again."""
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.executescript("CREATE TABLE nodes (node); PRAGMA user_version = 1")
    path.with_name("collector.sqlite.lock").touch()
    assert {} == _loaded(path)
    assert "damaged (of the older format 1); set aside as collector.sqlite.damaged-1790000000" in caplog.text


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_text("my thesis\n"),
        lambda path: path.write_bytes(b"SQLite format 3\0 or so"),
        lambda path: sqlite3.connect(path).executescript("CREATE TABLE nodes (x)").connection.close(),
        lambda path: sqlite3.connect(path).executescript("PRAGMA user_version = 1").connection.close(),
        lambda path: sqlite3.connect(path).executescript("PRAGMA application_id = 7").connection.close(),
    ],
)
def test_a_file_that_is_no_store_is_refused(path, make):
    """A slip in the path costs nobody a file: it is left as it is, nothing is made beside it, not the second time."""
    path.parent.mkdir()
    make(path)
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(StoreError, match="is no store of a collector; choose another file, it is left as it is"):
            open_sqlite(path, NOW)
    assert (before, [path]) == (path.read_bytes(), list(path.parent.iterdir()))


def test_a_newer_format_is_refused_and_left_alone(path):
    """A file of a newer release is not touched."""
    _fill(path)
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 3")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"made by a newer ascend-doctor \(format 3\); start that one"):
        open_sqlite(path, NOW)
    assert before == path.read_bytes()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE nodes SET contents = x'00' WHERE node = 'node-1'",
        "UPDATE nodes SET contents = x'ffffffffffffff7f' WHERE node = 'node-1'",
        "UPDATE nodes SET names = 12345 WHERE node = 'node-1'",
        "UPDATE nodes SET names = (SELECT id FROM contents WHERE content = x'6f662037') WHERE node = 'node-1'",
        "UPDATE nodes SET times = x'0000000000000000' WHERE node = 'node-1'",
        "UPDATE contents SET content = x'78' WHERE content = x'6f662031'",
    ],
)
def test_a_damaged_row_costs_one_node(path, statement, caplog):
    """A node whose row, names, times or content cannot be read is left out until it sends all; the others come back."""
    _fill(path)
    _change(path, statement)
    with contextlib.closing(open_sqlite(path, NOW)) as store:
        assert {f"node-{number}" for number in range(100)} - {"node-1"} == {item.node for item in store.load()}
        assert "node node-1: its row in the store is damaged" in caplog.text
        assert frozenset() == store.commit([first("node-1", {"a": b"common", "b": b"of 1"})])
        assert {"a": b"common", "b": b"of 1"} == {item.node: item.sections for item in store.load()}["node-1"]


@pytest.mark.parametrize("statement", ["UPDATE nodes SET contents = x'00'", "UPDATE nodes SET names = 12345"])
def test_a_change_of_a_damaged_row_is_void(store, path, statement):
    """What cannot be changed has to be sent whole."""
    one = first()
    store.commit([one])
    _change(path, statement)
    store._names.clear()
    assert frozenset(["node-1"]) == store.commit([after(one, {"a": b"x"})])
    assert frozenset() == store.commit([one])


def test_what_is_remembered_is_bounded(store, monkeypatch):
    """However many contents there are, only so many numbers of them are remembered."""
    monkeypatch.setattr(sqlite_store, "MAX_CACHED", 10)
    for number in range(30):
        store.commit([first(f"node-{number}", {f"check.{number}": b"%d" % number})])
    assert len(store._numbers) <= 10
    assert len(store._names) <= 10
    assert 30 == len(store.load())


def test_a_store_that_cannot_be_read(store, path):
    """What SQLite says while reading becomes an error of the store."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE nodes")
        other.execute("DROP TABLE transitions")
    with pytest.raises(StoreError, match=r"the store cannot be read \(no such table: nodes\)"):
        store.load()
    with pytest.raises(StoreError, match=r"the store cannot be read \(no such table: transitions\)"):
        store.history(HistoryQuery())
    with pytest.raises(StoreError, match="cannot be written"):
        store.forget("node-1")
    with pytest.raises(StoreError, match="cannot be written"):
        store.prune(forever(), NOW)


def test_one_collector_at_a_time(path):
    """A second collector on the same file is refused, and admitted once the first has gone."""
    one = open_sqlite(path, NOW)
    with pytest.raises(StoreError, match="another collector uses it; stop that one, or choose another file"):
        open_sqlite(path, NOW)
    one.close()
    open_sqlite(path, NOW).close()


def test_no_place_to_write_to(tmp_path):
    """A place that cannot be a folder, a file that is a folder, and a lock that is a folder are named."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file.*; choose a file that you may write to"):
        open_sqlite(tmp_path / "file" / "x.sqlite", NOW)
    (tmp_path / "folder.sqlite").mkdir()
    with pytest.raises(StoreError, match=r"folder\.sqlite: Is a directory; choose a file"):
        open_sqlite(tmp_path / "folder.sqlite", NOW)
    (tmp_path / "x.sqlite.lock").mkdir()
    with pytest.raises(StoreError, match=r"x\.sqlite\.lock: Is a directory; choose a file"):
        open_sqlite(tmp_path / "x.sqlite", NOW)


def test_a_store_that_cannot_be_opened_twice(path, monkeypatch):
    """Where there is no connection for those who ask the start fails, and lets go of the file."""

    def fail(_):
        raise sqlite3.OperationalError("unable to open database file")

    with monkeypatch.context() as full:
        full.setattr(sqlite_store.sqlite_file, "open_to_read", fail)
        with pytest.raises(StoreError, match="unable to open database file; choose a file that you may write to"):
            open_sqlite(path, NOW)
    assert {} == _loaded(path)


def test_who_asks_cannot_write(store):
    """The connection for questions takes no changes, whatever is asked on it."""
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        store._history._connection.execute("DELETE FROM transitions")


def test_questions_leave_gaps(store, monkeypatch):
    """After a question the next one waits for as long as that took, and not for long: the log can begin anew."""
    ticks = itertools.count(step=0.2)
    monkeypatch.setattr(sqlite_history, "time", types.SimpleNamespace(monotonic=lambda: next(ticks)))
    waits = []
    monkeypatch.setattr(store._history._closing, "wait", waits.append)
    for _ in range(2):
        assert [] == store.history(HistoryQuery())
    assert waits[0] <= 0.0 < waits[1] <= sqlite_history.MAX_REST_S


# --- backup -----------------------------------------------------------------------------------------------------------


def test_a_backup_is_a_store(store, path, tmp_path):
    """The copy is of one moment, private, and a collector can be started with it; the store goes on."""
    one = first(told=[TOLD])
    store.commit([one])
    back_up(str(path), tmp_path / "copy.sqlite")
    store.commit([after(one, {"a": b"later"})])
    assert 0o640 == stat.S_IMODE((tmp_path / "copy.sqlite").stat().st_mode)
    assert [] == list(tmp_path.glob(".copy*"))
    with contextlib.closing(open_sqlite(tmp_path / "copy.sqlite", NOW)) as copy:
        assert [1] == [item.standing.sequence for item in copy.load()]
        assert [TOLD] == _told(copy)
        assert frozenset() == copy.commit([after(one, {"a": b"another"})])


def test_a_backup_that_cannot_be_made(store, path, tmp_path):
    """What is there already is not written over; a place that cannot be written and a store that is none are named."""
    (tmp_path / "there").write_text("mine")
    with pytest.raises(StoreError, match="there: is there already; choose another name"):
        back_up(str(path), tmp_path / "there")
    assert "mine" == (tmp_path / "there").read_text()
    with pytest.raises(StoreError, match=r"copy: cannot be written from .*; choose another place"):
        back_up(str(path), tmp_path / "nowhere" / "copy")
    with pytest.raises(StoreError, match=r"cannot be written from .*unable to open database file"):
        back_up(str(tmp_path / "nothing"), tmp_path / "copy")
    with pytest.raises(StoreError, match="there: is no store of a collector"):
        back_up(str(tmp_path / "there"), tmp_path / "copy")
    with pytest.raises(StoreError, match=r"^postgresql://h/d: back it up with pg_dump"):
        back_up("postgresql://me:secret@h/d", tmp_path / "copy")
    assert {"there", "state"} == {item.name for item in tmp_path.iterdir()}


def test_a_backup_of_a_backup(store, path, tmp_path):
    """A copy may have any name, and can be copied itself."""
    store.commit([first(told=[TOLD])])
    back_up(str(path), tmp_path / "a copy?mode=memory%20.sqlite")
    with contextlib.closing(open_sqlite(tmp_path / "a copy?mode=memory%20.sqlite", NOW)) as copy:
        assert [TOLD] == _told(copy)
    back_up(str(tmp_path / "a copy?mode=memory%20.sqlite"), tmp_path / "again")
    assert ["node-1"] == list(_loaded(tmp_path / "again"))


def test_an_entry_tells_its_size():
    """What waits for the store is bounded by it: contents, and something for every object."""
    small = Entry("node-1", Standing("e", 1, NOW), False, {}, frozenset(), {})
    assert 0 < small.size < 1000
    assert 5000 < first(sections={"a": b"x" * 5000}, told=[TOLD]).size < 7000
