"""A clock to drop things by: nothing may go because somebody set the clock of the machine."""

from __future__ import annotations

import logging
import time
from typing import Callable

log = logging.getLogger(__name__)

TOLD_JUMP_S = 600.0


class SteadyClock:
    """The time as the wall clock tells it, but one that is set ahead is not followed before the next start.

    One that is set back is: what is dropped by it is only dropped later. `elapsed` is in seconds and never set.
    """

    def __init__(self, wall: Callable[[], float] = time.time, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._ahead_s = wall() - elapsed()
        self._is_told = False

    def now(self) -> float:
        """Return the time in epoch seconds."""
        elapsed, wall = self._elapsed(), self._wall()
        self._ahead_s = min(self._ahead_s, wall - elapsed)
        jump_s = wall - elapsed - self._ahead_s
        if jump_s > TOLD_JUMP_S and not self._is_told:
            log.warning(
                "the clock of this machine has jumped ahead by %.0f s; history is not dropped for that."
                " Set the clock right; if it is, start the collector again",
                jump_s,
            )
        self._is_told = jump_s > TOLD_JUMP_S
        return wall - jump_s
