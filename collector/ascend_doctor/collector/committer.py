"""The one that speaks to the store: it gathers changes that wait and commits them together, then says so."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Deque, Dict, List, Optional, Sequence, Tuple, TypeVar, Union

import attrs

from ascend_doctor.collector.steady_clock import SteadyClock
from ascend_doctor.collector.store import DEFAULT_RETENTION, NO_NEWS, Entry, News, Retention, Store, StoreError

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_BATCH = 256
MAX_BATCH_BYTES = 16 << 20
FIRST_RETRY_S = 0.5
MAX_RETRY_S = 30.0
GATHER_S = 1.0
"""So long it is waited for more to commit with what came first, as long as all of it says that nothing has changed."""
NEWS_GATHER_S = 0.1
"""So long once there is news: thousands of nodes need ten synced writes a second at most."""
NEWS_INTERVAL_S = 1.0
PRUNE_INTERVAL_S = 300.0

FULL_AT = 20_000
FULL_AT_BYTES = 64 << 20
"""So much waits at most, and what has been read already of each stream: ask for `room` before you read more."""

Done = Callable[[Entry, bool], None]
"""Is told of an entry, and whether it is in the store: not when another collector has the node, or it does not follow.
"""


@attrs.frozen
class _Claim:
    node: str
    since: float


@attrs.frozen
class _Change:
    entry: Entry
    done: Done


class Committer:
    """Claims and commits in the order in which it is told, in a thread of its own: the loop never waits for a disk.

    While the store fails nothing is acknowledged: the nodes keep what they have, the collector goes on with what it has
    in memory, and `room` bounds what waits here. `healthy` tells whether the store answered last time. When others
    share the store, `news` is called in the loop with what they did.

    It counts `commits` (transactions), changes that were `committed`, or void since they were `superseded`, `failures`
    of the store, rows that were `pruned`, and `busy_s`, the time that the store took.
    """

    def __init__(
        self,
        store: Store,
        *,
        news: Optional[Callable[[News], None]] = None,
        retention: Retention = DEFAULT_RETENTION,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._news = news if news is not None and store.shared else None
        self._retention = retention
        self._clock = clock
        self._steady = SteadyClock(clock)
        self._waiting: Deque[Union[_Claim, _Change]] = deque()
        self._wake = asyncio.Event()
        self._urgent = asyncio.Event()
        self._closing = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._news_at = self._prune_at = 0.0
        self.healthy = True
        self.backlog_bytes = 0
        self.commits = self.committed = self.superseded = self.failures = self.pruned = 0
        self.busy_s = 0.0

    @property
    def backlog(self) -> int:
        """How many changes and claims wait."""
        return len(self._waiting)

    def claim(self, node: str) -> None:
        """Queue that a node speaks to this collector from now on; before the first change that it sends."""
        self._queue(_Claim(node, self._clock()))

    def put(self, entry: Entry, done: Done) -> None:
        """Queue a change; `done` is called in the loop once it is in the store, or void."""
        self.backlog_bytes += entry.size
        self._queue(_Change(entry, done))

    @property
    def has_room(self) -> bool:
        """Whether more may be read."""
        return self._has_room.is_set()

    async def room(self) -> None:
        """Wait while too much waits. A stream that does not read on holds up its node, and nobody else."""
        await self._has_room.wait()

    async def run(self) -> None:
        """Work until `close` is called and nothing waits any more, or what waits cannot be written."""
        try:
            await self._run()
        finally:
            self._has_room.set()
            self._thread.shutdown()

    def close(self) -> None:
        """Let `run` end after what waits is committed."""
        self._closing.set()
        self._urgent.set()
        self._wake.set()

    async def _run(self) -> None:
        now = asyncio.get_running_loop().time
        self._news_at = now() + NEWS_INTERVAL_S
        self._prune_at = now() + PRUNE_INTERVAL_S
        retry_s = FIRST_RETRY_S
        while self._waiting or not self._closing.is_set():
            try:
                await self._work(now)
            except StoreError as error:  # noqa: PERF203 - it is tried again
                log.warning("%s; trying again in %.1f s", error, retry_s)
                self.failures += 1
                self.healthy = False
                if self._closing.is_set():
                    return
                await _set_within(self._closing, retry_s)
                retry_s = min(2 * retry_s, MAX_RETRY_S)
            else:
                self.healthy, retry_s = True, FIRST_RETRY_S
                await self._rest(now)

    async def _work(self, now: Callable[[], float]) -> None:
        """Do what is to be done now."""
        if self._waiting:
            await self._gather()
            await self._commit()
        if self._news is not None and now() >= self._news_at:
            self._news_at = now() + NEWS_INTERVAL_S
            found = self._without_claimed(await self._timed(self._store.news))
            if found != NO_NEWS:
                self._news(found)
        if now() >= self._prune_at:
            self._prune_at = now() + (0.0 if await self._prune() else PRUNE_INTERVAL_S)

    async def _prune(self) -> int:
        """Drop what is too old; that it fails keeps no change of a node from the store."""
        try:
            dropped = await self._timed(self._store.prune, self._retention, self._steady.now())
        except StoreError as error:
            log.warning("%s; the history is longer than it should be", error)
            self.failures += 1
            return 0
        self.pruned += dropped
        return dropped

    async def _rest(self, now: Callable[[], float]) -> None:
        """Wait for something to do."""
        if not self._waiting and not self._closing.is_set():
            self._wake.clear()
            due = self._prune_at if self._news is None else min(self._prune_at, self._news_at)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), max(0.0, due - now()))

    async def _gather(self) -> None:
        """Let more come that can be committed together."""
        for seconds, sooner in ((GATHER_S - NEWS_GATHER_S, self._urgent), (NEWS_GATHER_S, self._closing)):
            if len(self._waiting) < MAX_BATCH and not self._closing.is_set():
                await _set_within(sooner, seconds)
        self._urgent.clear()

    async def _commit(self) -> None:
        claims, changes = self._batch()
        if claims:
            await self._timed(self._store.claim, claims)
            # A claim is made once: tried again later it would take back what another collector claimed meanwhile.
            self._remove(len(claims) + len(changes), changes)
        if changes:
            void = await self._timed(self._store.commit, [change.entry for change in changes])
            self._remove(len(changes), ())
            self.commits += 1
            for change in changes:
                kept = change.entry.node not in void
                self.committed += kept
                self.superseded += not kept
                change.done(change.entry, kept)

    def _without_claimed(self, news: News) -> News:
        """Leave out nodes that have come here, which the store does not know yet: their claims decide."""
        if news == NO_NEWS:
            return news
        coming = {item.node for item in self._waiting if isinstance(item, _Claim)}
        nodes = tuple(item for item in news.nodes if item.node not in coming)
        return News(nodes, news.forgotten - coming)

    def _batch(self) -> Tuple[Dict[str, float], Sequence[_Change]]:
        """Return what goes next: claims, and changes that may come after all of them."""
        claims: Dict[str, float] = {}
        changes: List[_Change] = []
        changed, size = set(), 0
        for item in self._waiting:
            if isinstance(item, _Claim):
                if item.node in changed or item.node in claims:
                    break
                claims[item.node] = item.since
            else:
                size += item.entry.size
                if len(changes) >= MAX_BATCH or (changes and size > MAX_BATCH_BYTES):
                    break
                changes.append(item)
                changed.add(item.entry.node)
        return claims, changes

    def _remove(self, count: int, kept: Sequence[_Change]) -> None:
        """Take so many from the front of the queue, and put back what is kept of them."""
        gone = [self._waiting.popleft() for _ in range(count)]
        self._waiting.extendleft(reversed(kept))
        if not kept:
            self.backlog_bytes -= sum(item.entry.size for item in gone if isinstance(item, _Change))
        self._look_for_room()

    def _queue(self, item: Union[_Claim, _Change]) -> None:
        self._waiting.append(item)
        if isinstance(item, _Claim) or item.entry.is_news:
            self._urgent.set()
        self._wake.set()
        self._look_for_room()

    def _look_for_room(self) -> None:
        if len(self._waiting) >= FULL_AT or self.backlog_bytes >= FULL_AT_BYTES:
            self._has_room.clear()
        else:
            self._has_room.set()

    async def _timed(self, work: Callable[..., T], *values: object) -> T:
        began = time.monotonic()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *values)
        finally:
            self.busy_s += time.monotonic() - began


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    """Wait so long, unless the event is set before."""
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
