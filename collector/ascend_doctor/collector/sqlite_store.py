"""The embedded store: SQLite in one file.

A node is one row: where it stands, the numbers of its contents and their times. A content is kept once, however many
nodes have it. A round in which nothing changed rewrites one row of a node. The journal is a write-ahead log synced at
every commit: what was acknowledged outlives a crash of the process and of the machine.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Dict, FrozenSet, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from ascend_doctor.collector import sqlite_file
from ascend_doctor.collector.history_rows import COLUMNS, SIZE, row_bytes, row_of, storable
from ascend_doctor.collector.manifest import (
    Manifest,
    ManifestError,
    digest,
    pack_times,
    read_names,
    unpack_times,
    unreferenced,
)
from ascend_doctor.collector.runs import Run, by_node, settle
from ascend_doctor.collector.sqlite_file import errors_told
from ascend_doctor.collector.sqlite_history import SqliteHistory
from ascend_doctor.collector.store import (
    NO_NEWS,
    Entry,
    HistoryQuery,
    News,
    Retention,
    Standing,
    StoredNode,
    StoreError,
)
from ascend_doctor.model.transition import Recorded

log = logging.getLogger(__name__)

PRUNE_STEP = 2000
"""So many transitions are dropped at once: some ten milliseconds."""
SWEEP_AFTER = 10_000
"""After so many new contents it is looked which of them no node has any more."""
SWEEP_STEP = 50_000
"""At so many of them at once."""
MAX_CACHED = 50_000
_NODE_COLUMNS = "node, epoch, sequence, received_at, current_s, agent_version, names, contents, times"


class SqliteStore:
    """A `Store` in one SQLite file, held by one collector; `open_sqlite` makes it."""

    shared = False

    def __init__(self, connection: sqlite3.Connection, history: SqliteHistory, lock: int) -> None:
        self._connection = connection
        self._history = history
        self._lock = lock
        self._numbers: Dict[bytes, int] = {}
        self._names: Dict[int, Tuple[str, ...]] = {}
        self._counts: Optional[Counter[str]] = None
        self._added = SWEEP_AFTER
        self._swept_to = 0

    def load(self) -> Sequence[StoredNode]:
        """Return every node. A node of which a row is damaged is left out: it will be asked for everything again."""
        found: List[StoredNode] = []
        with errors_told("read"):
            contents = self._load_contents()
            listed: Dict[int, Tuple[str, ...]] = {}
            rows = self._connection.execute(f"SELECT {_NODE_COLUMNS} FROM nodes ORDER BY node")
            for node, epoch, sequence, received_at, current_s, agent_version, number, packed, times in rows:
                try:
                    names = listed.get(number)
                    if names is None:
                        names = listed[number] = read_names(contents[number])
                    sections = dict(zip(names, map(contents.__getitem__, Manifest.unpack(number, packed).contents)))
                    standing = Standing(epoch, sequence, received_at, current_s, agent_version)
                    found.append(StoredNode(node, standing, sections, unpack_times(names, times)))
                except (KeyError, ManifestError) as error:  # noqa: PERF203 - the others are to be loaded
                    log.warning("node %s: its row in the store is damaged (%s); it is asked again", node, error)
        return found

    def _load_contents(self) -> Mapping[int, bytes]:
        contents: Dict[int, bytes] = {}
        damaged: List[Tuple[int]] = []
        for number, expected, content in self._connection.execute("SELECT id, digest, content FROM contents"):
            if digest(content) == expected:
                contents[number] = content
            else:
                damaged.append((number,))
        if damaged:
            log.warning("%d contents in the store are damaged; the nodes that had them are asked again", len(damaged))
            self._connection.executemany("DELETE FROM contents WHERE id = ?", damaged)
        return contents

    def claim(self, nodes: Mapping[str, float]) -> None:
        """Do nothing: nobody else writes to the file."""

    def news(self) -> News:
        """Return nothing: nobody else writes to the file."""
        return NO_NEWS

    def commit(self, entries: Sequence[Entry]) -> FrozenSet[str]:
        """Keep the changes in one transaction; all of one node or none of them."""
        void: Set[str] = set()
        told: Counter[str] = Counter()
        with self._transaction():
            history_bytes = 0
            for node, changes in by_node(entries).items():
                run = self._keep(node, changes)
                if run is None:
                    void.add(node)
                elif run.told:
                    self._connection.executemany(
                        f"INSERT INTO transitions ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                        [row_of(node, received_at, item) for received_at, item in run.told],
                    )
                    history_bytes += sum(row_bytes(item) for _, item in run.told)
                    told[node] += len(run.told)
            if history_bytes:
                self._connection.execute("UPDATE totals SET history_bytes = history_bytes + ?", (history_bytes,))
        if self._counts is not None:
            self._counts.update(told)
        return frozenset(void)

    def forget(self, node: str) -> bool:
        """Drop a node; what no other node has of its contents goes with the next sweep."""
        with self._transaction():
            return self._connection.execute("DELETE FROM nodes WHERE node = ?", (node,)).rowcount > 0

    def history(self, query: HistoryQuery) -> Sequence[Recorded]:
        """Return transitions, newest in the store first."""
        return self._history.find(query)

    def prune(self, retention: Retention, now: float) -> int:
        """Drop one step of what is too old, beyond the bytes, of a node that has too much, or of unused contents."""
        with self._transaction():
            # Of a node that has too much first: it is not to drive out what others have.
            excess = self._oldest(now - retention.max_age_s) or self._too_many(retention.max_per_node)
            return self._drop(excess or self._beyond(retention.max_bytes)) or self._sweep()

    def close(self) -> None:
        """Let go of the file."""
        self._history.close()
        self._connection.close()
        os.close(self._lock)

    # --- one node ----------------------------------------------------------------------------------------------------

    def _keep(self, node: str, changes: Sequence[Entry]) -> Optional[Run]:
        """Keep where a node stands and its sections. Returns what was kept, None when it does not follow."""
        row = self._connection.execute(
            "SELECT id, epoch, sequence, names, contents FROM nodes WHERE node = ?", (node,)
        ).fetchone()
        run = settle(changes, None if row is None else (row[1], row[2]))
        if run is None or run.standing is None:
            return run
        try:
            manifest = Manifest(0) if run.whole else Manifest.unpack(row[3], row[4])
            manifest = manifest.revised(run, self._names_of, self._number_of)
            names = self._names_of(manifest.names)
        except ManifestError:
            return None  # the row is damaged: the node has to send everything
        values = (
            storable(run.standing.epoch),
            run.standing.sequence,
            run.standing.received_at,
            run.standing.current_s,
            storable(run.standing.agent_version),
            manifest.names,
            manifest.pack(),
            pack_times(names, run.times),
        )
        if row is None:
            self._connection.execute(
                f"INSERT INTO nodes ({_NODE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (node, *values)
            )
        else:
            self._connection.execute(
                "UPDATE nodes SET epoch = ?, sequence = ?, received_at = ?, current_s = ?, agent_version = ?,"
                " names = ?, contents = ?, times = ? WHERE id = ?",
                (*values, row[0]),
            )
        return run

    def _number_of(self, content: bytes) -> int:
        key = digest(content)
        number = self._numbers.get(key)
        if number is None:
            row = self._connection.execute("SELECT id FROM contents WHERE digest = ?", (key,)).fetchone()
            if row is None:
                done = self._connection.execute("INSERT INTO contents (digest, content) VALUES (?, ?)", (key, content))
                number = done.lastrowid or 0
                self._added += 1
            else:
                (number,) = row
            if len(self._numbers) >= MAX_CACHED:
                self._numbers.clear()
            self._numbers[key] = number
        return number

    def _names_of(self, number: int) -> Tuple[str, ...]:
        names = self._names.get(number)
        if names is None:
            row = self._connection.execute("SELECT content FROM contents WHERE id = ?", (number,)).fetchone()
            if row is None:
                raise ManifestError(f"no content {number}")
            if len(self._names) >= MAX_CACHED:
                self._names.clear()
            names = self._names[number] = read_names(row[0])
        return names

    # --- what is not to be kept --------------------------------------------------------------------------------------

    def _oldest(self, before: float) -> List[Tuple[int, str, int]]:
        """Return what of the oldest step was learnt of too long ago."""
        return self._connection.execute(
            f"SELECT id, node, {SIZE} FROM (SELECT * FROM transitions ORDER BY id LIMIT ?) WHERE received_at < ?",
            (PRUNE_STEP, before),
        ).fetchall()

    def _beyond(self, max_bytes: int) -> List[Tuple[int, str, int]]:
        """Return the oldest transitions that have to go so that the rest is within the bytes."""
        (excess,) = self._connection.execute("SELECT history_bytes - ? FROM totals", (max_bytes,)).fetchone()
        found: List[Tuple[int, str, int]] = []
        if excess > 0:
            rows = self._connection.execute(
                f"SELECT id, node, {SIZE} FROM transitions ORDER BY id LIMIT ?",
                (PRUNE_STEP,),
            )
            for row in rows:
                found.append(row)
                excess -= row[2]
                if excess <= 0:
                    break
        return found

    def _too_many(self, max_per_node: int) -> List[Tuple[int, str, int]]:
        """Return the oldest transitions of a node that has too many."""
        if self._counts is None:
            self._counts = Counter(dict(self._connection.execute("SELECT node, count(*) FROM transitions GROUP BY 1")))
        for node, count in self._counts.items():
            if count > max_per_node:
                return self._connection.execute(
                    f"SELECT id, node, {SIZE} FROM transitions WHERE node = ? ORDER BY id LIMIT ?",
                    (node, min(count - max_per_node, PRUNE_STEP)),
                ).fetchall()
        return []

    def _drop(self, rows: Sequence[Tuple[int, str, int]]) -> int:
        if rows:
            self._connection.executemany("DELETE FROM transitions WHERE id = ?", [(row[0],) for row in rows])
            self._connection.execute(
                "UPDATE totals SET history_bytes = history_bytes - ?", (sum(size for _, _, size in rows),)
            )
            if self._counts is not None:
                self._counts.subtract(node for _, node, _ in rows)
        return len(rows)

    def _sweep(self) -> int:
        """Drop contents that no node has, some at once."""
        while self._added >= SWEEP_AFTER:
            numbers = self._connection.execute(
                "SELECT id FROM contents WHERE id > ? ORDER BY id LIMIT ?", (self._swept_to, SWEEP_STEP)
            ).fetchall()
            held = self._connection.execute("SELECT names, contents FROM nodes")
            try:
                unused = unreferenced((number for (number,) in numbers), held)
            except ManifestError:
                numbers, unused = [], set()  # its node says everything again with its next round
            if numbers:
                (self._swept_to,) = numbers[-1]
            else:
                self._added = self._swept_to = 0
            if unused:
                self._connection.executemany("DELETE FROM contents WHERE id = ?", [(number,) for number in unused])
                self._numbers.clear()
                self._names.clear()
                return len(unused)
        return 0

    # --- trouble -----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """All that the block writes, or nothing."""
        with errors_told("written"):
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                # What is remembered may be of what is not there now.
                self._numbers.clear()
                self._names.clear()
                self._counts = None
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise


def open_sqlite(path: Path, now: float) -> SqliteStore:
    """Open the store, making it when there is none. `now` (epoch seconds) names what is set aside.

    A damaged file is set aside under a name with the time, not deleted, and a new one begun: every node sends
    everything again. Raises `StoreError` when the file cannot be opened, is no store, is another collector's, or was
    made by a newer release.
    """
    try:
        lock = sqlite_file.hold(path)
        try:
            connection = sqlite_file.open_or_renew(path, now)
            try:
                return SqliteStore(connection, SqliteHistory(sqlite_file.open_to_read(path)), lock)
            except BaseException:
                connection.close()
                raise
        except BaseException:
            os.close(lock)
            raise
    except OSError as error:
        raise StoreError(
            f"{error.filename or path}: {error.strerror}; choose a file that you may write to (collector.store)"
        ) from None
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}; choose a file that you may write to (collector.store)") from None
