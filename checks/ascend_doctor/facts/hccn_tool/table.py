"""The framed tables that the 950 form of `hccn_tool` prints where the older form prints lines."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from ascend_doctor.facts.parsing import Line, ParseError
from ascend_doctor.facts.tables import cells_of, rule_of

Row = Tuple[Line, Tuple[str, ...]]


def read_table(lines: Sequence[Line], columns: Sequence[str]) -> List[Row]:
    """Return the rows of one table, each as its line and its cells.

    The table is a rule, the head, a rule, the rows and a closing rule, and nothing comes after it. Raises
    `ParseError` at the line where that ends, so that a table which lost its end is never taken for a short one.
    """
    rows, rest = take_table(lines, columns)
    if rest:
        raise rest[0].error("the end of the answer")
    return rows


def take_table(
    lines: Sequence[Line], columns: Sequence[str], *, grouped: bool = False, bars_in_last: bool = False
) -> Tuple[List[Row], List[Line]]:
    """Return the rows of the table with which the lines begin, and the lines after it.

    In a `grouped` table a rule closes each group of rows, so that a rule followed by a row does not end it. With
    `bars_in_last` the text of the last cell holds bars itself.
    """
    if not lines:
        raise ParseError(0, "a table", "nothing after the one before")
    for position in (0, 2):
        if position >= len(lines):
            raise lines[-1].error("a head and a rule after this line")
        if not rule_of(lines[position]):
            raise lines[position].error("a rule of the table")
    if cells_of(lines[1]) != tuple(columns):
        raise lines[1].error(f"the head `{' | '.join(columns)}`")
    rows: List[Row] = []
    for position, line in enumerate(lines[3:], start=4):
        if not rule_of(line):
            rows.append((line, _cells(line, len(columns), bars_in_last=bars_in_last)))
        elif not (grouped and position < len(lines) and not rule_of(lines[position])):
            return rows, list(lines[position:])
    raise lines[-1].error("the rule that closes the table, after this line")


def _cells(line: Line, count: int, *, bars_in_last: bool) -> Tuple[str, ...]:
    cells = cells_of(line)
    if bars_in_last and len(cells) > count:
        return (*cells[: count - 1], "|".join(cells[count - 1 :]))
    if len(cells) != count:
        raise line.error(f"{count} cells")
    return cells
