"""The history, read page by page in the thread of the store: never in the event loop, and never too much at once."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Optional, Sequence, Tuple

import attrs

from ascend_doctor.collector.store import HistoryQuery, Store
from ascend_doctor.collector.workers import BusyError
from ascend_doctor.model.transition import Recorded

DEFAULT_PAGE = 200
MAX_PAGE = 1000
"""Transitions of one page: so many are read while the commits of nodes wait."""
MAX_WAITING = 8


@attrs.frozen
class Page:
    """Some transitions, what the collector learnt last first. `before_id` asks for the next page, None on the last."""

    items: Tuple[Recorded, ...]
    before_id: Optional[int]


class History:
    """Reads the history of a store. `do` does a piece of work in the thread of the store."""

    def __init__(self, store: Store, do: Callable[[Callable[[], Sequence[Recorded]]], Awaitable[Any]]) -> None:
        self._store = store
        self._do = do
        self._waiting = 0

    async def page(self, query: HistoryQuery) -> Page:
        """Return one page, of no more than `MAX_PAGE`. Raises `StoreError` and `BusyError`."""
        if self._waiting >= MAX_WAITING:
            raise BusyError(f"{self._waiting} others ask for the history; ask again in a few seconds")
        size = min(query.limit, MAX_PAGE)
        one_more = attrs.evolve(query, limit=size + 1)
        self._waiting += 1
        try:
            found: Sequence[Recorded] = await self._do(lambda: self._store.history(one_more))
        finally:
            self._waiting -= 1
        return Page(tuple(found[:size]), found[size - 1].id if len(found) > size else None)
