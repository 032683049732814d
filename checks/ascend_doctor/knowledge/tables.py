"""The data files of this package, and what a site adds to them.

A data file has rows of columns parted by tabs; `#` starts a remark, `-` is an empty cell. The rows of a site come
after those of the package, so that the last row for a key is the one that counts.
"""

from __future__ import annotations

import functools
import pkgutil
from typing import Callable, Dict, Iterator, List, Mapping, Tuple, TypeVar

import attrs

T = TypeVar("T")


@attrs.frozen
class Row:
    """One row: the text of each column, empty for `-`, and where the row stands.

    `origin` is the name of a data file of this package, or path and line in a file of the site.
    """

    cells: Mapping[str, str]
    origin: str

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def words(self, column: str) -> Tuple[str, ...]:
        """Return the words of a cell that holds several."""
        return tuple(self.cells[column].split())


@attrs.frozen
class Table:
    """One data file. `columns` are in the order of the file; a site may leave out all but those in `required`."""

    name: str
    columns: Tuple[str, ...]
    required: Tuple[str, ...]

    @property
    def file(self) -> str:
        """The name of the data file."""
        return f"{self.name}.tsv"

    def rows(self) -> Iterator[Row]:
        """Yield the rows of the package, then those of the site."""
        yield from _packaged(self)
        yield from _site.get(self.name, ())


FAULT_CODES = Table("fault_codes", ("code", "level", "module", "condition", "repeated"), ("code", "level"))
FAULT_PARTS = Table("fault_parts", ("kind", "number", "name"), ("kind", "number", "name"))
OTHER_CODES = Table(
    "other_codes", ("kind", "code", "level", "meaning", "action", "checks"), ("kind", "code", "meaning")
)
ERROR_CODES = Table(
    "error_codes", ("family", "code", "meaning", "action", "checks", "source"), ("family", "code", "meaning")
)
SIGNATURES = Table("signatures", ("number", "pattern", "meaning", "action", "checks", "source"), ("pattern", "meaning"))
HDK_PAIRS = Table(
    "hdk_pairs",
    ("family", "driver", "firmware", "release", "evidence", "verdict", "reason"),
    ("family", "driver", "firmware"),
)
CANN_HDK = Table("cann_hdk", ("cann", "relation", "hdk", "family", "source"), ("cann", "relation", "hdk"))
TORCH = Table("torch", ("torch_npu", "torch", "cann", "line"), ("torch_npu", "torch", "cann"))
TORCH_PYTHON = Table("torch_python", ("torch", "python"), ("torch", "python"))
VLLM_ASCEND = Table(
    "vllm_ascend",
    ("vllm_ascend", "vllm", "python", "cann", "torch", "torch_npu", "triton_ascend", "mooncake"),
    ("vllm_ascend", "vllm", "cann", "torch", "torch_npu"),
)
MINDIE = Table("mindie", ("mindie", "cann", "source"), ("mindie", "cann"))
PRODUCTS = Table(
    "products", ("name", "generation", "chips", "pci", "npus", "hbm_mb", "roce_ports", "topology"), ("name",)
)
OPERATING_SYSTEMS = Table("operating_systems", ("id", "version"), ("id",))
TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        FAULT_CODES,
        FAULT_PARTS,
        OTHER_CODES,
        ERROR_CODES,
        SIGNATURES,
        HDK_PAIRS,
        CANN_HDK,
        TORCH,
        TORCH_PYTHON,
        VLLM_ASCEND,
        MINDIE,
        PRODUCTS,
        OPERATING_SYSTEMS,
    )
}

_site: Dict[str, Tuple[Row, ...]] = {}


def use_site(rows: Mapping[str, Tuple[Row, ...]]) -> None:
    """Let the rows of a site count, by the names of their tables, in place of those that counted before.

    A program does so once, when it starts: what was made of the tables before is made anew.
    """
    _site.clear()
    _site.update(rows)
    for forget in _MADE:
        forget()


_MADE: List[Callable[[], None]] = []


def made_of_tables(function: Callable[[], T]) -> Callable[[], T]:
    """Keep what a function makes of the tables, until other rows count."""
    cached = functools.lru_cache(maxsize=None)(function)
    _MADE.append(cached.cache_clear)
    return cached


def _packaged(table: Table) -> Iterator[Row]:
    # Not by `importlib.resources`, which loads what reads archives.
    text = (pkgutil.get_data("ascend_doctor.knowledge", table.file) or b"").decode()
    for number, line in enumerate(text.splitlines(), start=1):
        if line and not line.startswith("#"):
            cells = line.split("\t")
            if len(cells) != len(table.columns):
                raise ValueError(f"{table.file}, line {number}: {len(cells)} columns in place of {len(table.columns)}")
            yield Row(dict(zip(table.columns, ("" if cell == "-" else cell for cell in cells))), table.file)
