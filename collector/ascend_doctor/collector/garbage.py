"""Python's collector of reference cycles, kept from walking through the whole fleet again and again.

Every such walk holds up the event loop: over ten thousand nodes for a third of a second. What the collector keeps of
nodes and judgements has no cycles and goes with its last holder.
"""

from __future__ import annotations

import asyncio
import gc

SETTLE_S = 5.0
THRESHOLDS = (5_000, 10, 1_000)
"""The young generations are walked through often and quickly, the old one only if there was no rest for long."""


def settle() -> None:
    """Collect what is garbage among what is new, and never walk through the rest again."""
    gc.collect(1)
    gc.freeze()


async def keep_settled() -> None:
    """Settle again and again, for as long as the collector runs."""
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    try:
        while True:
            settle()
            await asyncio.sleep(SETTLE_S)
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
