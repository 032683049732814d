"""The framed tables that the 950 form of `hccn_tool` prints where the older form prints lines."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.tables import cells_of, rule_of

Row = Tuple[Line, Tuple[str, ...]]


def read_table(lines: Sequence[Line], columns: Sequence[str]) -> List[Row]:
    """Return the rows of one table, each as its line and its cells.

    The table is a rule, the head, a rule, the rows and a closing rule, and nothing comes after it. Raises
    `ParseError` at the line where that ends, so that a table which lost its end is never taken for a short one.
    """
    for position in (0, 2):
        if position >= len(lines):
            raise lines[-1].error("a head and a rule after this line")
        if not rule_of(lines[position]):
            raise lines[position].error("a rule of the table")
    if cells_of(lines[1]) != tuple(columns):
        raise lines[1].error(f"the head `{' | '.join(columns)}`")
    rows: List[Row] = []
    for position, line in enumerate(lines[3:], start=4):
        if rule_of(line):
            if position < len(lines):
                raise lines[position].error("the end of the answer")
            return rows
        cells = cells_of(line)
        if len(cells) != len(columns):
            raise line.error(f"{len(columns)} cells")
        rows.append((line, cells))
    raise lines[-1].error("the rule that closes the table, after this line")
