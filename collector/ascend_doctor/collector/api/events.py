"""What there is and every change of it, as server-sent events."""

from __future__ import annotations

import asyncio
from typing import FrozenSet, Iterator, Optional

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ascend_doctor.collector.api import documents
from ascend_doctor.collector.watching import Door, Watcher, Watchers

EVENTS = "text/event-stream"
ALIVE_S = 15.0
"""So often a reader of events hears that the connection is alive, when there is nothing else."""
RETRY_MS = 3_000


class EventStream(Response):
    """The events for one who watches, until either side ends it."""

    media_type = EVENTS

    def __init__(self, watchers: Watchers, nodes: FrozenSet[str], checks: FrozenSet[str]) -> None:
        self._watchers = watchers
        self._wish = (nodes, checks)
        self.status_code = 200
        self.init_headers({"Cache-Control": "no-store"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI has it
        """Send them. Raises `TooManyError` and `BusyError` before anything is sent."""
        with self._watchers.watch(Door.HTTP, *self._wish) as watcher:
            first = await _texts_of_next(watcher)
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            work = [asyncio.ensure_future(_gone(receive)), asyncio.ensure_future(_tell(watcher, first, send))]
            try:
                await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for item in work:
                    item.cancel()
                await asyncio.gather(*work, return_exceptions=True)


async def _texts_of_next(watcher: Watcher) -> Optional[Iterator[str]]:
    change = await watcher.next()
    return None if change is None else documents.change_texts(change)


async def _tell(watcher: Watcher, first: Optional[Iterator[str]], send: Send) -> None:
    await _say(send, f"retry: {RETRY_MS}\n\n")
    texts = first
    while texts is not None:
        for text in texts:
            await _say(send, f"event: change\ndata: {text}\n\n")
            await asyncio.sleep(0)  # let the streams of the nodes have their turn
        following = asyncio.ensure_future(_texts_of_next(watcher))
        try:
            while not (await asyncio.wait((following,), timeout=ALIVE_S))[0]:
                await _say(send, ": alive\n\n")
            texts = following.result()
        finally:
            following.cancel()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _say(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _gone(receive: Receive) -> None:
    """Wait until the reader is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
