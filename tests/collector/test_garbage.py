"""Python's collector of cycles is kept from walking through the fleet."""

from __future__ import annotations

import asyncio
import gc

from ascend_doctor.collector import garbage
from waiting import until


async def test_what_is_there_is_walked_through_no_more(monkeypatch) -> None:
    """Again and again what came meanwhile is set aside; in the end all is as it was."""
    monkeypatch.setattr(garbage, "SETTLE_S", 0.01)
    before = gc.get_threshold()
    keeper = asyncio.ensure_future(garbage.keep_settled())
    await asyncio.sleep(0)
    assert garbage.THRESHOLDS == gc.get_threshold()
    frozen = gc.get_freeze_count()
    assert frozen > 1000
    kept = [[] for _ in range(50_000)]
    await until(lambda: gc.get_freeze_count() >= frozen + len(kept))
    keeper.cancel()
    await asyncio.wait((keeper,))
    assert (before, 0) == (gc.get_threshold(), gc.get_freeze_count())
