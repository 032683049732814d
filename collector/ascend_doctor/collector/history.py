"""The history, read page by page in a thread of its own: neither the event loop nor a commit waits for it."""

from __future__ import annotations

from typing import Optional, Tuple

import attrs

from ascend_doctor.collector.store import HistoryQuery, Store
from ascend_doctor.collector.workers import Workers
from ascend_doctor.model.transition import Recorded

DEFAULT_PAGE = 200
MAX_PAGE = 1000
"""Transitions of one page."""
MAX_WAITING = 8
"""So many questions wait or are being answered: who asks is not to wait longer than he has patience."""


@attrs.frozen
class Page:
    """Some transitions, what the collector learnt last first. `before_id` asks for the next page, None on the last."""

    items: Tuple[Recorded, ...]
    before_id: Optional[int]


class History:
    """Reads the history of a store. To be used in one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = Workers("history", most=MAX_WAITING)

    async def page(self, query: HistoryQuery) -> Page:
        """Return one page, of no more than `MAX_PAGE`. Raises `StoreError`, `TooWideError` and `BusyError`."""
        size = min(query.limit, MAX_PAGE)
        one_more = attrs.evolve(query, limit=size + 1)
        found = await self._thread.do(lambda: self._store.history(one_more))
        return Page(tuple(found[:size]), found[size - 1].id if len(found) > size else None)

    def close(self) -> None:
        """Let go of the thread; what waits is not asked any more."""
        self._thread.close()
