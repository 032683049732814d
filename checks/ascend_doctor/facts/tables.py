"""The vendor's forms of text: lines of `label : value`, lines of `key=value`, and tables drawn with bars and rules."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.facts.parsing import Line, ParseError, decimal, integer
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading

# --- Words that stand for no value ---------------------------------------------------------------------------------

_NOTHING = frozenset({"", "NA", "N/A", "-"})


def reading_of(text: str) -> Reading[str]:
    """Return a text as it was printed, or why there is none: the tools print `NA`, `-`, `not supported` or nothing."""
    if text.upper() in _NOTHING:
        return NOT_REPORTED
    if text.casefold() == "not supported":
        return Missing(Absence.NOT_SUPPORTED, text)
    return text


# --- Lines of `label : value` --------------------------------------------------------------------------------------

# Labels hold no colon between blanks, values may (`Thu Apr 9 10:03:04`): the first one parts them.
_SEPARATOR = re.compile(r"(?:^|\s+):(?:\s+|$)")


@attrs.frozen
class KeyLine:
    """One line `label : value`. `key` is the label in the form in which labels are compared; see `normalised`."""

    key: str
    value: str
    line: Line
    label: str = ""


def normalised(label: str) -> str:
    """Return a label in one spelling: lower case, single blanks, none before a bracket (`Temperature (C)`)."""
    return re.sub(r"\s+(?=\()", "", " ".join(label.casefold().split()))


def key_line(line: Line) -> Optional[KeyLine]:
    """Return the parts of a line of the form `label : value`, None for a line without a colon between blanks.

    The label may be empty: so the tools go on with a value. Raises `ParseError` for a label that is not English, which
    no known tool prints.
    """
    parts = _SEPARATOR.split(line.stripped, maxsplit=1)
    if len(parts) == 1:
        return None
    label, value = parts
    if not label.isascii():
        raise line.error("a label in English")
    return KeyLine(normalised(label), value, line, label)


def key_lines(lines: Iterable[Line]) -> List[KeyLine]:
    """Return the parts of lines that all have the form `label : value`."""
    found = []
    for line in lines:
        parts = key_line(line)
        if parts is None or not parts.key:
            raise line.error("`label : value`")
        found.append(parts)
    return found


Convert = Callable[[KeyLine], object]
Fields = Mapping[str, Tuple[str, Convert]]
"""For each normalised label the name of a field and what makes its value."""


def bind(lines: Iterable[KeyLine], fields: Fields) -> Dict[str, Any]:
    """Return the arguments of a facts class: known labels under their fields, the others as printed in `extra`.

    Raises `ParseError` for a label that comes twice: the answer is doubled, or two answers ran into each other.
    """
    found: Dict[str, Any] = {}
    extra: Dict[str, str] = {}
    seen = set()
    for parts in lines:
        if parts.key in seen:
            raise parts.line.error(f"{parts.label!r} only once")
        seen.add(parts.key)
        if parts.key in fields:
            name, convert = fields[parts.key]
            found[name] = convert(parts)
        else:
            extra[parts.label] = parts.value
    return {**found, "extra": extra}


def whole(parts: KeyLine) -> int:
    """Return the value as a whole number."""
    return integer(parts.value, parts.line, parts.label)


def count(parts: KeyLine) -> Reading[int]:
    """Return the value as a whole number, or why there is none."""
    text = reading_of(parts.value)
    return text if isinstance(text, Missing) else whole(parts)


def number(parts: KeyLine) -> Reading[float]:
    """Return the value as a number with or without decimals, or why there is none."""
    text = reading_of(parts.value)
    return text if isinstance(text, Missing) else decimal(text, parts.line, parts.label)


def words(parts: KeyLine) -> Reading[str]:
    """Return the value as printed, or why there is none."""
    return reading_of(parts.value)


# --- Lines of `key=value` ------------------------------------------------------------------------------------------

_ASSIGNMENT = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)\s*=\s*(.*)\Z")


@attrs.frozen
class Assignment:
    """One line `key=value`. Both are as written."""

    key: str
    value: str
    line: Line


def assignments(lines: Iterable[Line]) -> List[Assignment]:
    """Return the parts of lines of the form `key=value`; comments that start with `#` are left out."""
    found = []
    for line in lines:
        if line.stripped.startswith("#"):
            continue
        parts = _ASSIGNMENT.match(line.stripped)
        if parts is None:
            raise line.error("`key=value`")
        found.append(Assignment(parts.group(1), parts.group(2), line))
    return found


def settings(lines: Iterable[Line]) -> Dict[str, str]:
    """Return lines of the form `key=value` as a dictionary. Raises `ParseError` for a key that comes twice."""
    found: Dict[str, str] = {}
    for parts in assignments(lines):
        if parts.key in found:
            raise parts.line.error(f"{parts.key!r} only once")
        found[parts.key] = parts.value
    return found


# --- Tables drawn with bars and rules ------------------------------------------------------------------------------

_RULE = re.compile(r"\+(?:[-+]+|[=+]+)\+\Z")
_ELISION = re.compile(r"[|\s]*(?:\.{3,}|…+)[|\s.…]*\Z")


def rule_of(line: Line) -> str:
    """Return the character that a rule (`+---+`, `+===+`) is drawn with, an empty text for any other line."""
    return line.stripped[1] if _RULE.match(line.stripped) else ""


def is_elision(line: Line) -> bool:
    """Whether somebody has left rows out here and put `...` in their place."""
    return bool(_ELISION.match(line.stripped))


def cells_of(line: Line) -> Tuple[str, ...]:
    """Return the cells of a row, split at the bars and never by column: widths differ by product and version."""
    text = line.stripped
    if len(text) < 2 or text[0] != "|" or text[-1] != "|":
        raise line.error("a row between bars")
    return tuple(cell.strip() for cell in text[1:-1].split("|"))


CellConvert = Callable[[str, Line, str], object]


@attrs.frozen
class Column:
    """One column of a table: its label in the head, the field it fills, and what makes the value of its text."""

    label: str
    field: str
    convert: CellConvert


Head = Tuple[Tuple[Column, ...], ...]
"""The columns of each cell of a row; a cell may hold several columns (`Power(W)  Temp(C)`), or none."""


def read_head(line: Line, known: Sequence[Column]) -> Head:
    """Return the columns that the cells of a head row name. Raises `ParseError` that names an unknown one."""
    by_length = sorted(known, key=lambda column: -len(column.label))
    head = []
    for cell in cells_of(line):
        columns: List[Column] = []
        rest = cell
        while rest:
            column = next((column for column in by_length if _starts_with_label(rest, column.label)), None)
            if column is None:
                raise ParseError(line.number, "the name of a known column", rest)
            columns.append(column)
            rest = rest[len(column.label) :].strip()
        head.append(tuple(columns))
    return tuple(head)


def _starts_with_label(text: str, label: str) -> bool:
    return text.startswith(label) and not text[len(label) :][:1].strip()


def labels_of(*heads: Head) -> Tuple[str, ...]:
    """Return the labels of all columns of some heads, in order."""
    return tuple(column.label for head in heads for cell in head for column in cell)


def read_row(line: Line, cells: Sequence[str], head: Head) -> Dict[str, Any]:
    """Return the values of a row under the names of their fields.

    Within a cell the values are parted by blanks; the last one may hold blanks itself, and may be empty (a name).
    """
    if len(cells) != len(head):
        raise line.error(f"{len(head)} cells")
    values: Dict[str, Any] = {}
    for cell, columns in zip(cells, head):
        for text, column in zip(_texts(line, cell, columns), columns):
            values[column.field] = column.convert(text, line, column.label)
    return values


def _texts(line: Line, cell: str, columns: Sequence[Column]) -> List[str]:
    """Return the text of each column of a cell."""
    if not columns:
        if cell:
            raise ParseError(line.number, "an empty cell", cell)
        return []
    # `used / total` is one value, whatever blanks the padding leaves in it.
    joined = re.sub(r"\s*/\s*(?=[0-9])", "/", cell) if len(columns) > 1 else cell
    texts = joined.split(None, len(columns) - 1)
    if len(texts) == len(columns) - 1:
        texts.append("")
    if len(texts) != len(columns):
        raise ParseError(line.number, f"values for {', '.join(column.label for column in columns)}", cell)
    return texts
