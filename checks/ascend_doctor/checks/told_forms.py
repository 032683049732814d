"""Forms of what nodes tell their cluster: sparse, bounded, and open to newer and older nodes.

A value that is the default of its field is left out. Encoding cuts what is too long; decoding refuses it, so that no
node can make the collector hold more than an honest one would. Decoding passes over keys that it does not know, which a
newer node may add, and words that it does not know become `Missing`.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any, Tuple, Type, TypeVar

import attrs

from ascend_doctor.model.evidence import Ending, Quote
from ascend_doctor.model.forms import INTEGER, TEXT, CodecError, Document, Form, choice, expected, optional
from ascend_doctor.model.forms import tuple_of as any_tuple_of
from ascend_doctor.model.reading import Absence, Missing, Reading

T = TypeVar("T")

MAX_BYTES = 256 * 1024
"""The facts, or the quotes, of one topic of one node."""
MAX_NUMBER = 1 << 53
MAX_DETAIL = 120
"""The words of a reason; the node's own findings have them whole."""
MAX_LINES = 2
MAX_LINE = 300

UNTOLD = Missing(Absence.NOT_RUN, "the node does not tell it; its agent may be older than this program")
"""What an older node does not know to tell."""

_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
"""No text: nothing could write it."""


def text(most: int) -> Form[str]:
    """Return the form of a text of at most so many characters."""

    def decode(value: object) -> str:
        found = TEXT.decode(value)
        if len(found) > most:
            raise expected(f"at most {most} characters", found)
        if not found.isascii() and _HALF_A_PAIR.search(found):
            raise expected("text", found)
        return sys.intern(found)  # the ports of a fleet share gateways, netmasks and neighbours

    return Form(lambda value: value[:most], decode)


def whole_number() -> Form[int]:
    """Return the form of a whole number, which may be negative. One that is too large is cut to the limit."""

    def decode(value: object) -> int:
        found = INTEGER.decode(value)
        if abs(found) > MAX_NUMBER:
            raise CodecError("", "a number that is too large")
        return found

    return Form(lambda value: max(-MAX_NUMBER, min(MAX_NUMBER, value)), decode)


def tuple_of(form: Form[T], most: int) -> Form[Tuple[T, ...]]:
    """Return the form of a tuple of at most so many items."""
    items = any_tuple_of(form)

    def decode(value: object) -> Tuple[T, ...]:
        if isinstance(value, list) and len(value) > most:
            raise CodecError("", f"{len(value)} items, {most} are allowed")
        return items.decode(value)

    return Form(lambda value: items.encode(value[:most]), decode)


def record(kind: Type[T], /, **forms: Form[Any]) -> Form[T]:
    """Return the form of an attrs class, or of a part of its fields; the others keep their defaults."""
    defaults = {field.name: field.default for field in attrs.fields(kind)}  # type: ignore[arg-type]
    required = [name for name in forms if defaults[name] is attrs.NOTHING]

    def encode(value: T) -> Document:
        found = ((name, getattr(value, name)) for name in forms)
        return {name: forms[name].encode(item) for name, item in found if item != defaults[name]}

    def decode(value: object) -> T:
        if not isinstance(value, dict):
            raise expected("an object", value)
        for name in required:
            if name not in value:
                raise CodecError(name, "is missing")
        values: Document = {}
        for name, item in value.items():
            form = forms.get(name)
            if form is None:
                continue
            try:
                values[name] = form.decode(item)
            except CodecError as error:
                raise error.within(name) from None
        return kind(**values)

    return Form(encode, decode)


_REASONS = {reason.value: reason for reason in Absence}
_WORD = text(40)
MISSING = record(
    Missing,
    why=Form(lambda why: why.value, lambda word: _REASONS.get(_WORD.decode(word), Absence.NOT_REPORTED)),
    detail=text(MAX_DETAIL),
    code=optional(whole_number()),
)


def reading(form: Form[T]) -> Form[Reading[T]]:
    """Return the form of a value that may be missing. Its own form must not have a key `why`."""

    def encode(value: Reading[T]) -> Any:
        return MISSING.encode(value) if isinstance(value, Missing) else form.encode(value)

    def decode(value: object) -> Reading[T]:
        return MISSING.decode(value) if isinstance(value, dict) and "why" in value else form.decode(value)

    return Form(encode, decode)


QUOTE = record(
    Quote,
    key=text(200),
    digest=text(64),
    command=text(500),
    lines=tuple_of(text(MAX_LINE), MAX_LINES),
    stream=text(16),
    ending=choice(Ending),
    exit_code=optional(whole_number()),
)


def write(document: Document) -> bytes:
    """Return the canonical bytes of a document: the same for the same content, on every Python."""
    words = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return words.encode("utf-8", "replace")  # half a surrogate pair, out of the name of a file, cannot be written


def read(data: bytes) -> object:
    """Return the document that the bytes hold. Raises `CodecError`."""
    if len(data) > MAX_BYTES:
        raise CodecError("", f"{len(data)} bytes, {MAX_BYTES} are allowed")
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise CodecError("", "is no document") from None


def _no_constant(word: str) -> None:
    raise ValueError(word)
