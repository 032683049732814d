"""The files by which a CANN package says which version it is: `ascend_toolkit_install.info` and that of NNAE."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import attrs

from ascend_doctor.facts.parsing import Line, lines_of
from ascend_doctor.facts.source import Cost, Medium, Scope, Source
from ascend_doctor.facts.tables import reading_of, settings
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Reading, known

ROOT = "/usr/local/Ascend"
ARCHITECTURES = ("aarch64-linux", "x86_64-linux", "arm64-linux")
FOLDERS = (f"{ROOT}/cann", f"{ROOT}/ascend-toolkit/latest")
"""Where the toolkit lies: from 8.5.0 on, and before (vendor installation guides)."""


@attrs.frozen
class CannPackageFacts:
    """An installed CANN package.

    `version` is the commercial one (`8.2.RC1`). `innerversion` begins with the code of its generation
    (`V100R001C22`), and `compatible_version` are the generations of drivers that it says it works with. `fields` holds
    every line by its key.
    """

    package_name: str
    version: str
    innerversion: Reading[str] = NOT_REPORTED
    compatible_version: Tuple[str, ...] = ()
    arch: Reading[str] = NOT_REPORTED
    path: Reading[str] = NOT_REPORTED
    fields: Mapping[str, str] = attrs.field(factory=dict)

    def as_document(self) -> Dict[str, Any]:
        """Return the document: every line by its own key; the generations as a list."""
        shown: Dict[str, Any] = {key: known(reading_of(value)) for key, value in self.fields.items()}
        if "compatible_version" in self.fields:
            shown["compatible_version"] = list(self.compatible_version)
        return shown


_NAMES = re.compile(r"\[[^\[\]]*\](?:\s*,\s*\[[^\[\]]*\])*\Z")


def generations_of(text: str) -> Tuple[str, ...]:
    """Return the names in `[V100R001C13,V100R001C19],[V100R001C30]`, or an empty tuple for a text of another form."""
    return tuple(name for name in re.split(r"[\[\],\s]+", text) if name) if _NAMES.match(text) else ()


def _generations(lines: Sequence[Line], fields: Mapping[str, str]) -> Tuple[str, ...]:
    text = fields.get("compatible_version", "")
    found = generations_of(text)
    if text and not found:
        raise next(line for line in lines if "compatible_version" in line.text).error("names in square brackets")
    return found


def uncommented(lines: List[Line]) -> List[Line]:
    """Return the lines. Raises `ParseError` for one that starts with `#`: the vendor writes none, a prompt looks so."""
    for line in lines:
        if line.stripped.startswith("#"):
            raise line.error("`key=value`")
    return lines


def parse(evidence: Evidence) -> Reading[CannPackageFacts]:
    """Parse the file of one package."""
    lines = uncommented(lines_of(evidence.stdout))
    fields = settings(lines)
    name, version = fields.get("package_name", ""), fields.get("version", "")
    if not name or not version:
        raise lines[0].error("lines `package_name=` and `version=`")
    return CannPackageFacts(
        name,
        version,
        reading_of(fields.get("innerversion", "")),
        _generations(lines, fields),
        reading_of(fields.get("arch", "")),
        reading_of(fields.get("path", "")),
        fields,
    )


_TOOLKIT = "ascend_toolkit_install.info"
_TOOLKIT_PLACES = tuple(f"{folder}/{architecture}/{_TOOLKIT}" for folder in FOLDERS for architecture in ARCHITECTURES)

TOOLKIT: Source[CannPackageFacts] = Source(
    name="file/cann-toolkit",
    scope=Scope.NODE,
    medium=Medium.FILE,
    argv=("cat", _TOOLKIT_PLACES[0]),
    forms=(*(("cat", place) for place in _TOOLKIT_PLACES[1:]), ("cat", f"*{_TOOLKIT}")),
    parse=parse,
    cost=Cost.STATIC,
    interval_s=3600.0,
)
NNAE: Source[CannPackageFacts] = Source(
    name="file/cann-nnae",
    scope=Scope.NODE,
    medium=Medium.FILE,
    argv=("cat", f"{ROOT}/nnae/latest/ascend_nnae_install.info"),
    forms=(
        ("cat", "*ascend_nnae_install.info"),
        ("cat", "*ascend_nnrt_install.info"),
        ("cat", "*ascend_ops_install.info"),
    ),
    parse=parse,
    cost=Cost.STATIC,
    interval_s=3600.0,
)
