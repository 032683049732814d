"""A value that a tool may or may not have given."""

from __future__ import annotations

import enum
from typing import Callable, Optional, TypeVar, Union

import attrs

T = TypeVar("T")
W = TypeVar("W")


class Absence(enum.Enum):
    """Why a value is not there."""

    NOT_REPORTED = "not-reported"
    """The tool answered and left the value out, or printed `NA` or `-`."""
    NOT_SUPPORTED = "not-supported"
    """The product does not have the thing."""
    NOT_CONFIGURED = "not-configured"
    """The tool says that nobody has set it: no address, no gateway, no certificate."""
    NO_PERMISSION = "no-permission"
    """The caller may not ask."""
    NO_DEVICE = "no-device"
    """The tool does not know the device that was asked about."""
    NOT_READY = "not-ready"
    """The device is there and does not answer: booting, or dropped."""
    BUSY = "busy"
    """Somebody else drives the tool or the device."""
    TIMED_OUT = "timed-out"
    """The tool did not end before its deadline."""
    NOT_RUN = "not-run"
    """Not asked in this round, because an earlier answer made it pointless or because nobody asked for it."""
    TOOL_ABSENT = "tool-absent"
    """The program or file is not there."""
    TOOL_REFUSED = "tool-refused"
    """The doctor would not run the program: it, or a folder above it, can be changed by others."""
    TOOL_FAILED = "tool-failed"
    """The tool ran and said that it failed."""
    UNPARSED = "unparsed"
    """The answer has a form that the doctor does not know. It never guesses."""


@attrs.frozen
class Missing:
    """A value nobody gave us, and why.

    `detail` is the tool's own words or the place where reading stopped, for people; it may be empty.
    `code` is the vendor's return code where the tool printed one, such as -8005.
    """

    why: Absence
    detail: str = ""
    code: Optional[int] = None

    def __str__(self) -> str:
        return f"{self.why.value}: {self.detail}" if self.detail else self.why.value


Reading = Union[T, Missing]
"""Every field that a tool may omit is a `Reading`: never 0, `""` or `None` in place of a value."""

NOT_REPORTED = Missing(Absence.NOT_REPORTED)


def known(reading: Reading[T]) -> Optional[T]:
    """Return the value, or None when it is missing and the reason does not matter."""
    return None if isinstance(reading, Missing) else reading


def part(whole: Reading[W], pick: Callable[[W], Reading[T]]) -> Reading[T]:
    """Return a part of something that may be missing as a whole, for the same reason then."""
    return whole if isinstance(whole, Missing) else pick(whole)
