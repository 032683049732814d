"""The shared store: PostgreSQL, for several collectors at once.

The tables are those of the embedded store, and two more. `clock` has one row, which every transaction that writes locks
first: they happen one after the other, and the numbers that it gives them (`revision`) are the order in which others see
them, so that none that becomes visible late is missed. `claims` says which collector a node speaks to, since when: what
another one has still to commit is void.

Times in the tables are of the server's clock; a collector converts from and to its own, so that collectors whose clocks
differ agree on how old a node's results are.

It needs PostgreSQL 10 or newer, or what offers the same: row locks that wait, `INSERT ... ON CONFLICT`, identity columns,
arrays, `REPEATABLE READ`, transaction-level advisory locks. Poolers may work by transaction.
"""

from __future__ import annotations

import logging
import uuid
from pathlib import Path
from typing import Any, Dict, FrozenSet, List, Mapping, Optional, Sequence, Set, Tuple

import attrs
import psycopg

from ascend_doctor.collector.manifest import (
    Manifest,
    ManifestError,
    digest,
    pack_times,
    read_names,
    referenced,
    unpack_times,
)
from ascend_doctor.collector.postgres_link import SNAPSHOT, Connection, Link
from ascend_doctor.collector.postgres_schema import prepare
from ascend_doctor.collector.runs import Fit, Run, fold, row_bytes, storable
from ascend_doctor.collector.store import (
    NO_NEWS,
    ROW_BYTES,
    Entry,
    HistoryQuery,
    News,
    Retention,
    Standing,
    StoredNode,
    StoreError,
)
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Recorded, Transition

log = logging.getLogger(__name__)

PRUNE_STEP = 2000
SWEEP_AFTER = 10_000
MAX_CACHED = 200_000

_STATUSES = {status.value: status for status in Status}
_SIZE = f"{ROW_BYTES} + length(check_id) + length(subject) + length(summary)"

_TICK = "UPDATE ascend_doctor.clock SET revision = revision + 1 RETURNING revision, sweeps"
_NOW = "extract(epoch FROM clock_timestamp())::float8"
_NODE_COLUMNS = "node, epoch, sequence, received_at, current_s, agent_version, names, contents, times"

_PRESENT = """
SELECT claims.node, epoch, sequence, names, contents
FROM ascend_doctor.claims LEFT JOIN ascend_doctor.nodes ON nodes.node = claims.node
WHERE holder = %s AND claims.node = ANY(%s)
"""
_CLAIM = """
INSERT INTO ascend_doctor.claims (node, holder, since, revision)
SELECT node, %s, since, (SELECT revision FROM ascend_doctor.clock)
FROM unnest(%s::text[], %s::float8[]) AS asked (node, since)
ON CONFLICT (node) DO UPDATE SET holder = excluded.holder, since = excluded.since, revision = excluded.revision
WHERE claims.since <= excluded.since
"""
_KEEP = f"""
INSERT INTO ascend_doctor.nodes (revision, {_NODE_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %b, %b)
ON CONFLICT (node) DO UPDATE SET
revision = excluded.revision, epoch = excluded.epoch, sequence = excluded.sequence, received_at = excluded.received_at,
current_s = excluded.current_s, agent_version = excluded.agent_version, names = excluded.names,
contents = excluded.contents, times = excluded.times
"""
_ADD_CONTENTS = """
INSERT INTO ascend_doctor.contents (digest, content) SELECT * FROM unnest(%b::bytea[], %b::bytea[])
ON CONFLICT (digest) DO NOTHING
"""
_TELL = """
INSERT INTO ascend_doctor.transitions (node, received_at, at, check_id, subject, before, after, summary)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_NEWS = f"""
SELECT {_NODE_COLUMNS} FROM ascend_doctor.nodes WHERE node IN (
    SELECT node FROM ascend_doctor.nodes WHERE revision > %(seen)s
    UNION SELECT node FROM ascend_doctor.claims WHERE revision > %(seen)s
) AND NOT EXISTS (SELECT FROM ascend_doctor.claims WHERE claims.node = nodes.node AND holder = %(me)s)
"""
_FORGOTTEN = """
SELECT node FROM ascend_doctor.claims WHERE revision > %s AND holder = ''
AND NOT EXISTS (SELECT FROM ascend_doctor.nodes WHERE nodes.node = claims.node)
"""
_FORGET = """
UPDATE ascend_doctor.claims SET holder = '', revision = (SELECT revision FROM ascend_doctor.clock) WHERE node = %s
"""
_OLDEST = "SELECT id, received_at, {size} AS size FROM ascend_doctor.transitions ORDER BY id LIMIT {step}"
_DROP = """
WITH gone AS (DELETE FROM ascend_doctor.transitions WHERE id IN ({{ids}}) RETURNING {size} AS size)
SELECT count(*), coalesce(sum(size), 0)::bigint FROM gone
"""


class PostgresStore:
    """A `Store` in PostgreSQL that other collectors share. Use it from one thread at a time."""

    shared = True

    def __init__(self, url: str) -> None:
        self._me = uuid.uuid4().hex
        self._seen = -1
        self._sweeps = -1
        self._added = SWEEP_AFTER
        self._numbers: Dict[bytes, int] = {}
        self._contents: Dict[int, bytes] = {}
        self._names: Dict[int, Tuple[str, ...]] = {}
        self._link = Link(url, self._begin)
        self._measure()

    def _begin(self, connection: Connection) -> None:
        """Prepare a new connection. It may be to a server that has lost the last of what we saw: all is asked again."""
        prepare(connection)
        self._seen = -1
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
            rows = connection.execute(
                f"SELECT {_NODE_COLUMNS} FROM ascend_doctor.nodes ORDER BY node",  # noqa: S608 - our own words
                binary=True,
            )
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
            connection.execute(_TICK)
            connection.execute(_CLAIM, (self._me, list(nodes), [since + skew_s for since in nodes.values()]))

    def commit(self, entries: Sequence[Entry]) -> FrozenSet[str]:
        """Keep the changes of nodes that are still claimed; all of one node or none of them."""
        runs = fold(entries)
        with self._link.transaction() as connection:
            return self._commit(connection, runs)

    def news(self) -> News:
        """Return what changed since what this collector has seen, of nodes that it has not claimed."""
        revision = self._measure()
        if revision == self._seen:
            return NO_NEWS
        with self._link.transaction(SNAPSHOT) as connection:
            now = connection.execute("SELECT revision FROM ascend_doctor.clock")
            changed = connection.execute(_NEWS, {"seen": self._seen, "me": self._me}, binary=True)
            gone = connection.execute(_FORGOTTEN, (self._seen,))
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
            connection.execute(_TICK)
            gone = connection.execute("DELETE FROM ascend_doctor.nodes WHERE node = %s RETURNING node", (node,))
            connection.execute(_FORGET, (node,))
            return gone.fetchone() is not None

    def history(self, query: HistoryQuery) -> Sequence[Recorded]:
        """Return transitions, newest in the store first."""
        conditions = ["at >= %s"]
        values: List[object] = [query.since]
        for condition, bound in (
            ("node = ANY(%s)", list(query.nodes) or None),
            ("check_id = ANY(%s)", list(query.checks) or None),
            ("at <= %s", query.until),
            ("id < %s", query.before_id),
        ):
            if bound is not None:
                conditions.append(condition)
                values.append(bound)
        with self._link.transaction(SNAPSHOT) as connection:
            rows = connection.execute(
                "SELECT id, node, received_at, at, check_id, subject, before, after, summary"
                f" FROM ascend_doctor.transitions WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT %s",  # noqa: S608
                [*values, query.limit],
            ).fetchall()
        return [
            Recorded(
                number,
                node,
                received_at - self._link.skew_s,
                Transition(check, subject, _STATUSES.get(before), _STATUSES.get(after), at, summary),
            )
            for number, node, received_at, at, check, subject, before, after, summary in rows
        ]

    def prune(self, retention: Retention, now: float) -> int:
        """Drop one step of what is too old, beyond the bytes, of a node that has too much, or of unused contents."""
        with self._link.transaction() as connection:
            oldest = _OLDEST.format(size=_SIZE, step=PRUNE_STEP)
            before = now + self._link.skew_s - retention.max_age_s
            excess = f"(SELECT history_bytes - {retention.max_bytes:d} FROM ascend_doctor.clock)"
            summed = f"SELECT id, sum(size) OVER (ORDER BY id) - size AS older FROM ({oldest}) AS oldest"  # noqa: S608
            return (
                self._drop(connection, f"SELECT id FROM ({oldest}) AS oldest WHERE received_at < %s", [before])  # noqa: S608
                or self._drop(connection, f"SELECT id FROM ({summed}) AS summed WHERE older < {excess}", [])  # noqa: S608
                or self._drop_of_one(connection, retention.max_per_node)
                or self._sweep(connection)
            )

    def backup(self, path: Path) -> None:
        """Refuse: PostgreSQL has its own ways."""
        raise StoreError(f"{path}: the store is in PostgreSQL; back it up with pg_dump --schema=ascend_doctor")

    def close(self) -> None:
        """Let go of the connection."""
        self._link.close()

    # --- reading -----------------------------------------------------------------------------------------------------

    def _measure(self) -> int:
        """Return the number of the newest transaction, and look at the server's clock."""
        return int(self._link.ask(f"SELECT revision, {_NOW} FROM ascend_doctor.clock")[0])  # noqa: S608

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
        self._contents.update(connection.execute(query, (missing,), binary=True).fetchall())

    def _names_of(self, number: int) -> Tuple[str, ...]:
        names = self._names.get(number)
        if names is None:
            content = self._contents.get(number)
            if content is None:
                raise ManifestError(f"no content {number}")
            names = self._names[number] = read_names(content)
        return names

    # --- committing --------------------------------------------------------------------------------------------------

    def _commit(self, connection: Connection, runs: Mapping[str, Run]) -> FrozenSet[str]:
        tick = connection.execute(_TICK)
        rows = connection.execute(_PRESENT, (self._me, list(runs)), binary=True)
        revision, sweeps = _one(tick)
        if sweeps != self._sweeps:
            self._numbers.clear()
            self._sweeps = sweeps
        placed = {row[0]: _Place(runs[row[0]], *row[1:]) for row in rows.fetchall()}
        following = [place for place in placed.values() if place.fit is Fit.FOLLOWS]
        self._fetch(connection, {place.names for place in following if place.names is not None})
        self._number(connection, following)
        void = runs.keys() - placed.keys()
        void |= {place.run.node for place in placed.values() if place.fit is Fit.VOID}
        skew_s = self._link.skew_s
        kept: List[Tuple[object, ...]] = []
        told: List[Tuple[object, ...]] = []
        history_bytes = 0
        for place in following:
            try:
                manifest = place.revised(self._names_of, self._numbers_of)
                names = self._names_of(manifest.names)
            except ManifestError:
                void.add(place.run.node)  # the row is damaged: the node has to send everything
                continue
            kept.append(_node_row(revision, place.run, skew_s, manifest, names))
            for item in place.run.untold(place.present):
                told.append(_transition_row(place.run.node, item.received_at + skew_s, item.transition))
                history_bytes += row_bytes(item.transition)
        cursor = connection.cursor()
        if kept:
            cursor.executemany(_KEEP, kept)
        if told:
            cursor.executemany(_TELL, told)
            cursor.execute("UPDATE ascend_doctor.clock SET history_bytes = history_bytes + %s", (history_bytes,))
        return frozenset(void)

    def _number(self, connection: Connection, places: Sequence[_Place]) -> None:
        """Learn the numbers of all contents that the places will need, adding those that are new."""
        wanted: Dict[bytes, bytes] = {}

        def want(content: bytes) -> int:
            key = digest(content)
            if key not in self._numbers:
                wanted[key] = content
            return 0

        if len(self._numbers) >= MAX_CACHED:
            self._numbers.clear()
        for place in places:
            try:
                place.revised(self._names_of, want)
            except ManifestError:  # noqa: PERF203 - told when it is kept
                continue
        if wanted:
            keys = list(wanted)
            connection.execute(_ADD_CONTENTS, (keys, list(wanted.values())))
            query = "SELECT digest, id FROM ascend_doctor.contents WHERE digest = ANY(%b::bytea[])"
            found: Dict[bytes, int] = dict(connection.execute(query, (keys,), binary=True).fetchall())
            self._numbers.update(found)
            self._contents.update((number, wanted[key]) for key, number in found.items())
            self._added += len(wanted)

    def _numbers_of(self, content: bytes) -> int:
        return self._numbers[digest(content)]

    # --- what is not to be kept --------------------------------------------------------------------------------------

    def _drop(self, connection: Connection, ids: str, values: Sequence[object]) -> int:
        count, size = _one(connection.execute(_DROP.format(size=_SIZE).format(ids=ids), values))
        if count:
            connection.execute("UPDATE ascend_doctor.clock SET history_bytes = history_bytes - %s", (size,))
        return int(count)

    def _drop_of_one(self, connection: Connection, max_per_node: int) -> int:
        """Drop the oldest transitions of a node that has too many."""
        crowded = connection.execute(
            "SELECT node, count(*) FROM ascend_doctor.transitions GROUP BY node HAVING count(*) > %s LIMIT 1",
            (max_per_node,),
        ).fetchone()
        if crowded is None:
            return 0
        node, count = crowded
        ids = "SELECT id FROM ascend_doctor.transitions WHERE node = %s ORDER BY id LIMIT %s"
        return self._drop(connection, ids, [node, min(count - max_per_node, PRUNE_STEP)])

    def _sweep(self, connection: Connection) -> int:
        """Drop contents that no node has, some at once, and let every collector look up again which there are."""
        if self._added < SWEEP_AFTER:
            return 0
        connection.execute("UPDATE ascend_doctor.clock SET revision = revision + 1, sweeps = sweeps + 1")
        held = connection.execute("SELECT names, contents FROM ascend_doctor.nodes", binary=True)
        ids = connection.execute("SELECT id FROM ascend_doctor.contents ORDER BY id")
        used = referenced(held.fetchall())
        unused = [number for (number,) in ids.fetchall() if number not in used][:SWEEP_AFTER]
        if unused:
            connection.execute("DELETE FROM ascend_doctor.contents WHERE id = ANY(%s)", (unused,))
        else:
            self._added = 0
        return len(unused)


@attrs.frozen
class _Place:
    """A run beside what the store has of the node; nothing of it where the store does not have the node."""

    run: Run
    epoch: Optional[str]
    sequence: int
    names: Optional[int]
    contents: bytes

    @property
    def present(self) -> Optional[Tuple[str, int]]:
        return None if self.epoch is None else (self.epoch, self.sequence)

    @property
    def fit(self) -> Fit:
        return self.run.fit(self.present)

    def revised(self, names_of: Any, number_of: Any) -> Manifest:
        """Return what the node has with the run. Raises `ManifestError`."""
        old = Manifest(0) if self.run.whole or self.names is None else Manifest.unpack(self.names, self.contents)
        return old.revised(self.run, names_of, number_of)


def open_postgres(url: str) -> PostgresStore:
    """Open the store, making its tables where there are none. Raises `StoreError`, which never tells the password.

    What the URL leaves open comes from libpq's environment and files (`PGPASSFILE`, `PGSSLROOTCERT` ...).
    """
    if not psycopg.Pipeline.is_supported():
        raise StoreError("the PostgreSQL client library is too old; pip install 'ascend-doctor[postgres]' brings its own")
    return PostgresStore(url)


def _one(cursor: psycopg.Cursor[Any]) -> Any:
    """Return the only row; a table of ours that has lost it is beyond use."""
    row = cursor.fetchone()
    if row is None:
        raise StoreError("the tables of the store are damaged; drop the schema ascend_doctor and start again")
    return row


def _node_row(revision: int, run: Run, skew_s: float, manifest: Manifest, names: Sequence[str]) -> Tuple[object, ...]:
    standing = run.standing
    return (
        revision,
        run.node,
        storable(standing.epoch),
        standing.sequence,
        standing.received_at + skew_s,
        standing.current_s,
        storable(standing.agent_version),
        manifest.names,
        manifest.pack(),
        pack_times(names, run.times),
    )


def _transition_row(node: str, received_at: float, item: Transition) -> Tuple[object, ...]:
    return (
        node,
        received_at,
        item.at,
        storable(item.check),
        storable(item.subject),
        None if item.before is None else item.before.value,
        None if item.after is None else item.after.value,
        storable(item.summary),
    )
