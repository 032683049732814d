"""The time of a simulated cluster: the real one, or one that passes only when somebody waits."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import List, Protocol, Tuple


class Clock(Protocol):
    """Where the cluster takes its time from."""

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        ...


class RealClock:
    """The time of the host."""

    def now(self) -> float:
        """Return the host's time."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)


class VirtualClock:
    """A time that stands still until somebody waits or sets it; waiting takes no real time."""

    def __init__(self, now: float = 1_767_225_600.0) -> None:
        self._now = now
        self._order = itertools.count()
        self._waiting: List[Tuple[float, int]] = []

    def now(self) -> float:
        """Return the virtual time."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        """Wait without real time: who has to wait for the earliest moment goes on first, and sets the clock to it."""
        entry = (self._now + seconds, next(self._order))
        heapq.heappush(self._waiting, entry)
        try:
            await asyncio.sleep(0)
            while self._waiting[0] != entry:  # noqa: ASYNC110 - whoever runs may wait for an earlier moment any time
                await asyncio.sleep(0)
            self._now = max(self._now, entry[0])
        finally:
            self._waiting.remove(entry)
            heapq.heapify(self._waiting)
