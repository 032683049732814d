"""Strings that came from a tool, a host or a peer, made fit for a terminal."""

from __future__ import annotations

import datetime as dt
from typing import Optional

_SPACES = frozenset("\t\u00a0\u3000")
MAX_LENGTH = 1000


def printable(text: str, limit: int = MAX_LENGTH) -> str:
    r"""Return the text with every character that could steer a terminal shown as an escape (`\x1b`), and bounded.

    That covers C0 and C1 controls, line breaks, the marks that turn the direction of writing, invisible characters
    and halves of surrogate pairs. Tabs and wide spaces become one space.
    """
    shown = text[:limit]
    if not shown.isprintable():
        shown = "".join(_shown(letter) for letter in shown)
    return shown if len(text) <= limit else shown + "..."


def _shown(letter: str) -> str:
    if letter in _SPACES:
        return " "
    if letter.isprintable():
        return letter
    number = ord(letter)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def moment_of(seconds: float) -> Optional[dt.datetime]:
    """Return a time, given in seconds since the epoch, in UTC; None for one that no calendar holds."""
    try:
        return dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    except (OverflowError, ValueError, OSError):
        return None


def utc(seconds: float) -> str:
    """Return a time, given in seconds since the epoch, in UTC for people; as a number when no calendar holds it."""
    moment = moment_of(seconds)
    return f"{seconds} s" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def span(seconds: float) -> str:
    """Return a duration in the largest unit that leaves a small number: `40 s`, `12 min`, `5 h`, `3 days`."""
    for unit, size in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
