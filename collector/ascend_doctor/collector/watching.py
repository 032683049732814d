"""Those who watch the cluster: told what is, and then every change of it, each as fast as it reads."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import enum
import time
from typing import Any, Callable, FrozenSet, Iterator, Optional, OrderedDict, Tuple, TypeVar

import attrs

from ascend_doctor.collector.judged import Judged
from ascend_doctor.collector.reports import Reports
from ascend_doctor.collector.workers import BusyError
from ascend_doctor.model.report import Report
from ascend_doctor.model.report_change import ReportChange, change_between

T = TypeVar("T")

MAX_WATCHERS = 64
"""So many at each door."""
LOOK_S = 0.5
"""So often it is looked whether the fleet has changed; that is one comparison."""
LIVENESS_S = 5.0
"""So often it is looked whether a node has fallen silent."""
_KEPT = 8

Wish = Tuple[FrozenSet[str], FrozenSet[str]]
"""The nodes and the checks that somebody watches; empty for all."""


class Door(enum.Enum):
    """Where somebody comes in who watches. Those at one door take no place from those at the other."""

    GRPC = "gRPC"
    HTTP = "HTTP"


class TooManyError(Exception):
    """Too many watch already. The text says so."""


class Watchers:
    """Everybody who watches. To be used in one event loop.

    Nothing is queued: who reads slowly is told the difference between what he was told last and the newest.
    """

    def __init__(self, reports: Reports, *, most: int = MAX_WATCHERS) -> None:
        self._reports = reports
        self._most = most
        self._closing = asyncio.Event()
        self._made: OrderedDict[Tuple[object, ...], asyncio.Future[Any]] = collections.OrderedDict()
        self._counts = dict.fromkeys(Door, 0)

    @property
    def count(self) -> int:
        """How many watch now."""
        return sum(self._counts.values())

    @contextlib.contextmanager
    def watch(
        self, door: Door, nodes: FrozenSet[str] = frozenset(), checks: FrozenSet[str] = frozenset()
    ) -> Iterator[Watcher]:
        """Give one more watcher for as long as the block lasts. Raises `TooManyError`."""
        count = self._counts[door]
        if count >= self._most:
            about = f"{count} watch already over {door.value}"
            raise TooManyError(f"{about}; end one of them, or ask for reports now and then")
        self._counts[door] += 1
        try:
            yield Watcher(self, (nodes, checks))
        finally:
            self._counts[door] -= 1

    def close(self) -> None:
        """End everybody's watching."""
        self._closing.set()

    @property
    def is_closed(self) -> bool:
        """Whether nobody is told anything any more: the collector stops."""
        return self._closing.is_set()

    async def after(self, judged: Optional[Judged]) -> Optional[Judged]:
        """Return what was found, once it is something else than before; None when the collector stops."""
        looked_at = time.monotonic()
        while not self.is_closed:
            now = time.monotonic()
            if judged is None or self._reports.changes != judged.seen.changes or now >= looked_at + LIVENESS_S:
                looked_at = now
                found = await self._reports.judged()
                if found is not judged:
                    return found
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._closing.wait(), LOOK_S)
        return None

    async def narrowed(self, judged: Judged, wish: Wish) -> Report:
        """Return the report that somebody wishes for. Raises `BusyError`."""
        return await self._once((judged.seen.version, wish), lambda: judged.report(*wish))

    async def change(self, old: Optional[Told], new: Told, wish: Wish) -> ReportChange:
        """Return what has changed for who wishes for some of it. Raises `BusyError`."""
        before = None if old is None else old.report
        key = ("" if old is None else old.version, new.version, wish)
        return await self._once(key, lambda: change_between(before, new.report))

    async def _once(self, key: Tuple[object, ...], work: Callable[[], T]) -> T:
        """Do some work beside the loop, once for all who wish for the same."""
        found = self._made.get(key)
        if found is None or (found.done() and (found.cancelled() or found.exception() is not None)):
            found = self._made[key] = asyncio.ensure_future(self._reports.workers.do(work))
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return await asyncio.shield(found)


@attrs.frozen(eq=False)
class Told:
    """What somebody was told: a report over what he wished for, and of which judgement."""

    version: str
    report: Report


class Watcher:
    """One who watches: told what is, whole, and then every change of it."""

    def __init__(self, all_of_them: Watchers, wish: Wish) -> None:
        self._all = all_of_them
        self._wish = wish
        self._judged: Optional[Judged] = None
        self._told: Optional[Told] = None

    async def next(self) -> Optional[ReportChange]:
        """Return the next change, once there is one; None when the collector stops.

        Raises `BusyError` when not even the beginning can be told.
        """
        while True:
            judged = await self._all.after(self._judged)
            if judged is None:
                return None
            try:
                told = Told(judged.seen.version, await self._all.narrowed(judged, self._wish))
                change = await self._all.change(self._told, told, self._wish)
            except BusyError:
                if self._told is None:
                    raise
                await asyncio.sleep(LOOK_S)
                continue
            before, self._judged, self._told = self._told, judged, told
            if before is None or not change.is_empty or change.verdict is not before.report.verdict:
                return change
