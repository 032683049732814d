"""What a site knows better: a folder of YAML files that add rows to the data files, or correct them.

Every file is a mapping from the name of a table to a list of rows; see `docs/knowledge.md`. A row that has the key of
one of the package takes its place. Files count in the order of their names.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Annotated, Any, Dict, List, Literal, Optional, Tuple, Type

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from ascend_doctor.knowledge import strict_yaml
from ascend_doctor.knowledge.fault_codes import Level
from ascend_doctor.knowledge.strict_yaml import Document, DocumentError
from ascend_doctor.knowledge.tables import TABLES, Row, Table

MAX_FILES = 100
_SUFFIXES = (".yaml", ".yml")


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    return text


Text = Annotated[str, Field(max_length=300, pattern=r"^[^\t\r\n]*$")]
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^\S(.*\S)?$")]
Pattern = Annotated[str, Field(min_length=3, max_length=300), AfterValidator(_pattern)]

_FORMS: Dict[Tuple[str, str], Any] = {
    ("fault_codes", "code"): Annotated[str, Field(pattern=r"^(0[xX])?[0-9A-Fa-f]{4,9}$")],
    ("other_codes", "kind"): Literal["detector", "switch", "node", "dpu", "bmc"],
    ("fault_codes", "level"): Literal[tuple(level.value for level in Level)],
    ("fault_parts", "kind"): Literal["module", "sensor"],
    ("fault_parts", "number"): Annotated[str, Field(pattern=r"^(0[xX])?[0-9A-Fa-f]{1,4}$")],
    ("signatures", "pattern"): Pattern,
    ("hdk_pairs", "verdict"): Literal["pass", "warn", "fail"],
    ("cann_hdk", "relation"): Literal["paired", "compatible", "not-compatible"],
}
_FAMILY = Literal["310", "310b", "310p", "910", "910b", "910_93", "950"]


def _form(table: Table, column: str) -> Any:
    if column == "family" and table.name != "error_codes":
        return _FAMILY
    return _FORMS.get((table.name, column), Name if column in table.required else Text)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _row_model(table: Table) -> Type[BaseModel]:
    fields: Dict[str, Any] = {
        column: (_form(table, column), ...) if column in table.required else (Optional[_form(table, column)], None)
        for column in table.columns
    }
    return create_model(f"Row of {table.name}", __base__=_Strict, **fields)


@functools.cache
def _model() -> Type[BaseModel]:
    tables: Dict[str, Any] = {name: (List[_row_model(table)], []) for name, table in TABLES.items()}  # type: ignore[misc]
    return create_model("Knowledge of the site", __base__=_Strict, **tables)


def load(folder: Path) -> Dict[str, Tuple[Row, ...]]:
    """Return the rows of all files in a folder by table; nothing where there is no such folder.

    Raises `DocumentError` with every mistake of a file at its place, and when the folder cannot be read or holds more
    than `MAX_FILES` of them: knowledge that is passed over in silence would decide wrongly.
    """
    found: Dict[str, Tuple[Row, ...]] = {}
    for name in _files(folder):
        document = strict_yaml.read(name)
        if document.value is not None:
            for table, rows in _rows(document).items():
                found[table] = (*found.get(table, ()), *rows)
    return found


def _files(folder: Path) -> List[Path]:
    """Return the YAML files of a folder in the order of their names; hidden ones are those of editors."""
    try:
        names = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.name[0] != ".")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DocumentError(str(folder), 0, 0, f"cannot be read: {error.strerror}") from None
    if len(names) > MAX_FILES:
        raise DocumentError(str(folder), 0, 0, f"holds {len(names)} files, and at most {MAX_FILES} are read: join some")
    return names


def _rows(document: Document) -> Dict[str, Tuple[Row, ...]]:
    tables = strict_yaml.validate(document, _model())
    found = {}
    for table in tables.model_fields_set:
        columns = TABLES[table].columns
        found[table] = tuple(
            Row(
                {column: getattr(row, column) or "" for column in columns},
                f"{document.name}:{document.position((table, index))[0]}",
            )
            for index, row in enumerate(getattr(tables, table))
        )
    return found
