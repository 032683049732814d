"""How `npu-smi` lays out its answers: key lines, and tables of cells with fixed widths."""

from __future__ import annotations

from typing import Iterable, List, Sequence, Tuple, Union

import attrs

KEY_WIDTH = 30
ECC_KEY_WIDTH = 40

Value = Union[str, int]
Rows = Sequence[Tuple[str, Value]]


def key_line(key: str, value: Value, width: int = KEY_WIDTH) -> str:
    """Return one key line; a value that is a list of words starts with the blank that the tool puts before each."""
    return f"\t{key:<{width}} : {value}"


def key_lines(rows: Rows, width: int = KEY_WIDTH) -> List[str]:
    """Return a key line for each row."""
    return [key_line(key, value, width) for key, value in rows]


@attrs.frozen
class Frame:
    """The lines of a table: how wide its columns are, between the bars."""

    columns: Tuple[int, ...]

    @property
    def width(self) -> int:
        """How wide a line is between the outer bars."""
        return sum(self.columns) + len(self.columns) - 1

    def border(self) -> str:
        """Return the line above the version, which has no inner corners."""
        return f"+{'-' * self.width}+"

    def rule(self, stroke: str = "-") -> str:
        """Return a line with a corner at each bar."""
        return f"+{'+'.join(stroke * column for column in self.columns)}+"

    def text(self, text: str) -> str:
        """Return a line without inner bars."""
        return f"| {text:<{self.width - 2}} |"

    def row(self, *cells: str) -> str:
        """Return a line with a cell in each column, which are padded."""
        return f"|{'|'.join(f' {cell:<{column - 1}}' for cell, column in zip(cells, self.columns))}|"


def usage_pair(used: Value, total: Value, used_width: int, total_width: int) -> str:
    """Return `used / total`: two padded fields around a slash."""
    return f"{used:<{used_width}}/ {total:<{total_width}}"


def joined(lines: Iterable[str]) -> bytes:
    """Return lines as the tool prints them."""
    return "".join(f"{line}\n" for line in lines).encode()
