"""Ctrl-C while a verb waits in an event loop."""

from __future__ import annotations

import asyncio
import signal
from typing import Any, Coroutine, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine like `asyncio.run`; on SIGINT cancel it, let it tidy up, and raise `KeyboardInterrupt`.

    Before Python 3.11 asyncio raises the interrupt inside whatever runs at the moment, and prints a traceback for it.
    """

    async def watched() -> T:
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, task.cancel)
        return await work

    try:
        return asyncio.run(watched())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
