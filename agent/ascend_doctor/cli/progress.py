"""A line on standard error that says what is going on, for those who wait at a terminal."""

from __future__ import annotations

import time
from typing import Any, Callable

import attrs

from ascend_doctor.report.printable import printable

PATIENCE_S = 2.0
"""What takes less needs no progress."""
_EVERY_S = 0.1
_ERASE = "\r\x1b[K"


@attrs.define
class ProgressLine:
    """Writes `stream` over and over in one line, once the work takes longer than a moment; nothing off a terminal."""

    stream: Any
    width: int = 79
    clock: Callable[[], float] = time.monotonic
    _shown_at: float = attrs.field(init=False, default=0.0)
    _is_shown: bool = attrs.field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        self._shown_at = self.clock() + PATIENCE_S - _EVERY_S

    def update(self, done: int, total: int, what: str) -> None:
        """Tell that `done` of `total` steps are over and what comes now."""
        now = self.clock()
        if now - self._shown_at < _EVERY_S or not self.stream.isatty():
            return
        self._shown_at = now
        self._is_shown = True
        self.stream.write(_ERASE + f"{done} of {total}: {printable(what)}"[: self.width])
        self.stream.flush()

    def clear(self) -> None:
        """Take the line away, if there is one."""
        if self._is_shown:
            self.stream.write(_ERASE)
            self.stream.flush()
            self._is_shown = False
