"""YAML that people write, read strictly: every mistake is named with its line, its column and the remedy.

Used for configuration, scenarios, recordings and data files. It is stricter than YAML itself:

- no duplicate keys, no anchors and aliases, no tags, one document in a text, size and depth bounded;
- plain words are what they look like: `true` and `false` are booleans, `null`, `~` and nothing at all are null, decimal
  numbers are numbers, everything else is text. YAML 1.1 would make `no` false, `010` eight and `2025-01-01` a date, and
  the switch port `1:20` the number 80;
- keys are text or whole numbers.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
    Union,
    get_args,
)

import attrs
import yaml

if TYPE_CHECKING:
    from pydantic import BaseModel

Model = TypeVar("Model", bound="BaseModel")
Key = Union[str, int]
Keys = Tuple[Key, ...]
Place = Tuple[int, int]

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 32
MAX_NUMBER_LENGTH = 40
MAX_MESSAGE_LENGTH = 500

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_WORDS: Mapping[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?\Z")


class DocumentError(Exception):
    """A mistake in a document: where it is, and what to write instead.

    `name` is the document as the user knows it, usually its path. `line` and `column` count from 1; both are 0 when the
    mistake has no place, as with a file that cannot be read. `further` holds the other mistakes found in the same go.
    `str()` gives one line for the first mistake.
    """

    def __init__(self, name: str, line: int, column: int, message: str, further: Sequence[DocumentError] = ()) -> None:
        name, message = _one_line(name), _one_line(message)
        super().__init__(name, line, column, message)
        self.name = name
        self.line = line
        self.column = column
        self.message = message
        self.further = tuple(further)

    def __str__(self) -> str:
        place = f"{self.name}:{self.line}:{self.column}" if self.line else self.name
        return f"{place}: {self.message}"

    @property
    def all(self) -> Tuple[DocumentError, ...]:
        """This mistake and the further ones, in the order of the text."""
        return (self, *self.further)


@attrs.frozen
class Document:
    """A document and where each part of it stands.

    `value` is plain: dict, list, str, int, float, bool, None. `places` has the position of each value by its path of
    keys and indices, `key_places` that of each key.
    """

    name: str
    value: Any
    places: Mapping[Keys, Place]
    key_places: Mapping[Keys, Place]

    def position(self, path: Sequence[Key] = ()) -> Place:
        """Return line and column of the value at a path, or of the closest part around it that is there."""
        return self.places[self._known(path)]

    def key_position(self, path: Sequence[Key]) -> Place:
        """Return line and column of the key at a path; of the value where it has none, as in a list."""
        found = self._known(path)
        return self.key_places.get(found, self.places[found])

    def error(self, path: Sequence[Key], message: str) -> DocumentError:
        """Return an error about the value at a path, for the caller to raise."""
        line, column = self.position(path)
        return DocumentError(self.name, line, column, message)

    def _known(self, path: Sequence[Key]) -> Keys:
        """Follow a path as far as the document goes; words that are no keys here (a variant's name) are passed over."""
        found: Keys = ()
        for key in path:
            if (*found, key) in self.places:
                found = (*found, key)
        return found


def read(path: Path, max_bytes: int = MAX_BYTES) -> Document:
    """Load a file. Raises `DocumentError`, also when the file cannot be read or is not UTF-8."""
    name = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DocumentError(name, 0, 0, f"cannot be read: {reason}") from None
    if len(data) > max_bytes:
        raise DocumentError(name, 0, 0, f"is longer than {max_bytes} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        raise DocumentError(name, line, column, "is not UTF-8 here: save the file as UTF-8") from None
    return load(text, name, max_bytes)


def load(text: str, name: str, max_bytes: int = MAX_BYTES) -> Document:
    """Load a text. `name` is what messages call it. Raises `DocumentError` for the first mistake."""
    text = text[text.startswith("\ufeff") :]
    if len(text) > max_bytes:
        raise DocumentError(name, 0, 0, f"is longer than {max_bytes} bytes")
    bad = _UNPRINTABLE.search(text)
    if bad is not None:
        line, column = _place_in(text, bad.start())
        raise DocumentError(
            name, line, column, f"a character U+{ord(bad.group()):04X} that cannot be printed: remove it"
        )
    try:
        return _Reader(name, text).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        words = " ".join(part for part in (error.context, error.problem) if part)
        raise DocumentError(name, line, column, _ADVICE.get(error.problem, f"this is not YAML: {words}")) from None


_STRAY_CHARACTER = (
    "this is not YAML: indent with spaces, not tabs, and put quotes around a text that begins with @, ` or %"
)
_STRAY_COLON = "a `:` where none can be: check the indentation, or put quotes around the text"
_ADVICE: Mapping[Optional[str], str] = {
    "found character that cannot start any token": _STRAY_CHARACTER,
    "mapping values are not allowed in this context": _STRAY_COLON,
    "mapping values are not allowed here": _STRAY_COLON,
    "could not find expected ':'": "a `:` is missing after the key",
}


def _one_line(text: str) -> str:
    """Make a text fit for one line of a terminal: what a hostile document holds must not steer it."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:MAX_MESSAGE_LENGTH])


def _place_in(text: str, offset: int) -> Place:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


class _Reader:
    """Builds plain values and their places from the events of the YAML scanner."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._events: Iterator[Any] = yaml.parse(text, _LOADER)
        self._places: Dict[Keys, Place] = {}
        self._key_places: Dict[Keys, Place] = {}

    def document(self) -> Document:
        next(self._events)
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return Document(self._name, None, {(): (1, 1)}, {})
        value = self._value(next(self._events), ())
        next(self._events)
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise self._error(event, "a second document begins here: keep one in a file")
        return Document(self._name, value, self._places, self._key_places)

    def _value(self, event: Any, path: Keys) -> Any:
        self._check(event)
        self._places[path] = _place(event)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if len(path) >= MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels")
        return self._list(path) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(path)

    def _list(self, path: Keys) -> List[Any]:
        items: List[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Keys) -> Dict[Key, Any]:
        found: Dict[Key, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            inner = (*path, key)
            if key in found:
                first = self._key_places[inner][0]
                raise self._error(event, f"the key `{key}` is here a second time (first in line {first}): keep one")
            self._key_places[inner] = _place(event)
            found[key] = self._value(next(self._events), inner)
        return found

    def _key(self, event: Any) -> Key:
        self._check(event)
        if isinstance(event, yaml.ScalarEvent):
            key = self._scalar(event)
            if isinstance(key, str) or type(key) is int:
                return key
        raise self._error(event, "a key must be a text or a whole number: put quotes around it")

    def _check(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise self._error(
                event, "anchors and aliases (& and *) are not used: write the value out, or quote the text"
            )
        if event.tag is not None and not (event.tag == "!" and isinstance(event, yaml.ScalarEvent)):
            raise self._error(event, f"the tag {event.tag} is not used: remove it, or quote the text")

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.style or event.tag == "!":
            return text
        if text in _WORDS:
            return _WORDS[text]
        if len(text) <= MAX_NUMBER_LENGTH:
            if _INT.match(text):
                return int(text)
            if _FLOAT.match(text):
                number = float(text)
                if number in (float("inf"), float("-inf")):
                    raise self._error(event, f"the number {text} is too large")
                return number
        return text

    def _error(self, event: Any, message: str) -> DocumentError:
        line, column = _place(event)
        return DocumentError(self._name, line, column, message)


def _place(event: Any) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1


def validate(document: Document, model: Type[Model]) -> Model:
    """Return the document as a pydantic model. Raises `DocumentError` with every mistake at its place.

    Give the model `extra="forbid"`: an unknown key is then answered with the known one that looks most like it.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - readers of plain documents need not pay for it

    try:
        return model.model_validate(document.value)
    except ValidationError as failure:
        mistakes = [_mistake(document, model, dict(item)) for item in failure.errors(include_url=False)]
    mistakes = list({(item.line, item.column, item.message): item for item in mistakes}.values())
    first, *further = sorted(mistakes, key=lambda item: (item.line, item.column))
    raise DocumentError(first.name, first.line, first.column, first.message, further)


_OF_A_KEY = "[key]"
"""What pydantic puts behind the path of a mapping's key when the key itself is wrong."""


def _mistake(document: Document, model: Type[BaseModel], item: Mapping[str, Any]) -> DocumentError:
    path: Keys = item["loc"]
    kind: str = item["type"]
    name = dotted(path)
    if kind == "extra_forbidden":
        line, column = document.key_position(path)
        return DocumentError(document.name, line, column, unknown_key(str(path[-1]), _fields_at(model, path[:-1])))
    if path[-1:] == (_OF_A_KEY,):
        line, column = document.key_position(path[:-1])
        return DocumentError(document.name, line, column, unknown_key(str(path[-2]), _keys_at(model, path[:-2])))
    line, column = document.position(path)
    if kind == "missing":
        return DocumentError(document.name, line, column, f"`{name}` is missing: add it")
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        what = "nothing" if item["input"] is None else "a list" if isinstance(item["input"], list) else "a single value"
        message = f"needs keys with values (`key: value`) here, and found {what}"
        return DocumentError(document.name, line, column, f"`{name}` {message}" if name else f"the document {message}")
    message = item["msg"]
    message = message[len("Value error, ") :] if kind == "value_error" else message[:1].lower() + message[1:]
    given = "" if isinstance(item["input"], (dict, list)) else f", not {item['input']!r:.80}"
    return DocumentError(document.name, line, column, f"`{name}`: {message}{given}" if name else f"{message}{given}")


def unknown_key(key: str, known: Sequence[str]) -> str:
    """Return the message for a key that nobody knows, with the known one that looks most like it, or with all."""
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    if close:
        return f"unknown key `{key}`: did you mean `{close[0]}`?"
    return f"unknown key `{key}`: " + (f"known here: {', '.join(sorted(known))}" if known else "remove it")


def dotted(path: Sequence[Key]) -> str:
    """Write a path as people do: `checks.roce.link` or `runs[3].command`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text


def _fields_at(model: Any, path: Keys) -> List[str]:
    """Return the keys that may stand at a path, by the fields of the models that pydantic tries there."""
    names = [field.alias or name for found in _models_at(model, path) for name, field in found.model_fields.items()]
    return list(dict.fromkeys(names))


def _keys_at(model: Any, path: Keys) -> List[str]:
    """Return the keys that the mapping at a path may have; it is a field `Dict[Literal[...], ...]` of a model."""
    keys = [get_args(found.model_fields[path[-1]].annotation)[0] for found in _models_at(model, path[:-1])]
    return [name for key in keys for name in get_args(key)]


def _models_at(model: Any, path: Keys) -> List[Any]:
    around: List[Any] = [model]
    for key in path:
        inner = [found.model_fields[key].annotation for found in around if key in getattr(found, "model_fields", ())]
        if inner:
            around = [found for annotation in inner for found in _models(annotation)]
        else:
            # An index, the key of a mapping, or the name of a variant: the models stay, the variant's own first.
            around = [found for found in around if found.__name__ == key] or around
    return around


def _models(annotation: Any) -> Iterator[Any]:
    if hasattr(annotation, "model_fields"):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
