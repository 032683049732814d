"""The embedded store: SQLite in one file.

A node is a snapshot and the changes after it, each compressed JSON, so that a round of which little changed costs a
small row. Changes are folded into a new snapshot now and then. The journal is a write-ahead log synced at every
commit: what was acknowledged outlives a crash of the process and of the machine.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import sqlite3
import zlib
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, TypeVar

from ascend_doctor.collector.store import Entry, StoredNode, StoreError, Transition
from ascend_doctor.model import codec
from ascend_doctor.model.state import apply
from ascend_doctor.model.status import Status
from ascend_doctor.wire.effects import Commit

log = logging.getLogger(__name__)

T = TypeVar("T")

VERSION = 1
FOLD_AFTER = 64
"""So many changes stand beside a snapshot at most: what a restart has to read again."""
MAX_BODY_BYTES = 256 << 20
"""A stored body that unpacks to more is damaged: no state that the wire takes is near it."""

MAX_HISTORY = 1_000_000
"""So many transitions are kept, the newest of them: about 250 MB."""

# Only what SQLite 3.24 has: the library is the host's.
_SCHEMA = """
CREATE TABLE nodes (
    node TEXT PRIMARY KEY, epoch TEXT NOT NULL, sequence INTEGER NOT NULL, snapshot_sequence INTEGER NOT NULL,
    received_at REAL NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE changes (
    node TEXT NOT NULL, sequence INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (node, sequence)
) WITHOUT ROWID;
CREATE TABLE transitions (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, node TEXT NOT NULL, finding TEXT NOT NULL, check_id TEXT NOT NULL,
    before TEXT, after TEXT, summary TEXT NOT NULL
);
CREATE INDEX transitions_by_node ON transitions (node, at);
CREATE INDEX transitions_by_time ON transitions (at);
"""


class SqliteStore:
    """A `Store` in one SQLite file, held by one collector. Use it from one thread at a time; `open_store` makes it."""

    def __init__(self, connection: sqlite3.Connection, lock: int) -> None:
        self._connection = connection
        self._lock = lock

    def load(self) -> Sequence[StoredNode]:
        """Return every node. A node of which a row is damaged is left out: it will be asked for everything again."""
        found: List[StoredNode] = []
        try:
            names = [name for (name,) in self._connection.execute("SELECT node FROM nodes ORDER BY node")]
            for name in names:
                try:
                    found.append(self._node(name))
                except (zlib.error, ValueError) as error:  # noqa: PERF203 - the others are to be loaded
                    log.warning("node %s: its row in the store is damaged (%s); it is asked again", name, error)
        except sqlite3.Error as error:
            raise StoreError(f"the store cannot be read ({error}); move its file away and start again") from None
        return found

    def commit(self, entries: Sequence[Entry]) -> None:
        """Keep the changes in one transaction. Raises `StoreError` when it cannot be written."""
        try:
            with self._connection:
                for entry in entries:
                    self._keep(entry.commit, entry.received_at)
                    self._connection.executemany(
                        "INSERT INTO transitions (at, node, finding, check_id, before, after, summary)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?)",
                        [
                            (
                                item.at,
                                item.node,
                                item.finding,
                                item.check,
                                _word(item.before),
                                _word(item.after),
                                item.summary,
                            )
                            for item in entry.transitions
                        ],
                    )
                self._connection.execute(
                    "DELETE FROM transitions WHERE id <= (SELECT max(id) FROM transitions) - ?", (MAX_HISTORY,)
                )
        except sqlite3.Error as error:
            # Python 3.9 leaves the transaction open when it is the end of it that fails, as on a full disk.
            with contextlib.suppress(sqlite3.Error):
                self._connection.rollback()
            raise StoreError(
                f"the store cannot be written ({error}); make room on the disk, or check its permissions"
            ) from None

    def forget(self, node: str) -> bool:
        """Drop a node and its state; its history stays. Returns whether it was there."""
        with self._connection:
            self._connection.execute("DELETE FROM changes WHERE node = ?", (node,))
            return self._connection.execute("DELETE FROM nodes WHERE node = ?", (node,)).rowcount > 0

    def history(
        self, *, node: Optional[str] = None, check: Optional[str] = None, since: float = 0.0, limit: int = 1000
    ) -> Sequence[Transition]:
        """Return transitions, newest first."""
        rows = self._connection.execute(
            "SELECT node, finding, check_id, before, after, at, summary FROM transitions"
            " WHERE at >= :since AND (:node IS NULL OR node = :node) AND (:check IS NULL OR check_id = :check)"
            " ORDER BY at DESC, id DESC LIMIT :limit",
            {"since": since, "node": node, "check": check, "limit": limit},
        )
        return [
            Transition(name, finding, check_id, _status(before), _status(after), at, summary)
            for name, finding, check_id, before, after, at, summary in rows
        ]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
        os.close(self._lock)

    def _keep(self, commit: Commit, received_at: float) -> None:
        row = self._connection.execute(
            "SELECT epoch, sequence, snapshot_sequence FROM nodes WHERE node = ?", (commit.node,)
        ).fetchone()
        follows = row is not None and row[0] == commit.epoch and not commit.whole
        if follows and commit.sequence <= row[1]:
            return
        if follows and commit.sequence - row[2] <= FOLD_AFTER:
            self._connection.execute(
                "INSERT OR REPLACE INTO changes (node, sequence, body) VALUES (?, ?, ?)",
                (commit.node, commit.sequence, _pack(codec.change_to_dict(commit.change))),
            )
            self._connection.execute(
                "UPDATE nodes SET sequence = ?, received_at = ? WHERE node = ?",
                (commit.sequence, received_at, commit.node),
            )
            return
        # The whole state: a new node, a new epoch, or the end of a long run of changes.
        self._connection.execute("DELETE FROM changes WHERE node = ?", (commit.node,))
        self._connection.execute(
            "INSERT OR REPLACE INTO nodes (node, epoch, sequence, snapshot_sequence, received_at, body)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                commit.node,
                commit.epoch,
                commit.sequence,
                commit.sequence,
                received_at,
                _pack(codec.state_to_dict(commit.state)),
            ),
        )

    def _node(self, name: str) -> StoredNode:
        epoch, sequence, received_at, body = self._connection.execute(
            "SELECT epoch, sequence, received_at, body FROM nodes WHERE node = ?", (name,)
        ).fetchone()
        state = _unpack(body, codec.state_from_dict)
        rows = self._connection.execute("SELECT body FROM changes WHERE node = ? ORDER BY sequence", (name,))
        for (change,) in rows:
            state = apply(state, _unpack(change, codec.change_from_dict))
        return StoredNode(name, epoch, sequence, state, received_at)


def open_store(path: Path, now: float) -> SqliteStore:
    """Open the store, making it when there is none. `now` (epoch seconds) names what is set aside.

    A damaged file is set aside under a name with the time, not deleted, and a new one begun: every node sends its whole
    state again. Raises `StoreError` when the file cannot be opened, is another collector's, or was made by a newer
    release.
    """
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        lock = _lock(path)
    except OSError as error:
        raise StoreError(
            f"{error.filename or path}: {error.strerror}; choose a file that you may write to (collector.store)"
        ) from None
    try:
        return SqliteStore(_open_or_renew(path, now), lock)
    except BaseException:
        os.close(lock)
        raise


def _lock(path: Path) -> int:
    """Take the lock file beside the store: two collectors would each believe that the file is as they left it."""
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise StoreError(f"{path}: another collector uses it; stop that one, or choose another file") from None
    return lock


def _open_or_renew(path: Path, now: float) -> sqlite3.Connection:
    try:
        try:
            return _open(path)
        except sqlite3.OperationalError:
            raise  # no room, no permission: the file itself may be sound
        except sqlite3.DatabaseError as error:
            aside = _set_aside(path, now)
            log.warning("%s: damaged (%s); set aside as %s, every node is asked again", path, error, aside.name)
            return _open(path)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path}: {error}; choose a file that you may write to (collector.store)") from None


def _set_aside(path: Path, now: float) -> Path:
    aside = path.with_name(f"{path.name}.damaged-{now:.0f}")
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    return aside


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(str(path), timeout=5.0, check_same_thread=False)
    try:
        _prepare(path, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(path: Path, connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise StoreError(
            f"{path}: made by a newer ascend-doctor (format {version}); start that one, or choose another file"
        )
    path.chmod(0o640)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        raise sqlite3.DatabaseError(answer)
    if version == 0:
        connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")


def _pack(document: Mapping[str, Any]) -> bytes:
    return zlib.compress(json.dumps(document, separators=(",", ":")).encode(), 1)


def _unpack(body: bytes, read: Callable[[Dict[str, Any]], T]) -> T:
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(body, MAX_BODY_BYTES)
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("a damaged body")
    return read(json.loads(text))


def _word(status: Optional[Status]) -> Optional[str]:
    return None if status is None else status.value


def _status(word: Optional[str]) -> Optional[Status]:
    return None if word is None else Status(word)
