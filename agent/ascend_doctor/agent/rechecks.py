"""What the collector may ask of a node: to run checks that are installed here, now, and not too often."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Optional, Tuple

import attrs

from ascend_doctor.probe.files import replace
from ascend_doctor.probe.requests import MAX_REQUEST, PAUSE_S, RECHECK, RECHECK_TAKEN, REQUESTS
from ascend_doctor.wire.frames import Recheck

PATIENCE_S = 180.0
"""How long the probe may take; a round in which tools hang takes its time."""

_CHECK_ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}\Z")


@attrs.frozen
class Outcome:
    """A request that is over. `problem` says why it was not carried out, empty when it was."""

    request_id: str
    problem: str = ""


class RecheckDesk:
    """Hands requests to the probe through a file in the state directory, one at a time.

    The file holds nothing but ids of checks, and the probe ignores those that are not installed.
    """

    def __init__(self, state_dir: Path, *, accept: bool = True) -> None:
        self._folder = state_dir / REQUESTS
        self._accept = accept
        self._pending: Optional[Tuple[str, float]] = None
        self._next_at = 0.0

    def ask(self, request: Recheck, now: float) -> Optional[Outcome]:
        """Hand a request on. Returns None then, or why that is not done. `now` is a clock that never goes back."""
        problem = self._problem(now)
        if not problem:
            try:
                self._folder.mkdir(mode=0o770, exist_ok=True)
                replace(self._folder / RECHECK, _text(request.checks), 0o640)
            except OSError as error:
                problem = f"the request cannot be written to {self._folder}: {error.strerror}"
        if problem:
            return Outcome(request.request_id, problem)
        self._pending = (request.request_id, now)
        self._next_at = now + PAUSE_S
        return None

    def poll(self, now: float) -> Optional[Outcome]:
        """Return the request that is over, if there is one. What it brought has been in the spool before."""
        if self._pending is None:
            return None
        request_id, asked_at = self._pending
        if not any(os.path.lexists(self._folder / name) for name in (RECHECK, RECHECK_TAKEN)):
            self._pending = None
            return Outcome(request_id)
        if now - asked_at < PATIENCE_S:
            return None
        self._pending = None
        with contextlib.suppress(OSError):
            (self._folder / RECHECK).unlink()
        return Outcome(request_id, f"the probe has not carried it out within {PATIENCE_S:.0f} s: is it running?")

    def _problem(self, now: float) -> str:
        if not self._accept:
            return "this node takes no requests (agent.accept_rechecks is off)"
        if self._pending is not None:
            return "another request is being carried out: ask again when it is done"
        if now < self._next_at:
            return f"the last request came within {PAUSE_S:.0f} s: ask again later"
        return ""


def _text(checks: Tuple[str, ...]) -> bytes:
    """Return what the probe reads. More ids than it reads mean all of them; no good id at all must not mean all."""
    words = [check for check in checks if _CHECK_ID.match(check)]
    text = " ".join(words) if words or not checks else "none"
    return text.encode() if len(text) <= MAX_REQUEST else b""
