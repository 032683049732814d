"""Memory that is not needed: what Python's collector of cycles walks through, and what the C library holds back.

Every walk holds up the event loop: over ten thousand nodes for a third of a second. What the collector keeps of nodes
and judgements has no cycles and goes with its last holder. And every TLS handshake leaves holes between what stays of
it, some 5 KiB for each connection, which the C library gives back only when it is asked to.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc

SETTLE_S = 15.0
THRESHOLDS = (5_000, 10, 1_000)
"""The young generations are walked through often and quickly, the old one only if there was no rest for long."""


def settle() -> None:
    """Collect what is garbage among what is new, and never walk through the rest again."""
    gc.collect(1)
    gc.freeze()


def give_back() -> None:
    """Give free memory back to the system, where the C library knows how to (glibc does, musl has nothing to give)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


async def keep_settled() -> None:
    """Settle again and again, for as long as the collector runs."""
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    try:
        while True:
            settle()
            await asyncio.get_running_loop().run_in_executor(None, give_back)
            await asyncio.sleep(SETTLE_S)
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
