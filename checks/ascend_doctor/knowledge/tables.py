"""The data files of this package: rows of columns parted by tabs, `#` starts a remark."""

from __future__ import annotations

from importlib import resources
from typing import Iterator, Tuple


def rows(name: str, columns: int) -> Iterator[Tuple[str, ...]]:
    """Yield the rows of a data file. Raises `ValueError` for a row with another number of columns."""
    text = resources.files("ascend_doctor.knowledge").joinpath(name).read_text("utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        if line and not line.startswith("#"):
            cells = tuple(line.split("\t"))
            if len(cells) != columns:
                raise ValueError(f"{name}, line {number}: {len(cells)} columns in place of {columns}")
            yield cells
