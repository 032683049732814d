"""The small tables of `hccn_tool` with one column for each of eight priorities or traffic classes."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from ascend_doctor.facts.parsing import Line, integer

COUNT = 8
Eight = Tuple[int, ...]
"""Eight whole numbers, by priority or by traffic class 0 to 7."""


def read_eight(lines: Sequence[Line], title: str, columns: str, rows: Sequence[str]) -> List[Eight]:
    """Return the numbers of each row.

    The table is the title, the head (`columns`, then 0 to 7) and the rows in this order, and nothing comes after it.
    Raises `ParseError` at the line where that ends.
    """
    if lines[0].stripped != title:
        raise lines[0].error(f"`{title}`")
    found = []
    for position, label in enumerate((columns, *rows), start=1):
        if position >= len(lines):
            raise lines[-1].error(f"a row `{label}` after this line")
        found.append(_numbers(lines[position], label))
    if found[0] != tuple(range(COUNT)):
        raise lines[1].error(f"the head `{columns} 0 1 2 3 4 5 6 7`")
    if len(lines) > len(rows) + 2:
        raise lines[len(rows) + 2].error("the end of the answer")
    return found[1:]


def _numbers(line: Line, label: str) -> Eight:
    words = label.split()
    numbers = line.words[len(words) :]
    if list(line.words[: len(words)]) != words or len(numbers) != COUNT:
        raise line.error(f"`{label}` and {COUNT} numbers")
    return tuple(integer(number, line, label) for number in numbers)
