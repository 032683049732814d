"""A collector that is killed at any moment: what it acknowledged is there, and what it was not told comes again."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
import signal
import sqlite3

from ascend_doctor.collector.store_opening import open_store
from ascend_doctor.model.state import NodeState
from ascend_doctor.model.status import Status
from ascend_doctor.wire.credentials import read_address
from collecting import CollectorProcess, Node, shared
from node_states import finding, told
from ports import free_port

KILLS = 3


def _stored(folder):
    with contextlib.closing(open_store(str(folder / "store.sqlite"), 0.0)) as store:
        return {item.node: item for item in store.load()}


def _state(number):
    status = Status.FAIL if number % 2 else Status.PASS
    return NodeState.of([finding("npu.ecc", status)], {"other": told(f"round {number}" * 500)})


async def test_kill_at_random_moments(tmp_path):
    """Killed between a state and its acknowledgement, or anywhere else, it loses nothing that it acknowledged."""
    chance = random.Random(11)
    number = 0
    start = functools.partial(CollectorProcess, tmp_path, listen=f"127.0.0.1:{free_port()}")
    async with contextlib.AsyncExitStack() as running:
        collector = running.enter_context(start())
        node = await running.enter_async_context(Node(tmp_path, "node-1", read_address(collector.listen)))
        for _ in range(KILLS):
            number += 1
            node.become(_state(number))
            await node.heard()
            for _ in range(chance.randrange(3, 12)):
                number += 1
                node.become(_state(number))
                await asyncio.sleep(chance.random() * 0.01)
            acknowledged = number - node.uplink.unacknowledged
            assert -signal.SIGKILL == collector.end(signal.SIGKILL)
            assert acknowledged <= _stored(tmp_path)["node-1"].standing.sequence
            collector = running.enter_context(await asyncio.get_running_loop().run_in_executor(None, start))
        await node.heard()
        assert 0 == collector.end()
    found = _stored(tmp_path)["node-1"]
    told = {name: item.content for name, item in shared("node-1", node.state).sections.items()}
    assert (number, told) == (found.standing.sequence, dict(found.sections))
    with contextlib.closing(sqlite3.connect(tmp_path / "store.sqlite")) as file:
        assert [("ok",)] == file.execute("PRAGMA integrity_check").fetchall()
        changes = file.execute("SELECT before, after FROM transitions ORDER BY id").fetchall()
    assert [(None, "fail"), *[("fail", "pass"), ("pass", "fail")] * number][:number] == changes
    assert "damaged" not in (tmp_path / "collector.log").read_text()
