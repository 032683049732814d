"""The log of a service: lines on standard error, with a priority that journald understands where it listens."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any, Mapping

from ascend_doctor.report.printable import printable

MAX_LINE_LENGTH = 2_000

_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))


class LineFormatter(logging.Formatter):
    """One line for each record: no text of a tool or a peer can begin a line of its own or reach the terminal."""

    def __init__(self, service: str, *, journal: bool) -> None:
        super().__init__()
        self._service = service
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            text = f"{text} ({self.formatException(record.exc_info)})"
        line = printable(text)[:MAX_LINE_LENGTH]
        if self._journal:
            priority = next((number for level, number in _PRIORITIES if record.levelno >= level), 7)
            return f"<{priority}>{line}"
        return f"ascend-doctor {self._service}: {record.levelname.lower()}: {line}"


def set_up(service: str, stream: Any = None, environment: Mapping[str, str] = os.environ) -> None:
    """Send the log of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(LineFormatter(service, journal="JOURNAL_STREAM" in environment))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
