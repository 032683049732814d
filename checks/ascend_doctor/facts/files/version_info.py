"""The two `version.info` files: the installed driver, the installed firmware, and which versions each accepts."""

from __future__ import annotations

import re
from typing import Any, Dict, Mapping, Sequence, Tuple

import attrs

from ascend_doctor.facts.parsing import Line, ParseError, lines_of
from ascend_doctor.facts.source import Cost, Medium, Scope, Source
from ascend_doctor.facts.tables import assignments, reading_of, settings
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading, known

DRIVER_PATH = "/usr/local/Ascend/driver/version.info"
FIRMWARE_PATH = "/usr/local/Ascend/firmware/version.info"

Range = Tuple[str, str]
"""The lowest and the highest version accepted, by the vendor's comparison of texts."""


@attrs.frozen
class DriverVersionFacts:
    """`driver/version.info`. `version` is the driver package; `package_version` repeats it and is missing in some.

    `compatible_version_fw` are the ranges of firmware that the driver accepts. `fields` holds every line by its key.
    """

    version: str
    package_version: Reading[str] = NOT_REPORTED
    compatible_version_fw: Reading[Tuple[Range, ...]] = NOT_REPORTED
    fields: Mapping[str, str] = attrs.field(factory=dict)

    def as_document(self) -> Dict[str, Any]:
        """Return the document: every line by its own key; the only range of firmware as one pair."""
        ranges = _shown_ranges(self.compatible_version_fw)
        if ranges is not None and len(ranges) == 1:
            ranges = ranges[0]
        return {**_shown_lines(self.fields), "compatible_version_fw": ranges}


@attrs.frozen
class FirmwareVersionFacts:
    """`firmware/version.info`. `version` is the firmware (7.x).

    `package_version` is the version of the driver of the same release. `compatible_version_drv` are the ranges of
    drivers that the firmware accepts.
    """

    version: str
    package_version: Reading[str] = NOT_REPORTED
    compatible_version_drv: Reading[Tuple[Range, ...]] = NOT_REPORTED
    fields: Mapping[str, str] = attrs.field(factory=dict)

    def as_document(self) -> Dict[str, Any]:
        """Return the document: every line by its own key; the ranges of drivers as pairs."""
        return {**_shown_lines(self.fields), "compatible_version_drv": _shown_ranges(self.compatible_version_drv)}


def _shown_ranges(ranges: Reading[Tuple[Range, ...]]) -> Any:
    return None if isinstance(ranges, Missing) else [list(pair) for pair in ranges]


def _shown_lines(fields: Mapping[str, str]) -> Dict[str, Any]:
    names = fields.get("compatible_version")
    shown: Dict[str, Any] = {"package_version": None, **fields}
    if names is not None:
        shown["compatible_version"] = [name for name in re.split(r"[\[\],\s]+", names) if name]
    return shown


_LIST = re.compile(r"\[[^\[\]]*\](?:,\s*\[[^\[\]]*\])*\Z")


def _ranges(key: str, lines: Sequence[Line]) -> Reading[Tuple[Range, ...]]:
    """Return the ranges of a line `key=[low,high],[low,high]`; one version alone in its brackets is both."""
    line = next((parts for parts in assignments(lines) if parts.key == key), None)
    if line is None or not line.value:
        return NOT_REPORTED
    if not _LIST.match(line.value):
        raise line.line.error(f"`[low,high]` for {key}")
    found = []
    for inner in re.findall(r"\[([^\[\]]*)\]", line.value):
        versions = [version.strip() for version in inner.split(",")]
        if len(versions) > 2 or not all(versions):
            raise line.line.error(f"`[low,high]` for {key}")
        found.append((versions[0], versions[-1]))
    return tuple(found)


def _version(fields: Mapping[str, str]) -> str:
    version = known(reading_of(fields.get("Version", "")))
    if version is None:
        raise ParseError(0, "a line `Version=`")
    return version


def parse_driver(evidence: Evidence) -> Reading[DriverVersionFacts]:
    """Parse `driver/version.info`."""
    lines = lines_of(evidence.stdout)
    fields = settings(lines)
    package = reading_of(fields.get("package_version", ""))
    return DriverVersionFacts(_version(fields), package, _ranges("compatible_version_fw", lines), fields)


def parse_firmware(evidence: Evidence) -> Reading[FirmwareVersionFacts]:
    """Parse `firmware/version.info`."""
    lines = lines_of(evidence.stdout)
    fields = settings(lines)
    package = reading_of(fields.get("package_version", ""))
    return FirmwareVersionFacts(_version(fields), package, _ranges("compatible_version_drv", lines), fields)


DRIVER: Source[DriverVersionFacts] = Source(
    name="file/driver-version",
    scope=Scope.NODE,
    medium=Medium.FILE,
    argv=("cat", DRIVER_PATH),
    forms=(("cat", "*/driver/version.info"),),
    parse=parse_driver,
    cost=Cost.STATIC,
)
FIRMWARE: Source[FirmwareVersionFacts] = Source(
    name="file/firmware-version",
    scope=Scope.NODE,
    medium=Medium.FILE,
    argv=("cat", FIRMWARE_PATH),
    forms=(("cat", "*/firmware/version.info"),),
    parse=parse_firmware,
    cost=Cost.STATIC,
)
