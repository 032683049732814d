"""The one writer: order, batches, and a store that fails for a while."""

from __future__ import annotations

import asyncio

import pytest

from ascend_doctor.collector import committer
from ascend_doctor.collector.committer import Committer
from ascend_doctor.collector.store import StoreError
from waiting import PATIENCE_S, until


class _Disk:
    """A store that writes down batches, and fails as often as it is told."""

    def __init__(self, failures=0) -> None:
        self.failures = failures
        self.batches = []

    def commit(self, entries):
        if self.failures:
            self.failures -= 1
            raise StoreError("the disk is full")
        self.batches.append(list(entries))


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(committer, "FIRST_RETRY_S", 0.01)


async def test_what_waits_is_committed_together_and_in_order():
    """Changes that wait go into one transaction, bounded in number; each is told once it is in the store."""
    disk, done = _Disk(), []
    writer = Committer(disk)
    for number in range(committer.MAX_BATCH + 3):
        writer.put(number, done.append)
    assert committer.MAX_BATCH + 3 == writer.backlog
    writer.close()
    await writer.run()
    assert [committer.MAX_BATCH, 3] == [len(batch) for batch in disk.batches]
    assert list(range(committer.MAX_BATCH + 3)) == done
    assert (0, committer.MAX_BATCH + 3, True) == (writer.backlog, writer.committed, writer.healthy)


async def test_a_disk_that_is_full_for_a_while(caplog):
    """Nothing is said to be stored while the store fails; it is tried again until it is."""
    disk, done = _Disk(failures=2), []
    writer = Committer(disk)
    running = asyncio.ensure_future(writer.run())
    writer.put("a", done.append)
    await until(lambda: not writer.healthy)
    assert [] == done
    await until(lambda: writer.healthy)
    assert (["a"], [["a"]]) == (done, disk.batches)
    assert ["the disk is full; trying again in 0.0 s"] * 2 == [record.getMessage() for record in caplog.records]
    writer.close()
    await running


async def test_a_disk_that_stays_full_does_not_hold_up_the_end(monkeypatch):
    """Between two tries the writer ends when it is told to, and acknowledges nothing."""
    monkeypatch.setattr(committer, "FIRST_RETRY_S", 1000.0)
    disk, done = _Disk(failures=1000), []
    writer = Committer(disk)
    writer.put("a", done.append)
    running = asyncio.ensure_future(writer.run())
    await until(lambda: not writer.healthy)
    writer.close()
    await asyncio.wait_for(running, PATIENCE_S)
    assert ([], 1) == (done, writer.backlog)
