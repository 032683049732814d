"""Reads a section of the host facts: the doctor's own JSON, in the form that a facts class declares.

The class says everything: the names and types of its fields are the keys and forms of the JSON. A field with a default
may be absent or null. Keys that the class does not have are ignored, so that an older doctor reads a newer recording.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Mapping as AnyMapping
from typing import Any, Callable, Dict, Mapping, Type, TypeVar, Union, get_args, get_origin

import attrs

from ascend_doctor.facts.parsing import ParseError, lines_of
from ascend_doctor.facts.source import Cost, Medium, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Reading

F = TypeVar("F")

COMMAND = "host-facts"
MAX_WHOLE = 2**63

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "printable text"}


def source_of(word: str, kind: Type[F], cost: Cost = Cost.CHEAP, interval_s: float = 300.0) -> Source[F]:
    """Return the source of one section, `host/WORD`, whose answer has the form of the facts class `kind`."""
    return Source(
        name=f"host/{word}",
        scope=Scope.NODE,
        medium=Medium.HOST,
        argv=(COMMAND, word),
        parse=reader(kind),
        cost=cost,
        interval_s=interval_s,
    )


def reader(kind: Type[F]) -> Callable[[Evidence], Reading[F]]:
    """Return the parser of JSON objects in the form of an attrs class.

    Its fields may be booleans, numbers, texts, other such classes, `Tuple[T, ...]`, `Mapping[str, T]` and readings of
    them. The parser raises `ParseError` for anything else, and names the place.
    """

    def parse(evidence: Evidence) -> F:
        lines_of(evidence.stdout)
        try:
            document = json.loads(evidence.stdout, parse_constant=_finite, parse_float=_finite)
        except (ValueError, RecursionError) as error:
            raise ParseError(getattr(error, "lineno", 0), "JSON", str(error)) from None
        if document == {}:
            raise _error("an object with facts", "the answer", document)
        found: F = _object(document, kind, "the answer")
        return found

    return parse


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is no number that JSON can hold")
    return number


@functools.cache
def _fields(kind: Any) -> Mapping[str, attrs.Attribute[Any]]:
    """Return the fields of a class, with their types worked out; done late, because it takes a moment."""
    attrs.resolve_types(kind)
    return {field.name: field for field in attrs.fields(kind)}


def _object(value: Any, kind: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _error("an object", where, value)
    found: Dict[str, Any] = {}
    for name, field in _fields(kind).items():
        if value.get(name) is not None:
            found[name] = _value(value[name], field.type, f"{name!r}")
        elif field.default is attrs.NOTHING:
            raise _error(f"an object with {name!r}", where, value)
    return kind(**found)


def _value(value: Any, form: Any, where: str) -> Any:
    """Return a value in its form; a reading that is there has the form of its first alternative."""
    origin = get_origin(form)
    if origin is Union:
        return _value(value, get_args(form)[0], where)
    if origin is tuple:
        if not isinstance(value, list):
            raise _error("a list", where, value)
        return tuple(_value(item, get_args(form)[0], where) for item in value)
    if origin is AnyMapping:
        if not isinstance(value, dict):
            raise _error("an object", where, value)
        return {_plain(key, str, where): _value(item, get_args(form)[1], where) for key, item in value.items()}
    return _object(value, form, where) if attrs.has(form) else _plain(value, form, where)


def _plain(value: Any, form: Any, where: str) -> Any:
    accepted = (int, float) if form is float else (form,)
    if type(value) not in accepted:
        raise _error(_WORDS[form], where, value)
    if (isinstance(value, str) and _UNPRINTABLE.search(value)) or (type(value) is int and abs(value) >= MAX_WHOLE):
        raise _error(_WORDS[form], where, value)
    return float(value) if form is float else value


def _error(expected: str, where: str, value: Any) -> ParseError:
    return ParseError(1, f"{expected} for {where}", repr(value))
