"""Waiting for what has to come about, with a patience that no machine is too slow for."""

from __future__ import annotations

import asyncio
import time
from typing import Callable

PATIENCE_S = 60.0
"""A test that would wait for ever fails after this time; one that holds takes as long as it needs to."""
_POLL_S = 0.01


async def until(condition: Callable[[], object]) -> None:
    """Wait until something holds; fail when it does not come about."""

    async def wait() -> None:
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(_POLL_S)

    await asyncio.wait_for(wait(), PATIENCE_S)


def wait_until(condition: Callable[[], object]) -> None:
    """Do the same where there is no event loop."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not come about within {PATIENCE_S:g} s")
        time.sleep(_POLL_S)
