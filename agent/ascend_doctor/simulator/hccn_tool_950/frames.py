"""The framed tables of the 950's tool: a column is as wide as its widest text, and at least as wide as asked for."""

from __future__ import annotations

from typing import List, Sequence

PORT = ("NPU", "UDie", "Port")


def frame(head: Sequence[str], rows: Sequence[Sequence[object]], least: Sequence[int] = ()) -> List[str]:
    """Return the lines of a table."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [len(name) for name in head]
    for row in texts or [[""] * len(head)]:
        widths = [max(width, len(cell)) for width, cell in zip(widths, row)]
    widths = [max(width, wanted) for width, wanted in zip(widths, [*least, *([0] * len(widths))])]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    return [rule, _row(head, widths), rule, *(_row(row, widths) for row in texts), rule]


def grouped(head: Sequence[str], groups: Sequence[Sequence[Sequence[object]]], widths: Sequence[int]) -> List[str]:
    """Return the lines of a table of which a rule closes every group of rows."""
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    lines = [rule, _row(head, widths), rule]
    for group in groups:
        lines += [*(_row([str(cell) for cell in row], widths) for row in group), rule]
    return lines


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "|" + "|".join(f" {cell:<{width}} " for cell, width in zip(cells, widths)) + "|"
