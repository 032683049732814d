"""Forms: how values are written as JSON-able documents and read back, and how they are put together.

Encoding never fails. Decoding trusts nobody: for what does not have its form it raises `CodecError` with the path of
the value.
"""

from __future__ import annotations

import enum
import math
from typing import Any, Callable, Dict, FrozenSet, Generic, List, Mapping, Optional, Tuple, Type, TypeVar

import attrs

Document = Dict[str, Any]
T = TypeVar("T")
E = TypeVar("E", bound=enum.Enum)


class CodecError(ValueError):
    """A document that does not hold what it should: `path` says where, `what` says what is wrong there."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"{path}: {what}" if path else what)
        self.path = path
        self.what = what

    def within(self, outer: str) -> CodecError:
        """Return the same error seen from one level further out."""
        glue = "" if not self.path or self.path.startswith("[") else "."
        return CodecError(f"{outer}{glue}{self.path}", self.what)


@attrs.frozen
class Form(Generic[T]):
    """How one type is written and read. `decode` raises `CodecError`."""

    encode: Callable[[T], Any]
    decode: Callable[[Any], T]


def expected(what: str, value: object) -> CodecError:
    """Return the error that something else stands where `what` should."""
    shown = repr(value)
    return CodecError("", f"expected {what}, found {shown if len(shown) <= 60 else shown[:57] + '...'}")


def as_is(value: T) -> T:
    """Return the value: how a type is written that JSON has itself."""
    return value


def plain(form: Type[T], what: str) -> Form[T]:
    """Return the form of a type that JSON has itself. `type`, not `isinstance`: true is no number."""

    def decode(value: object) -> T:
        if type(value) is not form:
            raise expected(what, value)
        return value

    return Form(as_is, decode)


def _number(value: object) -> float:
    try:
        if type(value) in (int, float) and math.isfinite(value):  # type: ignore[arg-type]
            return float(value)  # type: ignore[arg-type]
    except OverflowError:  # a whole number with some hundred digits
        pass
    raise expected("a finite number", value)


def choice(words: Type[E]) -> Form[E]:
    """Return the form of an enumeration: the word of each member."""
    members = {member.value: member for member in words}

    def decode(value: object) -> E:
        if not isinstance(value, str) or value not in members:
            raise expected(f"one of {', '.join(members)}", value)
        return members[value]

    return Form(lambda member: member.value, decode)


def optional(form: Form[T]) -> Form[Optional[T]]:
    """Return the form of a value that may be None."""
    return Form(
        lambda value: None if value is None else form.encode(value),
        lambda value: None if value is None else form.decode(value),
    )


def tuple_of(form: Form[T]) -> Form[Tuple[T, ...]]:
    """Return the form of a tuple: a list."""

    def decode(value: object) -> Tuple[T, ...]:
        if not isinstance(value, list):
            raise expected("a list", value)
        found: List[T] = []
        for index, item in enumerate(value):
            try:
                found.append(form.decode(item))
            except CodecError as error:  # noqa: PERF203 - the place is told in the error
                raise error.within(f"[{index}]") from None
        return tuple(found)

    return Form(lambda items: [form.encode(item) for item in items], decode)


def set_of(form: Form[str]) -> Form[FrozenSet[str]]:
    """Return the form of a set of texts: a sorted list."""
    items = tuple_of(form)
    return Form(sorted, lambda value: frozenset(items.decode(value)))


def mapping_of(form: Form[T]) -> Form[Mapping[str, T]]:
    """Return the form of a mapping by texts: an object."""

    def decode(value: object) -> Mapping[str, T]:
        found: Dict[str, T] = {}
        for key, item in an_object(value).items():
            try:
                found[key] = form.decode(item)
            except CodecError as error:  # noqa: PERF203 - the place is told in the error
                raise error.within(f"[{key!r}]") from None
        return found

    return Form(lambda items: {key: form.encode(item) for key, item in items.items()}, decode)


def an_object(value: object) -> Document:
    """Return a value that is an object; raises `CodecError` for any other."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise expected("an object", value)
    return value


def record(kind: Type[T], /, **forms: Form[Any]) -> Form[T]:
    """Return the form of an attrs class; the forms stand in the order of its fields. An unknown key is an error."""
    required = [field.name for field in attrs.fields(kind) if field.default is attrs.NOTHING]  # type: ignore[arg-type]

    def encode(value: T) -> Document:
        return {name: form.encode(getattr(value, name)) for name, form in forms.items()}

    def decode(value: object) -> T:
        document = an_object(value)
        for name in required:
            if name not in document:
                raise CodecError(name, "is missing")
        values: Document = {}
        for name, item in document.items():
            if name not in forms:
                raise CodecError(name, "is not a known key")
            try:
                values[name] = forms[name].decode(item)
            except CodecError as error:
                raise error.within(name) from None
        return kind(**values)

    return Form(encode, decode)


TEXT: Form[str] = plain(str, "text")
INTEGER: Form[int] = plain(int, "an integer")
FLAG: Form[bool] = plain(bool, "true or false")
NUMBER: Form[float] = Form(as_is, _number)
