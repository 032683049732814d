"""The ground under every parser: lines with their numbers, and one way to refuse them."""

from __future__ import annotations

import functools
import re
from typing import List, Tuple

import attrs

MAX_SHOWN = 80

MAX_BYTES = 1024 * 1024
"""No answer of a tool comes near this; what is longer is noise, and is refused before anybody spends time on it."""

# C0 except tab and newline, DEL, and C1: no tool prints them, so an answer that holds them is damaged or hostile.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class ParseError(Exception):
    """An answer has a form that its parser does not know.

    `line` is the number of the line where reading stopped, counted from 1; 0 means the answer as a whole.
    `expected` says what would have been understood there. `found` is the start of what stood there instead.
    """

    def __init__(self, line: int, expected: str, found: str = "") -> None:
        self.line = line
        self.expected = expected
        self.found = found[:MAX_SHOWN]
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else "the whole answer"
        seen = f", found {self.found!r}" if self.found else ""
        return f"{place}: expected {self.expected}{seen}"


@attrs.frozen
class Line:
    """One line of an answer: its number, counted from 1, and its text without trailing white space."""

    number: int
    text: str

    @property
    def words(self) -> Tuple[str, ...]:
        """The parts of the line between white space."""
        return tuple(self.text.split())

    @property
    def stripped(self) -> str:
        """The text without white space at either end."""
        return self.text.strip()

    def error(self, expected: str) -> ParseError:
        """Return the error that says what was expected in this line."""
        return ParseError(self.number, expected, self.stripped)


def lines_of(data: bytes, *, ends_in_newline: bool = True) -> List[Line]:
    """Return the non-blank lines of an answer.

    Raises `ParseError` when the answer is empty, is longer than `MAX_BYTES`, is not UTF-8, holds control characters, or
    ends inside a line.
    The vendor's tools end every answer with a newline (all recorded output of the vendor's own code does), so a
    missing one means that the answer was cut, and a cut number is a wrong number. Text that a tool passes on from a
    device verbatim may lack it: pass `ends_in_newline=False` there.
    """
    if not data.strip():
        raise ParseError(0, "an answer", "nothing at all")
    if len(data) > MAX_BYTES:
        raise ParseError(data[:MAX_BYTES].count(b"\n") + 1, f"the end of the answer within {MAX_BYTES} bytes")
    if ends_in_newline and not data.endswith(b"\n"):
        _text_of(data)
        number = data.count(b"\n") + 1
        last = data.rpartition(b"\n")[2].decode("utf-8")
        raise ParseError(number, "a newline at the end; the answer was cut off inside a line", last)
    return list(_lines(data))


# An error answer is looked for before the facts are, so that each answer is taken apart several times in a row.
@functools.lru_cache(maxsize=4)
def _lines(data: bytes) -> Tuple[Line, ...]:
    text = _text_of(data)
    if _CONTROL.search(text):
        _refuse_control_characters(text)
    lines = enumerate(text.split("\n"), start=1)
    return tuple(Line(number, line.rstrip()) for number, line in lines if line and not line.isspace())


def _text_of(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        number = data[: error.start].count(b"\n") + 1
        raise ParseError(number, "text in UTF-8", repr(data[error.start : error.start + 8])) from None


def _refuse_control_characters(text: str) -> None:
    """Raise `ParseError` for the first one; the carriage return before a newline is none."""
    for number, line in enumerate(text.split("\n"), start=1):
        bad = _CONTROL.search(line.rstrip("\r"))
        if bad:
            raise ParseError(number, "printable text", repr(line[max(0, bad.start() - 8) : bad.start() + 8]))


_INTEGER = re.compile(r"-?[0-9]{1,20}\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,10})?\Z")


def integer(text: str, line: Line, what: str) -> int:
    """Return a whole number, or raise the error that names the line and the field."""
    if not _INTEGER.match(text):
        raise line.error(f"a whole number for {what}")
    return int(text)


def decimal(text: str, line: Line, what: str) -> float:
    """Return a number with or without decimals, or raise the error that names the line and the field."""
    if not _DECIMAL.match(text):
        raise line.error(f"a number for {what}")
    return float(text)
