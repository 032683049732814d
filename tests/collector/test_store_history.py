"""What every store keeps: nodes, history and no more of it than it should; over SQLite and PostgreSQL alike."""

from __future__ import annotations

import contextlib
import itertools
import random
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest

from ascend_doctor.collector import postgres_history, postgres_store, sqlite_history, sqlite_store
from ascend_doctor.collector.history_rows import COLUMNS
from ascend_doctor.collector.store import ROW_BYTES, HistoryQuery, Standing, StoreError, TooWideError
from ascend_doctor.collector.store_opening import open_store
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Transition
from store_entries import NOW, after, first, forever
from waiting import wait_until

TOLD = Transition("npu.ecc", "npu/3", Status.PASS, Status.FAIL, NOW, "3 uncorrectable errors")
NODES = tuple(f"node-{number:04}" for number in range(2000))


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    """An empty store that has claimed all nodes."""
    with contextlib.ExitStack() as stack:
        place = str(tmp_path / "store.sqlite")
        if request.param == "postgres":
            place = stack.enter_context(request.getfixturevalue("postgres").database())
        found = stack.enter_context(contextlib.closing(open_store(place, NOW)))
        found.claim(dict.fromkeys([*NODES, *(f"node-{number}" for number in range(10))], NOW))
        yield found


@pytest.fixture
def step(monkeypatch):
    """Let both stores do as little at once as is asked for."""

    def to(name, value):
        monkeypatch.setattr(sqlite_store, name, value)
        monkeypatch.setattr(postgres_store, name, value)

    return to


def _told(store, **query):
    return [item.transition for item in store.history(HistoryQuery(**query))]


def test_the_untold_is_kept_once(store):
    """What a collector found by comparing counts where the store has what it compared with, and comes once."""
    healed = attrs.evolve(TOLD, before=Status.FAIL, after=Status.PASS)
    one = attrs.evolve(first(), untold=(TOLD,))
    two = attrs.evolve(after(one, {"ports": b"p"}, whole=True), untold=(healed,), compared=("e", 1))
    three = attrs.evolve(after(two, {"ports": b"q"}, whole=True), untold=(TOLD,), compared=("e", 2))
    for batch in ([one], [one], [two, three], [one, two, three]):
        assert frozenset() == store.commit(batch)
    assert [TOLD, healed, TOLD] == _told(store)


@pytest.mark.parametrize("compared", [None, ("e", 1), ("f", 2)])
def test_what_was_compared_with_something_older_is_not_told_again(store, compared):
    """Another collector heard more and told it: what this one found beside what it knew is not kept."""
    one = first()
    two = after(one, {"ports": b"p"}, told=[TOLD])
    assert frozenset() == store.commit([one, two])
    assert frozenset() == store.commit([attrs.evolve(after(two, {}, whole=True), untold=(TOLD,), compared=compared)])
    assert [TOLD] == _told(store)


def test_what_does_not_follow_is_told(store):
    """A gap, another epoch and a node that is not there are void; what comes again is not."""
    one = first()
    two = after(one, {"ports": b"p"})
    three = after(two, {"ports": b"q"})
    assert frozenset(["node-1"]) == store.commit([two])
    assert frozenset(["node-2"]) == store.commit([one, attrs.evolve(two, node="node-2")])
    assert frozenset(["node-1"]) == store.commit([three])
    assert frozenset() == store.commit([two, two, three, one, two])
    assert frozenset(["node-1"]) == store.commit([attrs.evolve(three, standing=Standing("f", 4, NOW))])
    assert [2] == [item.standing.sequence for item in store.load()]


def test_a_node_can_be_forgotten(store):
    """A node that is no more leaves, its history stays, and others are not touched."""
    store.commit([first("node-1", told=[TOLD]), first("node-2")])
    assert store.forget("node-1")
    assert not store.forget("node-1")
    assert ["node-2"] == [item.node for item in store.load()]
    assert [TOLD] == _told(store)


def test_texts_that_no_database_takes(store):
    """NUL and half a surrogate pair, which only a hostile node sends, are replaced; all else is kept as it is."""
    told = attrs.evolve(TOLD, summary="a\0b \ud800 ü\n")
    assert frozenset() == store.commit([first(told=[told])])
    assert ["a\ufffdb ? ü\n"] == [item.summary for item in _told(store)]


# --- history ----------------------------------------------------------------------------------------------------------


def test_history_comes_newest_first_and_filtered(store):
    """Transitions can be asked for by nodes, checks, times, and page by page."""
    numbers = range(1, 7)
    told = [Transition(f"check.{n % 2}", f"npu/{n}", Status.PASS, None, NOW + n, f"no {n}") for n in numbers]
    for number, item in enumerate(told):
        store.commit([first(f"node-{number % 3}", epoch=f"e{number}", told=[item])])
    assert told[::-1] == _told(store)
    assert [told[4], told[3], told[1], told[0]] == _told(store, nodes=("node-0", "node-1"))
    assert [told[4], told[2], told[0]] == _told(store, checks=("check.1",))
    assert [told[3]] == _told(store, checks=("check.0",), nodes=("node-0",))
    assert [told[3], told[2]] == _told(store, since=NOW + 3, until=NOW + 4)
    page = store.history(HistoryQuery(limit=2))
    assert told[:3:-1] == [item.transition for item in page]
    assert [told[3], told[2]] == _told(store, limit=2, before_id=page[-1].id)
    assert ["node-2", pytest.approx(NOW, abs=1.0)] == [page[0].node, page[0].received_at]


def test_history_of_more_nodes_than_a_statement_takes(store):
    """However many nodes and checks are asked for, the newest of all come first."""
    store.commit([first(name, told=[attrs.evolve(TOLD, summary=name)]) for name in NODES])
    checks = ("npu.ecc", *(f"check.{number}" for number in range(1000)))
    assert list(NODES[:-6:-1]) == [item.summary for item in _told(store, nodes=NODES, checks=checks, limit=5)]


@pytest.fixture
def asking(monkeypatch):
    """Let both stores be asked in another way: a name of their modules, and its value."""

    def set_to(name, value):
        monkeypatch.setattr(sqlite_history, name, value)
        monkeypatch.setattr(postgres_history, name, value)

    return set_to


def test_history_is_the_same_whatever_is_rare(store, asking):
    """The way to the rows is another one where few or many meet a condition, and what is found is not."""
    dice = random.Random(1)
    told = []
    for number in range(60):
        node, at = f"node-{dice.randrange(4)}", NOW + dice.choice([number, -number])
        item = Transition(f"check.{dice.randrange(3)}", "npu/1", None, Status.PASS, at, f"no {number}")
        told.append((node, item))
        store.commit([first(node, epoch=f"e{number}", told=[item])])
    ids = [item.id for item in store.history(HistoryQuery())][::-1]
    nodes = [(), ("node-1",), ("node-0", "node-2", "node-9")]
    checks = [(), ("check.1",), ("check.0", "check.2")]
    times = [(0.0, None), (NOW + 30, None), (NOW - 20, NOW + 10), (0.0, NOW), (NOW + 1000, None)]
    for few in (0, 12, 1000):
        asking("FEW", few)
        for names, ids_of_checks, (since, until), before, limit in itertools.product(
            nodes, checks, times, (None, ids[30]), (7, 1000)
        ):
            expected = [
                item
                for number, (node, item) in zip(ids, told)
                if (not names or node in names)
                and (not ids_of_checks or item.check in ids_of_checks)
                and since <= item.at <= (until or item.at)
                and (before is None or number < before)
            ][::-1][:limit]
            query = HistoryQuery(names, ids_of_checks, since, until, before, limit)
            assert expected == [item.transition for item in store.history(query)], (few, query)


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ({"since": NOW + 10}, 0),
        ({"since": NOW + 10, "until": NOW + 20}, 0),
        ({"until": NOW - 1}, 0),
        ({"since": 1.0}, 10),
        ({"nodes": ("node-2",)}, 0),
        ({"nodes": ("node-2", "node-3")}, 0),
        ({"nodes": ("node-1",)}, 10),
        ({"nodes": ("node-1", "node-2"), "since": 1.0}, 10),
        ({"checks": ("npu.ecc",)}, 0),
        ({"checks": ("npu.ecc",), "since": 1.0}, 0),
        ({"checks": ("npu.ecc", "roce.ip"), "nodes": ("node-1", "node-2")}, 0),
        ({"checks": ("roce.link",), "nodes": ("node-1",), "since": 1.0}, 10),
        ({}, 10),
    ],
    ids=str,
)
def test_a_question_reads_little(tmp_path, asking, question, count):
    """In a quiet fleet most of the history is old and of others: who asks for what is rare does not read all of it."""
    asking("FEW", 1000)
    path = tmp_path / "store.sqlite"
    rows = [("node-1", NOW, NOW + number / 1e6, "roce.link", "port/0", "") for number in range(30_000)]
    columns = "node, received_at, at, check_id, subject, summary"
    with contextlib.closing(open_store(str(path), NOW)) as store:
        with contextlib.closing(sqlite3.connect(path)) as file, file:
            file.executemany(f"INSERT INTO transitions ({columns}) VALUES (?, ?, ?, ?, ?, ?)", rows)
        steps = []
        store._history._connection.set_progress_handler(lambda: steps.append(1), 1000)
        assert count == len(store.history(HistoryQuery(limit=10, **question)))
    assert len(steps) < 40  # to look at every row takes more than 200


@pytest.fixture
def slow(store, asking):
    """The store, with a history of which each row takes some milliseconds to read."""
    _flap(store, "node-1", 2000)
    if isinstance(store, sqlite_store.SqliteStore):
        store._history._connection.create_function("slow", 1, lambda text: time.sleep(0.005) or text)
        store._history._connection.set_progress_handler(store._history._has_to_end, 100)
        asking("COLUMNS", COLUMNS.replace("summary", "slow(summary)"))
    else:
        asking("COLUMNS", COLUMNS.replace("summary", "pg_sleep(0.005)::text || summary"))
    return store


def test_a_question_has_an_end(slow, asking):
    """Who asks for too much is told how to ask instead; the store is well, and answers the next one."""
    asking("QUESTION_S", 0.1)
    began = time.monotonic()
    for _ in range(2):
        with pytest.raises(TooWideError, match="ask for a shorter time, or name nodes or checks"):
            slow.history(HistoryQuery())
    assert time.monotonic() - began < 5.0  # to read all that was asked for would take twice as long
    asking("QUESTION_S", 60.0)
    assert 1 == len(slow.history(HistoryQuery(limit=1)))


def test_a_question_holds_up_no_commit(slow, asking):
    """While somebody is being answered changes are kept, and the end of the store ends the question."""
    asking("QUESTION_S", 60.0)
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(slow.history, HistoryQuery(limit=100_000))
        wait_until(slow._history._lock.locked)
        for number in range(5):
            assert frozenset() == slow.commit([first("node-2", epoch=f"e{number}", told=[TOLD])])
        assert not asked.done()
        slow._history.close()
        with pytest.raises(StoreError):
            asked.result()
    with pytest.raises(StoreError, match="the collector is ending"):
        slow.history(HistoryQuery())


def _bytes_of(store):
    if isinstance(store, sqlite_store.SqliteStore):
        return store._connection.execute("SELECT history_bytes FROM totals").fetchone()[0]
    with store._link.transaction() as connection:
        return connection.execute("SELECT history_bytes FROM ascend_doctor.clock").fetchone()[0]


def _pruned(store, now=NOW, **bounds):
    """Prune until nothing is left to do, and return in which steps."""
    steps = []
    while True:
        dropped = store.prune(attrs.evolve(forever(), **bounds), now)
        if not dropped:
            return steps
        steps.append(dropped)


def _flap(store, node, count, start=0):
    told = [attrs.evolve(TOLD, summary=f"{node} {start + number:04}") for number in range(count)]
    store.commit([first(node, epoch=f"e{start}", at=NOW + start, told=told)])


def test_history_is_kept_for_so_long(store, step):
    """What the collector learnt too long ago goes, in steps, whatever the clock of the node said."""
    step("PRUNE_STEP", 3)
    for start in (0, 10, 20):
        _flap(store, "node-1", 4, start)
    assert [3, 3, 2] == _pruned(store, NOW + 30, max_age_s=15.0)
    assert [f"node-1 00{number}" for number in (23, 22, 21, 20)] == [item.summary for item in _told(store)]
    assert 4 * (ROW_BYTES + len("npu.ecc") + len("npu/3") + len("node-1 0000")) == _bytes_of(store)


def test_history_is_kept_within_bytes(store, step):
    """The oldest go first, and no more than have to; the count is right after a restart of everything."""
    step("PRUNE_STEP", 3)
    _flap(store, "node-1", 6)
    _flap(store, "node-2", 4, 10)
    each = _bytes_of(store) // 10
    assert [3, 2] == _pruned(store, max_bytes=5 * each)
    assert ["node-2"] * 4 + ["node-1"] == [item.node for item in store.history(HistoryQuery())]
    assert 5 * each == _bytes_of(store)
    assert [] == _pruned(store, max_bytes=5 * each)
    assert [1] == _pruned(store, max_bytes=5 * each - 1)


def test_a_node_that_flaps_does_not_drive_out_the_others(store, step):
    """Of one node so many transitions are kept, the newest of them."""
    step("PRUNE_STEP", 3)
    _flap(store, "node-1", 2)
    _flap(store, "node-2", 6, 10)
    assert [3] == _pruned(store, max_per_node=3)
    _flap(store, "node-2", 5, 20)
    assert [3, 2] == _pruned(store, max_per_node=3)
    kept = [item.summary for item in _told(store)]
    assert ["node-2 0024", "node-2 0023", "node-2 0022", "node-1 0001", "node-1 0000"] == kept


def test_contents_that_no_node_has_are_swept_out(store, step):
    """What nodes had is dropped once enough is new, some at once, and what they have stays."""
    assert [] == _pruned(store)
    step("SWEEP_AFTER", 8)
    step("SWEEP_STEP", 8)
    entries = [first("node-1", {"a": b"0", "b": b"same"})]
    for number in range(1, 20):
        entries.append(after(entries[-1], {"a": b"%d" % number}))
    for entry in entries:
        store.commit([entry])
    assert [6, 8, 5] == _pruned(store)
    assert [] == _pruned(store)
    store.commit([first("node-2", {"a": b"0"})])
    assert [{"a": b"19", "b": b"same"}, {"a": b"0"}] == [item.sections for item in store.load()]


def test_forever_is_for_ever(store):
    """Without bounds nothing is dropped."""
    _flap(store, "node-1", 50)
    assert [] == _pruned(store, now=2 * NOW)
    assert 50 == len(_told(store))
