"""Single fields of messages, both ways.

Writing cuts to the limits and never fails. Reading refuses with `WireError` what no honest peer sends.
"""

from __future__ import annotations

import enum
import math
from typing import Callable, Generic, Iterable, List, Optional, Sequence, Tuple, Type, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from ascend_doctor.wire import limits

E = TypeVar("E", bound=enum.Enum)
N = TypeVar("N", bound=int)
M = TypeVar("M")
T = TypeVar("T")

_NANO = 1_000_000_000
_END_OF_TIME_S = 253_402_214_400
"""A day before the year 10000, where a Timestamp ends: no time zone takes a time beyond the calendar."""


class WireError(ValueError):
    """A message that is refused: `place` names the field, as in `state.findings[3].key`, `what` what is wrong."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}" if place else what)
        self.place = place
        self.what = what

    def within(self, outer: str) -> WireError:
        """Return the same error seen from one level further out."""
        return WireError(f"{outer}.{self.place}" if self.place else outer, self.what)


class Words(Generic[E, N]):
    """The members of an enum of the model and their numbers on the wire, paired by name."""

    def __init__(self, kind: Type[E], numbers: Sequence[Tuple[str, N]], prefix: str, otherwise: E) -> None:
        """`otherwise` is what a number means that this program does not know; never a good word."""
        by_name = dict(numbers)
        self._numbers = {member: by_name[f"{prefix}_{member.name}"] for member in kind}
        self._members = {number: member for member, number in self._numbers.items()}
        self._otherwise = otherwise

    def number(self, member: E) -> N:
        """Return the number of a member."""
        return self._numbers[member]

    def member(self, number: N) -> E:
        """Return the member of a number, the cautious one when the number is not known."""
        return self._members.get(number, self._otherwise)

    def members(self, numbers: Iterable[N]) -> Tuple[E, ...]:
        """Return the members of numbers in their order."""
        return tuple([self._members.get(number, self._otherwise) for number in numbers])

    def knows(self, number: N) -> bool:
        """Whether the number stands for a member."""
        return number in self._members


def cut(text: str, length: int = limits.MAX_TEXT_LENGTH) -> str:
    """Return the text as it may be sent: cut to the length, with `?` for what UTF-8 cannot say."""
    return text[:length].encode("utf-8", "replace").decode("utf-8")


def cut_all(texts: Sequence[str], count: int, length: int = limits.MAX_TEXT_LENGTH) -> List[str]:
    """Return so many of the texts, each as it may be sent."""
    return [cut(text, length) for text in texts[:count]]


def spell(name: str, length: int = limits.MAX_NAME_LENGTH) -> str:
    """Return the name as it may be sent: without control characters, cut to the length."""
    cleaned = name if name.isprintable() else "".join(char if char.isprintable() else "?" for char in name)
    return cleaned[:length]


def text(place: str, value: str, length: int = limits.MAX_TEXT_LENGTH) -> str:
    """Read a text for people. It may hold any character: those who show it make it harmless."""
    if len(value) > length:
        raise WireError(place, f"{len(value)} characters, {length} are allowed")
    return value


def texts(place: str, values: Sequence[str], count: int, length: int = limits.MAX_TEXT_LENGTH) -> Tuple[str, ...]:
    """Read a list of texts."""
    found = tuple(values)
    if len(found) <= count and max(map(len, found), default=0) <= length:
        return found
    return each(place, found, count, lambda value: text("", value, length))


def name(place: str, value: str, length: int = limits.MAX_NAME_LENGTH, *, empty: bool = False) -> str:
    """Read a name, which holds no control characters and is empty only where `empty` allows it."""
    if not value.isprintable():
        raise WireError(place, "holds control characters")
    if not (value or empty):
        raise WireError(place, "is empty")
    return value if len(value) <= length else text(place, value, length)


def names(place: str, values: Sequence[str], count: int, length: int = limits.MAX_NAME_LENGTH) -> Tuple[str, ...]:
    """Read a list of names, none of them empty."""
    found = tuple(values)
    if (
        len(found) <= count
        and all(found)
        and "".join(found).isprintable()
        and max(map(len, found), default=0) <= length
    ):
        return found
    return each(place, found, count, lambda value: name("", value, length))


def key(place: str, value: str) -> str:
    """Read the key of a finding or of evidence."""
    return name(place, value, limits.MAX_KEY_LENGTH)


def subject_key(place: str, value: str) -> str:
    """Read the key of a subject, `kind:node:name`."""
    if value.count(":") < 2:
        raise WireError(place, "is no key of a subject")
    return key(place, value)


def capabilities(place: str, values: Sequence[str]) -> Tuple[str, ...]:
    """Read what a peer says it can do."""
    return names(place, values, limits.MAX_CAPABILITY_COUNT)


def count(place: str, value: int, low: int = 0, high: int = (1 << 63) - 1) -> int:
    """Read a number within bounds."""
    if not low <= value <= high:
        raise WireError(place, f"{value} is not within {low} and {high}")
    return value


def each(place: str, items: Sequence[M], most: int, read: Callable[[M], T]) -> Tuple[T, ...]:
    """Read a list; an error in it tells the index."""
    if not items:
        return ()
    if len(items) > most:
        raise WireError(place, f"{len(items)} entries, {most} are allowed")
    found: List[T] = []
    try:
        for item in items:
            found.append(read(item))  # noqa: PERF401 - the index of an error is the number of those before it
    except WireError as error:
        raise error.within(f"{place}[{len(found)}]") from None
    return tuple(found)


def timestamp(time: Optional[float]) -> Optional[Timestamp]:
    """Return a time of the model as it may be sent, None for one that is not known (0, or no time at all)."""
    if not time or not 0 < time < _END_OF_TIME_S:
        return None
    return Timestamp(seconds=math.floor(time), nanos=_nanos(time))


def time(place: str, value: Timestamp) -> float:
    """Read a time; one that was not sent reads 0.0."""
    return _seconds(place, value.seconds, value.nanos, _END_OF_TIME_S)


def duration(span_s: Optional[float]) -> Optional[Duration]:
    """Return a span of time as it may be sent, None for none."""
    if span_s is None or not 0 <= span_s < math.inf:
        return None
    longest = min(span_s, limits.MAX_SPAN_S)
    return Duration(seconds=math.floor(longest), nanos=_nanos(longest))


def span(place: str, value: Duration) -> float:
    """Read a span of time; one that was not sent reads 0.0."""
    return _seconds(place, value.seconds, value.nanos, limits.MAX_SPAN_S + 1)


def _nanos(time: float) -> int:
    return min(round((time - math.floor(time)) * _NANO), _NANO - 1)


def _seconds(place: str, seconds: int, nanos: int, end: float) -> float:
    if not (0 <= seconds < end and 0 <= nanos < _NANO):
        raise WireError(place, "is negative or too far away")
    return (seconds * _NANO + nanos) / _NANO
