"""The parts of a CANN installation: `version.cfg`, which lists them, and the `version.info` of each."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import attrs

from ascend_doctor.facts.files.cann import FOLDERS, ROOT, uncommented
from ascend_doctor.facts.parsing import Line, lines_of
from ascend_doctor.facts.source import Cost, Medium, Scope, Source
from ascend_doctor.facts.tables import assignments, settings
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Reading

Versions = Tuple[str, str]
"""A part's own version and the release it belongs to: `7.6.0.1.220` and `8.0.0`."""

RUNNING = "_running_version"
CORE = ("toolkit", "runtime", "compiler", "hccl", "opp")
"""Parts that belong to one release; operator binaries of a neighbouring release are allowed (release notes)."""


@attrs.frozen
class CannPartsFacts:
    """`version.cfg`: for each key (`runtime_running_version`) the versions, more than one when several are installed.

    `cfg_version` is the version of the file's own form.
    """

    cfg_version: str
    parts: Mapping[str, Tuple[Versions, ...]]

    @property
    def running(self) -> Mapping[str, str]:
        """The release of each part that is in use, by the part's name."""
        return {
            key[: -len(RUNNING)]: versions[-1][1]
            for key, versions in self.parts.items()
            if key.endswith(RUNNING) and versions
        }

    def as_document(self) -> Dict[str, Any]:
        """Return the document: the versions by key, as one pair where there is one, and how many keys there are."""
        shown: Dict[str, Any] = {
            key: list(versions[0]) if len(versions) == 1 else [list(pair) for pair in versions]
            for key, versions in self.parts.items()
        }
        return {"cfg_version": self.cfg_version, "keys": len(self.parts), **shown}


_FORM = re.compile(r"#\s*version:\s*([0-9][0-9.]*)\Z")
_PAIRS = re.compile(r"(?:\[[0-9A-Za-z._+-]+:[0-9A-Za-z._+-]+\],?)*\Z")
_PAIR = re.compile(r"\[([^:\]]+):([^\]]+)\]")


def parse_parts(evidence: Evidence) -> Reading[CannPartsFacts]:
    """Parse `version.cfg`."""
    first, *lines = lines_of(evidence.stdout)
    form = _FORM.match(first.stripped)
    if form is None:
        raise first.error("`# version: 1.0`")
    parts: Dict[str, Tuple[Versions, ...]] = {}
    for item in assignments(uncommented(lines)):
        if item.key in parts or not item.key.endswith("_version") or not _PAIRS.match(item.value):
            raise item.line.error("`NAME_version=[version:release]`, each name once")
        parts[item.key] = tuple((own, release) for own, release in _PAIR.findall(item.value))
    if not parts:
        raise first.error("versions below the first line")
    return CannPartsFacts(form.group(1), parts)


@attrs.frozen
class CannPartFacts:
    """The `version.info` of one part. `version` is its own, `fields` holds every line by its key, without quotes."""

    version: str
    fields: Mapping[str, str]

    def as_document(self) -> Dict[str, Any]:
        """Return the document: every line by its own key."""
        return dict(self.fields)


_QUOTED = re.compile(r"\"([^\"]*)\"\Z")


def _unquoted(lines: Sequence[Line]) -> Dict[str, str]:
    fields = settings(lines)
    for key, value in fields.items():
        inside = _QUOTED.match(value)
        if inside is None and '"' in value:
            raise next(line for line in lines if line.stripped.startswith(key)).error("a value in two quotes, or none")
        fields[key] = value if inside is None else inside.group(1)
    return fields


def parse_part(evidence: Evidence) -> Reading[CannPartFacts]:
    """Parse the `version.info` of one part."""
    lines: List[Line] = uncommented(lines_of(evidence.stdout))
    fields = _unquoted(lines)
    if not fields.get("Version"):
        raise lines[0].error("a line `Version=`")
    return CannPartFacts(fields["Version"], fields)


PARTS: Source[CannPartsFacts] = Source(
    name="file/cann-parts",
    scope=Scope.NODE,
    medium=Medium.FILE,
    argv=("cat", f"{FOLDERS[0]}/version.cfg"),
    forms=(("cat", f"{FOLDERS[1]}/version.cfg"), ("cat", f"{ROOT}/nnae/latest/version.cfg"), ("cat", "*version.cfg")),
    parse=parse_parts,
    cost=Cost.STATIC,
    interval_s=3600.0,
)
PART: Source[CannPartFacts] = Source(
    name="file/cann-part",
    scope=Scope.NODE,
    medium=Medium.FILE,
    argv=("cat", f"{FOLDERS[0]}/toolkit/version.info"),
    forms=(
        ("cat", f"{FOLDERS[1]}/toolkit/version.info"),
        *(
            ("cat", f"*/{part}/version.info")
            for part in ("toolkit", "compiler", "opp", "opp_kernel", "runtime", "hccl")
        ),
        ("cat", "*/ascend-toolkit/*version.info"),
    ),
    parse=parse_part,
    cost=Cost.STATIC,
    interval_s=3600.0,
)
