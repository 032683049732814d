"""Work that takes longer than an event loop may be held up: done in threads beside it, and only so much of it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, TypeVar

T = TypeVar("T")


class BusyError(Exception):
    """More is asked than can be done soon. The text says so."""


class Workers:
    """Some threads, and no more work waiting for them than `most`. To be used in one event loop."""

    def __init__(self, name: str, *, threads: int = 1, most: int = 32) -> None:
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)
        self._most = most
        self.waiting = 0
        """How many pieces of work wait or are being done."""

    async def do(self, work: Callable[[], T]) -> T:
        """Return what the work returns. Raises `BusyError` when too much of it waits already."""
        if self.waiting >= self._most:
            raise BusyError(f"{self.waiting} answers are being made; ask again in a few seconds")
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self.waiting -= 1

    def close(self) -> None:
        """Let go of the threads; what waits is not done any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
