"""The one that speaks to the store: order, batches, claims, news, and a store that fails for a while."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest

from ascend_doctor.collector import committer
from ascend_doctor.collector.committer import Committer
from ascend_doctor.collector.store import NO_NEWS, News, Retention, Standing, StoredNode, StoreError
from store_entries import NOW, first
from waiting import PATIENCE_S, until

ALWAYS = 1 << 60


class _Disk:
    """A store that writes down what it is asked, and fails as often as it is told."""

    def __init__(self, failures=0, shared=False, void=()) -> None:
        self.shared = shared
        self.failures = failures
        self.void = frozenset(void)
        self.asked = []
        self.to_tell = []
        self.to_prune = []

    def _fail(self):
        if self.failures:
            self.failures -= 1
            raise StoreError("the disk is full")

    def claim(self, nodes):
        self._fail()
        self.asked.append(("claim", dict(nodes)))

    def commit(self, entries):
        self._fail()
        self.asked.append(("commit", [entry.node for entry in entries]))
        return self.void & {entry.node for entry in entries}

    def news(self):
        self._fail()
        return self.to_tell.pop(0) if self.to_tell else NO_NEWS

    def prune(self, retention, now):
        self.asked.append(("prune", retention, now))
        found = self.to_prune.pop(0) if self.to_prune else 0
        if isinstance(found, StoreError):
            raise found
        return found

    @property
    def batches(self):
        return [nodes for kind, nodes in self.asked if kind == "commit"]


class _Done:
    """Writes down what is done."""

    def __init__(self) -> None:
        self.kept = []
        self.void = []

    def __call__(self, entry, kept) -> None:
        (self.kept if kept else self.void).append(entry.node)


@pytest.fixture
def done():
    """What is told to be done."""
    return _Done()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(committer, "FIRST_RETRY_S", 0.01)
    monkeypatch.setattr(committer, "GATHER_S", 0.0)


async def _finish(writer):
    writer.close()
    await writer.run()


async def test_what_waits_is_committed_together_and_in_order(done):
    """Changes that wait go into one transaction, bounded in number; each is told once it is in the store."""
    disk = _Disk()
    writer = Committer(disk)
    names = [f"node-{number}" for number in range(committer.MAX_BATCH + 3)]
    for name in names:
        writer.put(first(name), done)
    assert committer.MAX_BATCH + 3 == writer.backlog
    await _finish(writer)
    assert [committer.MAX_BATCH, 3] == [len(batch) for batch in disk.batches]
    assert names == done.kept
    assert (0, 0, True) == (writer.backlog, writer.backlog_bytes, writer.healthy)
    assert (len(names), 2) == (writer.committed, writer.commits)
    assert writer.busy_s > 0


async def test_what_comes_soon_after_goes_with_it(done, monkeypatch):
    """A change waits a little for others, so that few writes have to be synced; the end waits for nothing."""
    monkeypatch.setattr(committer, "GATHER_S", 20.0)
    disk = _Disk()
    writer = Committer(disk)
    running = asyncio.ensure_future(writer.run())
    writer.put(first("node-1"), done)
    await asyncio.sleep(0.05)
    assert [] == disk.batches
    for number in range(2, committer.MAX_BATCH):
        writer.put(first(f"node-{number}"), done)
    writer.close()
    await running
    assert [committer.MAX_BATCH - 1] == [len(batch) for batch in disk.batches]


async def test_a_batch_is_bounded_in_bytes(done, monkeypatch):
    """A few large changes do not make one large transaction; one that is larger goes by itself."""
    monkeypatch.setattr(committer, "MAX_BATCH_BYTES", 5000)
    disk = _Disk()
    writer = Committer(disk)
    for size in (9000, 1500, 1500, 9000):
        writer.put(first(sections={"a": b"x" * size}), done)
    await _finish(writer)
    assert [1, 2, 1] == [len(batch) for batch in disk.batches]


async def test_claims_keep_their_place(done):
    """A node is claimed before what it sends afterwards, and after what it sent before; others go together."""
    disk = _Disk()
    writer = Committer(disk, clock=itertools.count(int(NOW) - 1).__next__)  # it is looked at before
    writer.claim("node-1")
    writer.put(first("node-1"), done)
    writer.claim("node-2")
    writer.put(first("node-2"), done)
    writer.claim("node-1")
    writer.claim("node-1")
    writer.put(first("node-1"), done)
    await _finish(writer)
    assert [
        ("claim", {"node-1": NOW, "node-2": NOW + 1}),
        ("commit", ["node-1", "node-2"]),
        ("claim", {"node-1": NOW + 2}),
        ("claim", {"node-1": NOW + 3}),
        ("commit", ["node-1"]),
    ] == disk.asked


async def test_a_claim_is_made_once(done):
    """When the commit after a claim fails it is the commit alone that is tried again."""
    disk = _Disk()
    writer = Committer(disk)
    writer.claim("node-1")
    writer.put(first("node-1"), done)
    working = disk.commit

    def fail_once(_entries):
        disk.commit = working
        raise StoreError("the disk is full")

    disk.commit = fail_once
    running = asyncio.ensure_future(writer.run())
    await until(lambda: done.kept)
    writer.close()
    await running
    assert ["claim", "commit"] == [kind for kind, _ in disk.asked]
    assert 0 == writer.backlog_bytes


async def test_what_is_void_is_told(done):
    """Changes of a node that another collector has are done, and not kept."""
    writer = Committer(_Disk(void=["node-2"]))
    for name in ("node-1", "node-2", "node-2", "node-3"):
        writer.put(first(name), done)
    await _finish(writer)
    assert (["node-1", "node-3"], ["node-2", "node-2"]) == (done.kept, done.void)
    assert (2, 2) == (writer.committed, writer.superseded)


async def test_a_disk_that_is_full_for_a_while(done, caplog):
    """Nothing is said to be stored while the store fails; it is tried again until it is."""
    disk = _Disk(failures=ALWAYS)
    writer = Committer(disk)
    running = asyncio.ensure_future(writer.run())
    writer.put(first(), done)
    await until(lambda: writer.failures >= 2)
    assert ([], False) == (done.kept, writer.healthy)
    disk.failures = 0
    await until(lambda: writer.healthy)
    assert (["node-1"], [["node-1"]]) == (done.kept, disk.batches)
    said = ["the disk is full; trying again in 0.0 s"] * 2
    assert said == [record.getMessage() for record in caplog.records][:2]
    writer.close()
    await running


async def test_a_disk_that_stays_full_does_not_hold_up_the_end(done, monkeypatch):
    """Between two tries the writer ends when it is told to, and acknowledges nothing."""
    monkeypatch.setattr(committer, "FIRST_RETRY_S", 1000.0)
    writer = Committer(_Disk(failures=ALWAYS))
    writer.put(first(), done)
    running = asyncio.ensure_future(writer.run())
    await until(lambda: not writer.healthy)
    writer.close()
    await asyncio.wait_for(running, PATIENCE_S)
    assert ([], 1) == (done.kept, writer.backlog)
    await asyncio.wait_for(writer.room(), PATIENCE_S)


@pytest.mark.parametrize(("limit", "value", "count"), [("FULL_AT", 3, 3), ("FULL_AT_BYTES", 2500, 2)])
async def test_who_reads_on_waits_for_room(done, monkeypatch, limit, value, count):
    """When too much waits, in number or in bytes, streams are not read on until it is less."""
    monkeypatch.setattr(committer, limit, value)
    disk = _Disk(failures=ALWAYS)
    writer = Committer(disk)
    running = asyncio.ensure_future(writer.run())
    for number in range(count):
        await asyncio.wait_for(writer.room(), PATIENCE_S)
        writer.put(first(f"node-{number}", {"a": b"x" * 1200}), done)
    reading = asyncio.ensure_future(writer.room())
    await until(lambda: writer.failures >= 1)
    assert not reading.done()
    disk.failures = 0
    await asyncio.wait_for(reading, PATIENCE_S)
    assert count == len(done.kept)
    writer.close()
    await running


async def test_news_are_told_in_the_loop(monkeypatch):
    """What other collectors did is asked for now and then, and told when there is any; a failure is tried again."""
    monkeypatch.setattr(committer, "NEWS_INTERVAL_S", 0.01)
    disk = _Disk(failures=1, shared=True)
    news = [News(forgotten=frozenset(["node-1"])), NO_NEWS, News(forgotten=frozenset(["node-2"]))]
    disk.to_tell = list(news)
    heard = []
    writer = Committer(disk, news=heard.append)
    running = asyncio.ensure_future(writer.run())
    await until(lambda: len(heard) == 2)
    writer.close()
    await running
    assert [news[0], news[2]] == heard
    assert 1 == writer.failures


async def test_news_of_nodes_that_have_just_come_are_left_out(monkeypatch, done):
    """What another collector did last of a node that speaks here by now is not told: the claim is on its way."""
    monkeypatch.setattr(committer, "NEWS_INTERVAL_S", 0.01)
    disk = _Disk(shared=True)
    heard = []
    writer = Committer(disk, news=heard.append)
    there = [StoredNode(name, Standing("e", 1, NOW), {}, {}) for name in ("node-1", "node-2")]
    asked = disk.news

    def news():
        loop.call_soon_threadsafe(writer.claim, "node-1")
        loop.call_soon_threadsafe(writer.claim, "node-3")
        disk.news = asked
        return News(tuple(there), frozenset(["node-3", "node-4"]))

    loop = asyncio.get_running_loop()
    disk.news = news
    running = asyncio.ensure_future(writer.run())
    await until(lambda: heard)
    writer.close()
    await running
    assert [News((there[1],), frozenset(["node-4"]))] == heard


async def test_nobody_asks_for_news_where_nobody_shares(monkeypatch, done):
    """A store of its own has no news."""
    monkeypatch.setattr(committer, "NEWS_INTERVAL_S", 0.0)
    disk = _Disk()
    disk.to_tell = [News(forgotten=frozenset(["node-1"]))]
    heard = []
    writer = Committer(disk, news=heard.append)
    writer.put(first(), done)
    await _finish(writer)
    assert ([], 1) == (heard, len(disk.to_tell))


async def test_history_is_pruned_in_steps_between_commits(monkeypatch, done):
    """Now and then what is not to be kept goes, step by step while there is any, and commits are not held up."""
    monkeypatch.setattr(committer, "PRUNE_INTERVAL_S", 0.01)
    disk = _Disk()
    disk.to_prune = [100, 100, 7]
    bounds = Retention(max_age_s=60.0)
    writer = Committer(disk, retention=bounds, clock=lambda: NOW)
    running = asyncio.ensure_future(writer.run())
    await until(lambda: writer.pruned >= 100)
    writer.put(first(), done)
    await until(lambda: writer.pruned == 207 and done.kept)
    writer.close()
    await running
    assert ("prune", bounds, NOW) == disk.asked[0]


async def test_a_clock_that_jumps_ahead_ages_no_history(monkeypatch, caplog):
    """History is dropped by a time that goes on as it did, and it is said once what is wrong; going back is followed.

    After it is right again a jump is told anew.
    """
    monkeypatch.setattr(committer, "PRUNE_INTERVAL_S", 0.01)
    year_s = 365 * 86_400.0
    offset_s = [0.0]
    disk = _Disk()
    writer = Committer(disk, clock=lambda: time.monotonic() + NOW + offset_s[0])

    async def pruned(change_s):
        """Return by how much the time to prune by is off, some prunings after the clock was set."""
        offset_s[0] += change_s
        since = len(disk.asked) + 1
        await until(lambda: len(disk.asked) > since + 2)
        return pytest.approx(disk.asked[-1][2] - NOW - time.monotonic(), abs=30.0)

    running = asyncio.ensure_future(writer.run())
    assert 0.0 == await pruned(0.0)
    assert 0.0 == await pruned(year_s)
    jumped = f"the clock of this machine has jumped ahead by {year_s:.0f} s; history is not dropped for that."
    said = [f"{jumped} Set the clock right; if it is, start the collector again"]
    assert said == caplog.messages
    assert 0.0 == await pruned(-year_s)
    assert -year_s == await pruned(-year_s)
    assert -year_s == await pruned(60.0)
    assert said == caplog.messages
    assert -year_s == await pruned(year_s - 60.0)
    assert said * 2 == caplog.messages
    writer.close()
    await running


async def test_pruning_that_fails_holds_up_nothing(monkeypatch, done):
    """A history that cannot be cut is told and counted; what nodes say is stored all the same, at once."""
    monkeypatch.setattr(committer, "PRUNE_INTERVAL_S", 0.01)
    monkeypatch.setattr(committer, "FIRST_RETRY_S", ALWAYS)
    disk = _Disk()
    disk.to_prune = [StoreError("the page is damaged")] * 3
    writer = Committer(disk)
    running = asyncio.ensure_future(writer.run())
    await until(lambda: writer.failures == 3)
    assert writer.healthy
    writer.put(first(), done)
    await until(lambda: done.kept)
    writer.close()
    await running
