"""The `version.info` files of what stands on CANN: MindIE, NNAL with its acceleration library, and ATB models."""

from __future__ import annotations

import re
from typing import Any, Dict, Mapping

import attrs

from ascend_doctor.facts.files.cann import ROOT
from ascend_doctor.facts.parsing import lines_of
from ascend_doctor.facts.source import Cost, Medium, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Reading


@attrs.frozen
class EngineVersionFacts:
    """Every line by its label. The vendor writes the colon in three ways: `a : b`, `a: b` and `a:b`.

    `package` is the label of the first line, `version` its value without the product's name (`2.1.RC2.B080`).
    """

    package: str
    version: str
    fields: Mapping[str, str]

    @property
    def release(self) -> str:
        """The version without the number of the build: `2.1.RC2`."""
        return _BUILD.sub("", self.version)

    def as_document(self) -> Dict[str, Any]:
        """Return the document: every line by its own label, as written."""
        return dict(self.fields)


_LINE = re.compile(r"([A-Za-z][A-Za-z0-9 _.-]{0,60}?)\s*:\s*(\S.*)\Z")
_PACKAGE = re.compile(r"(?:Ascend-|ATB-)[A-Za-z]")
_BUILD = re.compile(r"\.B[0-9]+\Z", re.IGNORECASE)


def parse(evidence: Evidence) -> Reading[EngineVersionFacts]:
    """Parse the file of one package."""
    lines = lines_of(evidence.stdout)
    if not _PACKAGE.match(lines[0].stripped):
        raise lines[0].error("a package of Ascend")
    fields: Dict[str, str] = {}
    for line in lines:
        parts = _LINE.match(line.stripped)
        if parts is None or parts.group(1) in fields:
            raise line.error("`label: value`, each label once")
        fields[parts.group(1)] = parts.group(2)
    package, value = next(iter(fields.items()))
    return EngineVersionFacts(package, value.split()[-1], fields)


MINDIE: Source[EngineVersionFacts] = Source(
    name="file/mindie-version",
    scope=Scope.NODE,
    medium=Medium.FILE,
    argv=("cat", f"{ROOT}/mindie/latest/version.info"),
    forms=(("cat", "*/mindie/*version.info"),),
    parse=parse,
    cost=Cost.STATIC,
    interval_s=3600.0,
)
NNAL: Source[EngineVersionFacts] = Source(
    name="file/nnal-version",
    scope=Scope.NODE,
    medium=Medium.FILE,
    argv=("cat", f"{ROOT}/nnal/atb/latest/version.info"),
    forms=(("cat", "*/nnal/*version.info"), ("cat", "*/atb/*version.info"), ("cat", "*/atb-models/version.info")),
    parse=parse,
    cost=Cost.STATIC,
    interval_s=3600.0,
)
