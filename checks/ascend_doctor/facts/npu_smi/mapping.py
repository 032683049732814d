"""`npu-smi info -m`: which card and chip is which logic id and phy-id."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Tuple

import attrs

from ascend_doctor.facts.npu_smi.answers import lines_or_refusal
from ascend_doctor.facts.parsing import Line, ParseError, integer
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import reading_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing, Reading


@attrs.frozen
class MappingRow:
    """One row. `logic_id` and `phy_id` are missing where the tool prints `-` (the board's MCU).

    `logic_id`, `phy_id` and `slot` are None where the layout has no such column. `npu` is missing where the tool
    prints -1: a chip that exists and that the tool cannot reach. `name` is empty where the query for it failed.
    """

    npu: Reading[int]
    chip: Reading[int]
    name: str
    logic_id: Optional[Reading[int]] = None
    phy_id: Optional[Reading[int]] = None
    slot: Optional[Reading[int]] = None

    @property
    def is_mcu(self) -> bool:
        """Whether the row is the board's controller and no NPU."""
        return self.name.casefold() == "mcu"


@attrs.frozen
class MappingFacts:
    """What `npu-smi info -m` says. The columns differ by product, so they are read by their names."""

    columns: Tuple[str, ...]
    rows: Tuple[MappingRow, ...]

    DERIVED = ("npu_count", "device_count", "mcu_count")

    @property
    def npu_count(self) -> int:
        """How many cards there are."""
        return len({row.npu for row in self.rows if isinstance(row.npu, int)})

    @property
    def device_count(self) -> int:
        """How many chips there are, controllers left out."""
        return sum(not row.is_mcu for row in self.rows)

    @property
    def mcu_count(self) -> Optional[int]:
        """How many controller rows there are; None when the tool printed none."""
        return sum(row.is_mcu for row in self.rows) or None


def _id(text: str, line: Line, what: str) -> Reading[int]:
    reading = reading_of(text)
    return reading if isinstance(reading, Missing) else integer(reading, line, what)


def _npu(text: str, line: Line, what: str) -> Reading[int]:
    number = integer(text, line, what)
    return number if number >= 0 else Missing(Absence.NO_DEVICE, f"{what} {number}")


def _name(text: str, _line: Line, _what: str) -> str:
    return text


_COLUMNS = {
    "NPU ID": ("npu", _npu),
    "Slot ID": ("slot", _id),
    "Chip ID": ("chip", _id),
    "Chip Logic ID": ("logic_id", _id),
    "Chip Phy-ID": ("phy_id", _id),
    "Chip Name": ("name", _name),
}
_COLUMN = re.compile(rf"(?:{'|'.join(_COLUMNS)})(?!\S)")
_REQUIRED = {"NPU ID", "Chip ID", "Chip Name"}


def parse(evidence: Evidence) -> Reading[MappingFacts]:
    """Parse `npu-smi info -m`."""
    lines = lines_or_refusal(evidence)
    if isinstance(lines, Missing):
        return lines
    head, *rest = lines
    columns = _columns(head)
    if not _REQUIRED.issubset(columns) or columns[-1] != "Chip Name":
        raise head.error("columns for the NPU, the chip and, last, its name")
    if not rest:
        raise ParseError(head.number + 1, "a row for each chip", "the end of the answer")
    rows = tuple(_row(line, columns) for line in rest)
    known = [(row.npu, row.chip) for row in rows if isinstance(row.npu, int)]
    if len(set(known)) != len(known):
        raise ParseError(lines[-1].number, "each chip once", "a chip that comes twice")
    return MappingFacts(columns, rows)


def _columns(line: Line) -> Tuple[str, ...]:
    """Return the names in the head. They hold blanks, and a paste may have left just one between two of them."""
    found: List[str] = []
    rest = line.stripped
    while rest:
        name = _COLUMN.match(rest)
        if name is None or name.group() in found:
            raise ParseError(line.number, "the names of known columns", rest)
        found.append(name.group())
        rest = rest[name.end() :].lstrip()
    return tuple(found)


def _row(line: Line, columns: Tuple[str, ...]) -> MappingRow:
    # Rows do not line up with the head on every product. Only the name, the last, may hold blanks or be empty.
    texts: List[str] = line.stripped.split(None, len(columns) - 1)
    if len(texts) == len(columns) - 1:
        texts.append("")
    if len(texts) != len(columns):
        raise line.error(f"values for {', '.join(columns)}")
    values: Dict[str, Any] = {}
    for column, text in zip(columns, texts):
        field, convert = _COLUMNS[column]
        values[field] = convert(text, line, column)
    return MappingRow(**values)


SOURCE: Source[MappingFacts] = Source(
    name="npu-smi/mapping",
    scope=Scope.NODE,
    argv=("npu-smi", "info", "-m"),
    parse=parse,
    cost=Cost.STATIC,
    interval_s=3600.0,
    timeout_s=20.0,
)
