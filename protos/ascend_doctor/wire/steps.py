"""What an examination found out, step by step."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Iterable, Optional

import attrs

from ascend_doctor.wire.certificates import EXPIRES_SOON_S, Validity
from ascend_doctor.wire.credentials import ClosedFileError, CredentialError

_DAY_S = 86400.0


class State(enum.Enum):
    """How one step came out."""

    FINE = "fine"
    WARNING = "warning"
    """Works, and will not for long."""
    UNKNOWN = "unknown"
    """Could not be looked at."""
    WRONG = "wrong"


@attrs.frozen
class Step:
    """One step: what was looked at, how it came out, what was found, and what to do about it (empty when nothing)."""

    what: str
    state: State
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.text}; {self.remedy}" if self.remedy else self.text


def fine(what: str, text: str) -> Step:
    """Return a step that found nothing wrong."""
    return Step(what, State.FINE, text)


def wrong(what: str, text: str, remedy: str) -> Step:
    """Return a step that found what is wrong."""
    return Step(what, State.WRONG, text, remedy)


def unusable(what: str, error: CredentialError) -> Step:
    """Return the step that says why files cannot be used; unknown where this user merely may not read them."""
    text, _, remedy = str(error).partition("; ")
    return Step(what, State.UNKNOWN if isinstance(error, ClosedFileError) else State.WRONG, text, remedy)


def dates(what: str, whose: str, validity: Validity, now: float, remedy: str) -> Step:
    """Compare the dates of a certificate with this machine's clock; `remedy` is what helps when it ends."""
    clock = f"this machine's clock says {_when(now)}"
    if now < validity.not_before:
        text = f"{whose} is not valid yet, only from {_when(validity.not_before)} on, and {clock}"
        return wrong(what, text, "compare the clocks of both machines, and of the one that issued it")
    if now >= validity.not_after:
        text = f"{whose} has expired on {_when(validity.not_after)}, and {clock}"
        return wrong(what, text, f"{remedy}, or set this machine's clock")
    days = int((validity.not_after - now) / _DAY_S)
    text = f"{whose} holds until {_when(validity.not_after)}, {days} more days"
    if validity.not_after - now < EXPIRES_SOON_S:
        return Step(what, State.WARNING, text, f"{remedy} before then")
    return fine(what, text)


def worst(steps: Iterable[Step]) -> State:
    """Return the worst state of all; what is wrong weighs more than what is unknown."""
    order = list(State)
    return max((step.state for step in steps), key=order.index, default=State.UNKNOWN)


def first_wrong(steps: Iterable[Step]) -> Optional[Step]:
    """Return the first step that found something wrong, and take no step after it."""
    return next((step for step in steps if step.state is State.WRONG), None)


def _when(seconds: float) -> str:
    return f"{dt.datetime.fromtimestamp(seconds, dt.timezone.utc):%Y-%m-%d %H:%M} UTC"
