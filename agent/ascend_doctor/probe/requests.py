"""What the agent may ask of the probe: a file in the state directory with ids of checks, and nothing else."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path
from typing import Callable, Optional, Tuple

from ascend_doctor.probe.files import NotAFileError, read_capped

MAX_REQUEST = 4096
PAUSE_S = 10.0
"""How long after one request the next is not looked at: nobody keeps the probe busy."""
REQUESTS = "requests"
RECHECK = "recheck"
"""A request: the ids of checks, parted by blanks; an empty one means all. It is there until the probe takes it."""
RECHECK_TAKEN = "recheck.taken"
"""The request that is being carried out. It is there until the results are in the spool."""


class Requests:
    """The probe's end of the folder of requests."""

    def __init__(self, state_dir: Path, monotonic: Callable[[], float]) -> None:
        self._folder = state_dir / REQUESTS
        self._monotonic = monotonic
        self._next_at = -math.inf

    def is_waiting(self) -> bool:
        """Tell whether there is a request to be taken now."""
        # Not `Path.exists`: it raises where the folder may not be entered.
        return self._monotonic() >= self._next_at and os.path.lexists(self._folder / RECHECK)

    def take(self) -> Optional[Tuple[str, ...]]:
        """Return the words of the request, none for all checks; None when there is no request that can be taken."""
        if not self.is_waiting():
            return None
        # One that cannot be taken is tried again after the pause too.
        self._next_at = self._monotonic() + PAUSE_S
        try:
            data, _ = read_capped(self._folder / RECHECK, MAX_REQUEST)
            (self._folder / RECHECK).replace(self._folder / RECHECK_TAKEN)
        except (OSError, NotAFileError):
            return None
        return tuple(data.decode("ascii", "replace").split())

    def answered(self) -> None:
        """Tell the agent that what it asked for is in the spool."""
        with contextlib.suppress(OSError):
            (self._folder / RECHECK_TAKEN).unlink()
