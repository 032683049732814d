"""Two collectors on one PostgreSQL: any of them answers for the whole fleet, and one may die at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import Counter

import pytest

import small_cluster
from ascend_doctor.collector import committer, main
from ascend_doctor.collector.store import HistoryQuery
from ascend_doctor.collector.store_opening import open_store
from ascend_doctor.model.report import Liveness
from ascend_doctor.model.status import Status
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.wire.credentials import Address, read_address
from collecting import CollectorProcess, Node, ask, collecting, judged_now, shared
from ports import free_port
from waiting import PATIENCE_S

TRUTH = {
    "node-1": Verdict.READY,
    "node-2": Verdict.NOT_READY,
    "node-3": Verdict.READY,
    "node-4": Verdict.READY,
}


def _answers(number, *, broken=False):
    fault = small_cluster.dark(1) if broken else {}
    return judged_now(f"node-{number}", {**small_cluster.node(number, number % 4 + 1), **fault})


async def _told(address):
    """Return the verdict on every node that a collector knows to be live."""
    report = await ask(address)
    return {node.name: node.verdict for node in report.nodes if node.liveness is Liveness.LIVE}


async def _becomes(address, expected):
    async def wait():
        while expected != await _told(address):  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.05)

    await asyncio.wait_for(wait(), PATIENCE_S)


@pytest.fixture
def store(postgres):
    """An empty database."""
    with postgres.database() as url:
        yield url


async def test_each_answers_for_all(tmp_path, store):
    """What nodes tell one collector the other knows soon after; what they tell it next, too."""
    async with contextlib.AsyncExitStack() as all_of_it:
        here = [await all_of_it.enter_async_context(collecting(tmp_path, store=store)) for _ in range(2)]
        nodes = []
        for number in range(1, 5):
            listen = here[number % 2].listen
            nodes.append(await all_of_it.enter_async_context(Node(tmp_path, f"node-{number}", listen)))
            nodes[-1].become(_answers(number, broken=number == 2))
        for place in here:
            await _becomes(place.listen, TRUTH)
        nodes[1].become(_answers(2))
        for place in here:
            await _becomes(place.listen, {**TRUTH, "node-2": Verdict.READY})


async def test_a_node_moves_from_one_to_the_other_and_back(tmp_path, store, monkeypatch):
    """Drained by one, it goes on at the other where it was; the first knows what it told there, and takes it again."""
    monkeypatch.setattr(main, "RETURN_AFTER_S", 0.0)
    async with contextlib.AsyncExitStack() as first:
        here = await first.enter_async_context(collecting(tmp_path, store=store))
        async with (
            collecting(tmp_path, store=store) as there,
            Node(tmp_path, "node-1", here.listen, None, there.listen) as node,
        ):
            node.become(_answers(1, broken=True))
            await node.heard()
            await first.aclose()
            node.become(_answers(1))
            await node.heard()
            async with collecting(tmp_path, store=store, listen=here.listen) as again:
                await _becomes(again.listen, {"node-1": Verdict.READY})
                await _becomes(there.listen, {"node-1": Verdict.READY})
    found = open_store(store, 0.0)
    with contextlib.closing(found):
        (stored,) = found.load()
    assert {name: item.content for name, item in shared("node-1", node.state).sections.items()} == dict(stored.sections)


async def test_what_one_knew_the_other_does_not_tell_again(tmp_path, store, monkeypatch):
    """A node comes before the news of what it told the first one: the history has it once, and what follows, too."""
    monkeypatch.setattr(committer, "NEWS_INTERVAL_S", 1_000.0)
    monkeypatch.setattr(main, "RETURN_AFTER_S", 0.0)
    async with contextlib.AsyncExitStack() as first:
        here = await first.enter_async_context(collecting(tmp_path, store=store))
        address = Address("127.0.0.1", free_port())
        async with Node(tmp_path, "node-1", here.listen, None, address) as node:
            node.become(_answers(1))
            await node.heard()
            async with collecting(tmp_path, store=store, listen=address) as there:
                node.become(_answers(1, broken=True))
                await node.heard()
                await first.aclose()
                node.become(_answers(1, broken=True))
                await node.heard()
                await _becomes(there.listen, {"node-1": Verdict.NOT_READY})
                node.become(_answers(1))
                await node.heard()
    found = open_store(store, 0.0)
    with contextlib.closing(found):
        changes = [item.transition for item in found.history(HistoryQuery())]
    ends = Counter((item.check, item.subject, item.after is Status.PASS) for item in changes)
    assert ends
    assert dict.fromkeys(ends, 1) == ends


async def test_an_older_copy_is_put_in_place_under_them(tmp_path, store, postgres):
    """With what the nodes say next the store has all of them again as they are, and every collector knows that."""
    in_thread = asyncio.get_running_loop().run_in_executor
    async with contextlib.AsyncExitStack() as all_of_it:
        here = [await all_of_it.enter_async_context(collecting(tmp_path, store=store)) for _ in range(2)]
        nodes = []

        async def come(number):
            listen = here[number % 2].listen
            nodes.append(await all_of_it.enter_async_context(Node(tmp_path, f"node-{number}", listen)))

        def say(broken):
            for number, node in enumerate(nodes, 1):
                node.become(_answers(number, broken=number == broken))
            return {
                node.name: Verdict.NOT_READY if number == broken else Verdict.READY
                for number, node in enumerate(nodes, 1)
            }

        async def known(expected):
            for place in here:
                await _becomes(place.listen, expected)

        for number in (1, 2):
            await come(number)
        await known(say(broken=1))
        copy = await in_thread(None, postgres.dump, store)
        for number in (3, 4):
            await come(number)
        for broken in (3, 4, 2):
            await known(say(broken))
        await in_thread(None, postgres.restore, store, copy)
        say(broken=2)
        here.append(await all_of_it.enter_async_context(collecting(tmp_path, store=store)))
        await known(TRUTH)


async def test_one_is_killed(tmp_path, store):
    """Its nodes go to the other one, and what that one says of any node is true all the time."""
    seen = []

    async def watch(address):
        while True:
            seen.append(await _told(address))
            await asyncio.sleep(0.05)

    async with contextlib.AsyncExitStack() as all_of_it:
        here = await all_of_it.enter_async_context(collecting(tmp_path, store=store))
        start = asyncio.get_running_loop().run_in_executor(None, lambda: CollectorProcess(tmp_path, store=store))
        there = all_of_it.enter_context(await start)
        nodes = []
        for number in range(1, 5):
            places = (read_address(there.listen), None, here.listen)
            nodes.append(await all_of_it.enter_async_context(Node(tmp_path, f"node-{number}", *places)))
            nodes[-1].become(_answers(number, broken=number == 2))
        await _becomes(here.listen, TRUTH)
        watching = asyncio.ensure_future(watch(here.listen))
        assert -signal.SIGKILL == there.end(signal.SIGKILL)
        nodes[2].become(_answers(3, broken=True))
        await asyncio.gather(*(node.heard() for node in nodes))
        after = {**TRUTH, "node-3": Verdict.NOT_READY}
        await _becomes(here.listen, after)
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        assert [] == [found for found in seen if found not in (TRUTH, after)]
        assert TRUTH in seen
