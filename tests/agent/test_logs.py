"""The log of a service."""

from __future__ import annotations

import io
import logging
import sys
from typing import Iterator

import pytest

from ascend_doctor.agent import logs


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def _logged(environment: dict[str, str], text: str, level: int = logging.WARNING) -> str:
    out = io.StringIO()
    logs.set_up("uplink", out, environment)
    logging.getLogger("test").log(level, "%s", text)
    return out.getvalue()


def test_a_text_from_elsewhere_stays_in_its_line():
    """A peer can neither forge a line of the log nor steer the terminal that shows it."""
    assert "ascend-doctor uplink: warning: a\\x0ab\\x1b[31m\n" == _logged({}, "a\nb\x1b[31m")


@pytest.mark.parametrize(
    ("level", "priority"), [(logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.CRITICAL, 3)]
)
def test_journald_gets_priorities(level: int, priority: int):
    """Under systemd each line begins with its priority."""
    assert f"<{priority}>text\n" == _logged({"JOURNAL_STREAM": "8:1"}, "text", level)


def test_details_are_not_logged():
    """What is below information is left out."""
    assert _logged({}, "text", logging.DEBUG) == ""


def test_an_exception_stays_in_the_line():
    """A stack trace is part of the one line of its record."""
    formatter = logs.LineFormatter("probe", journal=False)
    try:
        int("why")
    except ValueError:
        record = logging.LogRecord("test", logging.ERROR, "", 0, "text", (), sys.exc_info())
    line = formatter.format(record)
    assert "\n" not in line
    assert "ValueError: invalid literal" in line
