"""The file of the embedded store: whose it is, whether it is sound, and a new one where there is none."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
import struct
from pathlib import Path
from typing import Iterator
from urllib.parse import quote

from ascend_doctor.collector.store import StoreError

log = logging.getLogger(__name__)

FORMAT = 2
APPLICATION_ID = 0x41734472
"""Tells our files from those of other programs ("AsDr"); SQLite keeps it at byte 68 of the file, the format at 60."""

_MAGIC = b"SQLite format 3\0"
_LOCK_MARK = b"held by the collector of ascend-doctor\n"

# Only what SQLite 3.24 has: the library is the host's. Rows of `nodes` are too large for a table WITHOUT ROWID, which
# would give each an overflow page.
_SCHEMA = """
CREATE TABLE nodes (
    id INTEGER PRIMARY KEY, node TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL, sequence INTEGER NOT NULL,
    received_at REAL NOT NULL, current_s REAL NOT NULL, agent_version TEXT NOT NULL,
    names INTEGER NOT NULL, contents BLOB NOT NULL, times BLOB NOT NULL
);
CREATE TABLE contents (id INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL UNIQUE, content BLOB NOT NULL);
CREATE TABLE transitions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, node TEXT NOT NULL, received_at REAL NOT NULL, at REAL NOT NULL,
    check_id TEXT NOT NULL, subject TEXT NOT NULL, before TEXT, after TEXT, summary TEXT NOT NULL
);
CREATE INDEX transitions_by_node ON transitions (node);
CREATE INDEX transitions_by_check ON transitions (check_id);
CREATE INDEX transitions_by_time ON transitions (at);
CREATE TABLE totals (history_bytes INTEGER NOT NULL);
INSERT INTO totals VALUES (0);
"""


def hold(path: Path) -> int:
    """Take the lock beside the file and return its descriptor: two collectors would each believe that it is theirs.

    Raises `StoreError` when another collector has it, and before anything is touched when the file is no store.
    """
    _refuse_strangers(path)
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    lock = os.open(_lock_of(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.pwrite(lock, _LOCK_MARK, 0)
    except BlockingIOError:
        os.close(lock)
        raise StoreError(f"{path}: another collector uses it; stop that one, or choose another file") from None
    except OSError:
        os.close(lock)
        raise
    return lock


def open_or_renew(path: Path, now: float) -> sqlite3.Connection:
    """Open the file, making it when there is none. What is damaged or of an older format is set aside, not deleted.

    Raises `StoreError`, `sqlite3.Error` or `OSError` when it cannot be opened.
    """
    try:
        return _open(path)
    except sqlite3.OperationalError:
        raise  # no room, no permission: the file itself may be sound
    except sqlite3.DatabaseError as error:
        aside = _set_aside(path, now)
        log.warning("%s: damaged (%s); set aside as %s, every node is asked again", path, error, aside.name)
        return _open(path)


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open the file once more, beside who writes to it. Raises `sqlite3.Error`."""
    connection = _connect(path)
    try:
        # Not a connection that is read-only: SQLite lets none take part in a write-ahead log that it may have to make.
        connection.execute("PRAGMA query_only = 1")
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def errors_told(done: str) -> Iterator[None]:
    """Make errors of SQLite errors of the store, which cannot be `done` something with."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"the store cannot be {done} ({error}); make room on the disk, or check its permissions"
        ) from None
    except sqlite3.Error as error:
        raise StoreError(f"the store is damaged ({error}); start the collector again, it sets the file aside") from None


def copy(source: Path, path: Path) -> None:
    """Write a copy of a store, as of one moment, whether another process uses it or not.

    Not for a process that has it open: to read a file of SQLite by hand gives up the locks that the process has on it.

    Raises `StoreError` when there is no store, and when the copy cannot be written or is there already.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        _refuse_strangers(source)
        if path.exists():
            raise StoreError(f"{path}: is there already; choose another name")
        part.unlink(missing_ok=True)
        part.touch(0o640)
        address = f"file:{quote(str(source))}?mode=rw"  # with `ro` SQLite cannot take part in the write-ahead log
        with (
            contextlib.closing(sqlite3.connect(str(part))) as target,
            contextlib.closing(sqlite3.connect(address, uri=True, timeout=5.0, isolation_level=None)) as reader,
        ):
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM totals").fetchone()  # from here on it sees this moment
            reader.backup(target, pages=1024)
        os.link(part, path)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path}: cannot be written from {source} ({error}); choose another place") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _refuse_strangers(path: Path) -> None:
    """Raise `StoreError` for a file that no collector has written: a slip in a path must not cost anybody a file."""
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        return
    if not head:
        return
    if head.startswith(_MAGIC) and len(head) == 100:
        version, application = struct.unpack(">I", head[60:64])[0], struct.unpack(">I", head[68:72])[0]
        if application == APPLICATION_ID or (application == 0 and version == 1 and _lock_of(path).exists()):
            return
    elif _bears_our_lock(path):
        return  # it was a store, and its first bytes are damaged
    raise StoreError(f"{path}: is no store of a collector; choose another file, it is left as it is")


def _bears_our_lock(path: Path) -> bool:
    try:
        return _lock_of(path).read_bytes() == _LOCK_MARK
    except OSError:
        return False


def _set_aside(path: Path, now: float) -> Path:
    aside = path.with_name(f"{path.name}.damaged-{now:.0f}")
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    return aside


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(str(path), timeout=5.0, isolation_level=None, check_same_thread=False)


def _open(path: Path) -> sqlite3.Connection:
    connection = _connect(path)
    try:
        _prepare(path, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(path: Path, connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > FORMAT:
        raise StoreError(
            f"{path}: made by a newer ascend-doctor (format {version}); start that one, or choose another file"
        )
    if 0 < version < FORMAT:
        raise sqlite3.DatabaseError(f"of the older format {version}")
    path.chmod(0o640)
    if version == 0:
        # Before the journal becomes a write-ahead log, so that the file itself says whose it is.
        connection.executescript(
            f"BEGIN; {_SCHEMA} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT}; COMMIT;"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        raise sqlite3.DatabaseError(answer)
