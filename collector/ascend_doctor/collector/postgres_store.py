"""The shared store: PostgreSQL, for several collectors at once.

The tables are those of the embedded store, and two more. `clock` has one row, which every transaction that writes locks
first: they happen one after the other, and the numbers that it gives them (`revision`) are the order in which others
see them, so that none that becomes visible late is missed. `claims` says which collector a node speaks to, since when:
what another one has still to commit is void.

Times in the tables are of the server's clock; a collector converts from and to its own, so that collectors whose clocks
differ agree on how old a node's results are.

It needs PostgreSQL 10 or newer, or what offers the same: row locks that wait, `INSERT ... ON CONFLICT`, identity
columns, arrays, `REPEATABLE READ`, advisory locks of a transaction. A pooler may work by transaction.
"""

from __future__ import annotations

import logging
import uuid
from typing import Any, Callable, Dict, FrozenSet, List, Mapping, Optional, Sequence, Set, Tuple, Union

import attrs
import psycopg

from ascend_doctor.collector import postgres_sql as sql
from ascend_doctor.collector.history_rows import row_bytes, row_of, storable
from ascend_doctor.collector.manifest import (
    Manifest,
    ManifestError,
    digest,
    pack_times,
    read_names,
    referenced,
    unpack_times,
    unreferenced,
)
from ascend_doctor.collector.postgres_history import PostgresHistory
from ascend_doctor.collector.postgres_link import SNAPSHOT, Connection, Link
from ascend_doctor.collector.postgres_schema import prepare
from ascend_doctor.collector.runs import Run, by_node, settle
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
SWEEP_AFTER = 10_000
SWEEP_STEP = 50_000
MAX_CACHED = 200_000


class PostgresStore:
    """A `Store` in PostgreSQL that other collectors share."""

    shared = True

    def __init__(self, url: str) -> None:
        self._me = uuid.uuid4().hex
        self._seen = self._newest = -1
        self._sweeps = -1
        self._added = SWEEP_AFTER
        self._swept_to = 0
        self._numbers: Dict[bytes, int] = {}
        self._contents: Dict[int, bytes] = {}
        self._names: Dict[int, Tuple[str, ...]] = {}
        self._link = Link(url, self._begin)
        self._history = PostgresHistory(url, lambda: self._link.skew_s)
        self._measure()

    def _begin(self, connection: Connection) -> None:
        """Prepare a new connection. It may be to a server that has lost the last of what we saw: all is asked again."""
        prepare(connection)
        self._start_over()

    def _start_over(self) -> None:
        """Forget what was seen and remembered."""
        self._seen = self._newest = -1
        self._forget_contents()

    def _forget_contents(self) -> None:
        self._numbers.clear()
        self._contents.clear()
        self._names.clear()

    def load(self) -> Sequence[StoredNode]:
        """Return every node, whoever committed it."""
        self._measure()
        with self._link.transaction(SNAPSHOT) as connection:
            revision = connection.execute("SELECT revision FROM ascend_doctor.clock")
            rows = connection.execute(sql.ALL_NODES, binary=True)
            contents = connection.execute("SELECT id, content FROM ascend_doctor.contents", binary=True)
            self._contents.update(contents.fetchall())
            (seen,) = _one(revision)
            nodes = self._nodes(rows.fetchall())
        self._seen = seen
        return nodes

    def claim(self, nodes: Mapping[str, float]) -> None:
        """Take nodes over from other collectors that claimed them earlier."""
        skew_s = self._link.skew_s
        with self._link.transaction() as connection:
            self._tick(connection)
            connection.execute(sql.CLAIM, (self._me, list(nodes), [since + skew_s for since in nodes.values()]))

    def commit(self, entries: Sequence[Entry]) -> FrozenSet[str]:
        """Keep the changes of nodes that are still claimed; all of one node or none of them."""
        changes = by_node(entries)
        with self._link.transaction() as connection:
            return self._commit(connection, changes)

    def news(self) -> News:
        """Return what changed since what this collector has seen, of nodes that it has not claimed."""
        revision = self._measure()
        if revision == self._seen:
            return NO_NEWS
        with self._link.transaction(SNAPSHOT) as connection:
            now = connection.execute("SELECT revision FROM ascend_doctor.clock")
            changed = connection.execute(sql.NEWS, {"seen": self._seen, "me": self._me}, binary=True)
            gone = connection.execute(sql.FORGOTTEN, (self._seen,))
            (seen,) = _one(now)
            forgotten = frozenset(node for (node,) in gone.fetchall())
            rows = changed.fetchall()
            wanted = referenced([(row[6], row[7]) for row in rows if len(row[7]) % 8 == 0])
            self._fetch(connection, wanted)
            nodes = self._nodes(rows)
        self._seen = seen
        return News(tuple(nodes), forgotten)

    def forget(self, node: str) -> bool:
        """Drop a node, here and with the next news everywhere."""
        with self._link.transaction() as connection:
            self._tick(connection)
            gone = connection.execute("DELETE FROM ascend_doctor.nodes WHERE node = %s RETURNING node", (node,))
            connection.execute(sql.FORGET, (node,))
            return gone.fetchone() is not None

    def history(self, query: HistoryQuery) -> Sequence[Recorded]:
        """Return transitions, newest in the store first."""
        return self._history.find(query)

    def prune(self, retention: Retention, now: float) -> int:
        """Drop one step of what is too old, beyond the bytes, of a node that has too much, or of unused contents."""
        bounds: Dict[str, object] = {
            "before": now + self._link.least_skew_s - retention.max_age_s,
            "max_bytes": retention.max_bytes,
            "max_per_node": retention.max_per_node,
            "step": PRUNE_STEP,
        }
        with self._link.transaction() as connection:
            dropped = self._drop(connection, sql.DROP_OLD, bounds) or self._drop(connection, sql.DROP_BEYOND, bounds)
            if not dropped:
                crowds = connection.execute(sql.CROWDED, bounds)
                crowded = crowds.fetchone()
                dropped = 0 if crowded is None else self._drop(connection, sql.DROP_OF_ONE, crowded)
            return dropped or self._sweep(connection)

    def close(self) -> None:
        """Let go of the connections."""
        self._history.close()
        self._link.close()

    # --- reading -----------------------------------------------------------------------------------------------------

    def _measure(self) -> int:
        """Return the number of the newest transaction, and look at the server's clock."""
        revision = int(self._link.ask(sql.CLOCK)[0])
        self._follow(revision, went_back=revision < self._newest)
        return revision

    def _tick(self, connection: Connection) -> int:
        """Begin to write: nobody else does until the end of the transaction. Returns its number."""
        revision, sweeps = _one(connection.execute(sql.TICK))
        self._follow(revision, went_back=revision <= self._newest)
        if sweeps != self._sweeps:
            self._numbers.clear()
            self._sweeps = sweeps
        return int(revision)

    def _follow(self, revision: int, *, went_back: bool) -> None:
        """Remember the newest number. When it went back, a copy was put in place under us, and numbers are reused."""
        if went_back:
            log.warning("%s: an older copy was put in its place; it is taken up again", self._link.place)
            self._start_over()
        self._newest = revision

    def _nodes(self, rows: Sequence[Sequence[Any]]) -> List[StoredNode]:
        found: List[StoredNode] = []
        for node, epoch, sequence, received_at, current_s, agent_version, number, packed, times in rows:
            try:
                names = self._names_of(number)
                numbers = Manifest.unpack(number, packed).contents
                sections = dict(zip(names, map(self._contents.__getitem__, numbers)))
                standing = Standing(epoch, sequence, received_at - self._link.skew_s, current_s, agent_version)
                found.append(StoredNode(node, standing, sections, unpack_times(names, times)))
            except (KeyError, ManifestError) as error:  # noqa: PERF203 - the others are to be told
                log.warning("node %s: its row in the store is damaged (%s); it is asked again", node, error)
        return found

    def _fetch(self, connection: Connection, numbers: Set[int]) -> None:
        """Bring contents that are not known here."""
        missing = [number for number in numbers if number not in self._contents]
        if not missing:
            return
        if len(self._contents) >= MAX_CACHED:
            self._forget_contents()
            missing = list(numbers)
        query = "SELECT id, content FROM ascend_doctor.contents WHERE id = ANY(%s)"
        rows = connection.execute(query, (missing,), binary=True)
        self._contents.update(rows.fetchall())

    def _names_of(self, number: int) -> Tuple[str, ...]:
        names = self._names.get(number)
        if names is None:
            content = self._contents.get(number)
            if content is None:
                raise ManifestError(f"no content {number}")
            names = self._names[number] = read_names(content)
        return names

    # --- committing --------------------------------------------------------------------------------------------------

    def _commit(self, connection: Connection, changes: Mapping[str, Sequence[Entry]]) -> FrozenSet[str]:
        revision = self._tick(connection)
        rows = connection.execute(sql.PRESENT, (self._me, list(changes)), binary=True)
        kept: List[_Kept] = []
        present = {row[0]: row for row in rows.fetchall()}
        for node in (node for node in changes if node in present):
            _, epoch, sequence, names, contents = present[node]
            run = settle(changes[node], None if epoch is None else (epoch, sequence))
            if run is not None:
                kept.append(_Kept(run, names, contents))
        self._fetch(connection, {item.names for item in kept if item.names is not None and not item.run.whole})
        self._number(connection, kept)
        void = set(changes)
        node_rows: List[Tuple[object, ...]] = []
        told_rows: List[Tuple[object, ...]] = []
        history_bytes = 0
        skew_s = self._link.skew_s
        for item in kept:
            run = item.run
            if run.standing is not None:
                try:
                    manifest = item.revised(self._names_of, self._number_of)
                    names = self._names_of(manifest.names)
                except ManifestError:
                    continue  # the row is damaged: the node has to send everything
                node_rows.append(
                    (
                        revision,
                        run.node,
                        storable(run.standing.epoch),
                        run.standing.sequence,
                        run.standing.received_at + skew_s,
                        run.standing.current_s,
                        storable(run.standing.agent_version),
                        manifest.names,
                        manifest.pack(),
                        pack_times(names, run.times),
                    )
                )
            void.remove(run.node)
            told_rows += [row_of(run.node, received_at + skew_s, told) for received_at, told in run.told]
            history_bytes += sum(row_bytes(told) for _, told in run.told)
        cursor = connection.cursor()
        if node_rows:
            cursor.executemany(sql.KEEP, node_rows)
        if told_rows:
            cursor.executemany(sql.TELL, told_rows)
            cursor.execute(sql.TOLD, (history_bytes,))
        return frozenset(void)

    def _number(self, connection: Connection, kept: Sequence[_Kept]) -> None:
        """Learn the numbers of all contents that are referred to, adding those that are new."""
        wanted: Dict[bytes, bytes] = {}

        def want(content: bytes) -> int:
            key = digest(content)
            if key not in self._numbers:
                wanted[key] = content
            return 0

        if len(self._numbers) >= MAX_CACHED:
            self._numbers.clear()
        for item in kept:
            try:
                item.revised(self._names_of, want)
            except ManifestError:  # noqa: PERF203 - told when it is kept
                continue
        if wanted:
            keys = list(wanted)
            connection.execute(sql.ADD_CONTENTS, (keys, list(wanted.values())))
            query = "SELECT digest, id FROM ascend_doctor.contents WHERE digest = ANY(%b::bytea[])"
            rows = connection.execute(query, (keys,), binary=True)
            found: Dict[bytes, int] = dict(rows.fetchall())
            self._numbers.update(found)
            self._contents.update((number, wanted[key]) for key, number in found.items())
            self._added += len(wanted)

    def _number_of(self, content: bytes) -> int:
        return self._numbers[digest(content)]

    # --- what is not to be kept --------------------------------------------------------------------------------------

    def _drop(
        self, connection: Connection, statement: str, values: Union[Sequence[object], Mapping[str, object]]
    ) -> int:
        dropped = connection.execute(statement, values)
        count, size = _one(dropped)
        if count:
            connection.execute(sql.DROPPED, (size,))
        return int(count)

    def _sweep(self, connection: Connection) -> int:
        """Drop contents that no node has, some at once, and let every collector look up again which there are."""
        if self._added >= SWEEP_AFTER:
            connection.execute("UPDATE ascend_doctor.clock SET revision = revision + 1, sweeps = sweeps + 1")
        while self._added >= SWEEP_AFTER:
            numbers = connection.execute(
                "SELECT id FROM ascend_doctor.contents WHERE id > %s ORDER BY id LIMIT %s", (self._swept_to, SWEEP_STEP)
            ).fetchall()
            held = connection.execute("SELECT names, contents FROM ascend_doctor.nodes", binary=True)
            try:
                unused = unreferenced((number for (number,) in numbers), held)
            except ManifestError:
                numbers, unused = [], set()  # its node says everything again with its next round
            if numbers:
                (self._swept_to,) = numbers[-1]
            else:
                self._added = self._swept_to = 0
            if unused:
                connection.execute("DELETE FROM ascend_doctor.contents WHERE id = ANY(%s)", (list(unused),))
                return len(unused)
        return 0


@attrs.frozen
class _Kept:
    """A run that is to be kept, and the manifest that the store has of the node; None where it does not have it."""

    run: Run
    names: Optional[int]
    contents: bytes

    def revised(self, names_of: Callable[[int], Sequence[str]], number_of: Callable[[bytes], int]) -> Manifest:
        """Return what the node has with the run. Raises `ManifestError`."""
        old = Manifest(0) if self.run.whole or self.names is None else Manifest.unpack(self.names, self.contents)
        return old.revised(self.run, names_of, number_of)


def open_postgres(url: str) -> PostgresStore:
    """Open the store, making its tables where there are none. Raises `StoreError`, which never tells the password.

    What the URL leaves open comes from libpq's environment and files (`PGPASSFILE`, `PGSSLROOTCERT` ...).
    """
    return PostgresStore(url)


def _one(cursor: psycopg.Cursor[Any]) -> Any:
    """Return the only row; a table of ours that has lost it is beyond use."""
    row = cursor.fetchone()
    if row is None:
        raise StoreError("the tables of the store are damaged; drop the schema ascend_doctor and start again")
    return row
