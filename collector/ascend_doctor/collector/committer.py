"""The one writer of the store: it gathers changes that wait and commits them together, then says so."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, List, Tuple

from ascend_doctor.collector.store import Entry, Store, StoreError

log = logging.getLogger(__name__)

MAX_BATCH = 256
FIRST_RETRY_S = 0.5
MAX_RETRY_S = 30.0

Done = Callable[[Entry], None]


class Committer:
    """Commits entries in the order in which they come, in a thread of its own, so that the loop never waits for a disk.

    While the store fails nothing is acknowledged: the nodes keep what they have, and the windows of their streams bound
    what waits here. `healthy` tells whether the last commit went well.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: List[Tuple[Entry, Done]] = []
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self.healthy = True
        self.committed = 0

    @property
    def backlog(self) -> int:
        """How many changes wait."""
        return len(self._waiting)

    def put(self, entry: Entry, done: Done) -> None:
        """Queue a change; `done` is called in the loop once it is in the store."""
        self._waiting.append((entry, done))
        self._wake.set()

    async def run(self) -> None:
        """Commit until `close` is called and nothing waits any more, or what waits cannot be written."""
        try:
            await self._run()
        finally:
            self._thread.shutdown()

    async def _run(self) -> None:
        retry_s = FIRST_RETRY_S
        while self._waiting or not self._closing.is_set():
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            batch = self._waiting[:MAX_BATCH]
            try:
                await asyncio.get_running_loop().run_in_executor(
                    self._thread, self._store.commit, [entry for entry, _ in batch]
                )
            except StoreError as error:
                log.warning("%s; trying again in %.1f s", error, retry_s)
                self.healthy = False
                if self._closing.is_set():
                    return
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), retry_s)
                retry_s = min(2 * retry_s, MAX_RETRY_S)
                continue
            del self._waiting[: len(batch)]
            self.healthy, retry_s = True, FIRST_RETRY_S
            self.committed += len(batch)
            for entry, done in batch:
                done(entry)

    def close(self) -> None:
        """Let `run` end after what waits is committed."""
        self._closing.set()
        self._wake.set()
