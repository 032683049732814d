"""Both halves of the agent as processes of one parent, for containers and for development. systemd does this better."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Callable, Dict, Optional, Sequence, Tuple

import attrs

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0
"""A process that has run for so long begins with the first pause again."""
STOP_S = 15.0
"""How long a process may take to end by itself after SIGTERM."""


@attrs.frozen
class Program:
    """A process to keep running. It has to end when its standard input does, so that it never outlives its parent.

    `log` is a file to which its output is added; without one it goes where that of the parent goes.
    """

    name: str
    argv: Tuple[str, ...]
    log: Optional[Path] = None


class Supervisor:
    """Starts programs, and starts again what dies, after a pause that grows. `pids` are those that run now, by name."""

    def __init__(self, programs: Sequence[Program], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._programs = tuple(programs)
        self._monotonic = monotonic
        self._pauses: Dict[str, float] = {}
        self.pids: Dict[str, int] = {}
        self.restarts = 0
        """How many times something had to be started again."""

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the programs running until told to stop; then end them, and return when they are gone.

        Raises OSError when one cannot be started at all.
        """
        keepers = [asyncio.ensure_future(self._keep(program, stop)) for program in self._programs]
        try:
            await asyncio.gather(*keepers)
        finally:
            stop.set()
            await asyncio.gather(*keepers, return_exceptions=True)

    async def _keep(self, program: Program, stop: asyncio.Event) -> None:
        while not stop.is_set():
            began = self._monotonic()
            process = await _start(program)
            self.pids[program.name] = process.pid
            code = await _until(process, stop)
            self.pids.pop(program.name, None)
            if code is None:
                return
            pause_s = self._pause(program, self._monotonic() - began)
            logger.warning("the %s %s; it is started again in %.1f s", program.name, _ended(code), pause_s)
            self.restarts += 1
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stop.wait(), pause_s)

    def _pause(self, program: Program, lived_s: float) -> float:
        """Return how long to wait: twice as long each time, until the program has run steadily."""
        pause_s = FIRST_PAUSE_S if lived_s >= STEADY_S else self._pauses.get(program.name, FIRST_PAUSE_S)
        self._pauses[program.name] = min(2 * pause_s, LONGEST_PAUSE_S)
        return pause_s


async def _start(program: Program) -> Process:
    with contextlib.ExitStack() as files:
        output = None if program.log is None else files.enter_context(program.log.open("ab"))
        return await asyncio.create_subprocess_exec(
            *program.argv, stdin=PIPE, stdout=output, stderr=output, cwd="/", start_new_session=True
        )


async def _until(process: Process, stop: asyncio.Event) -> Optional[int]:
    """Wait for the end of a process, and return its exit code; None when it was told to stop, and has."""
    ended = asyncio.ensure_future(process.wait())
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            return ended.result()
        _signal(process.terminate)
        done, _ = await asyncio.wait((ended,), timeout=STOP_S)
        if not done:
            _signal(process.kill)
            await ended
        return None
    finally:
        stopped.cancel()
        if not ended.done():
            # Cancelled: nobody will wait for it any more.
            _signal(process.kill)
            await ended


def _signal(send: Callable[[], None]) -> None:
    """Send a signal to a process, which may have ended at this very moment."""
    with contextlib.suppress(ProcessLookupError):
        send()


def _ended(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
