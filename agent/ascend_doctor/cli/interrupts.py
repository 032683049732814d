"""Ctrl-C, or another signal to end, while a verb waits in an event loop."""

from __future__ import annotations

import asyncio
import signal
from typing import Any, Coroutine, Iterable, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T], signals: Iterable[int] = (signal.SIGINT,)) -> T:
    """Run a coroutine like `asyncio.run`; on a signal cancel it, let it tidy up, and raise `KeyboardInterrupt`.

    Before Python 3.11 asyncio raises the interrupt inside whatever runs at the moment, and prints a traceback for it.
    """

    async def watched() -> T:
        task = asyncio.ensure_future(work)
        for number in signals:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await task

    try:
        return asyncio.run(watched())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
