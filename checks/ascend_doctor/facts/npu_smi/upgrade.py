"""`npu-smi upgrade -b`: versions of what sits beside the chips on a board. The verb is `upgrade`; `-b` only asks."""

from __future__ import annotations

from typing import List, Mapping, Optional, Tuple

import attrs

from ascend_doctor.facts.npu_smi.answers import lines_or_refusal
from ascend_doctor.facts.npu_smi.key_answer import bound
from ascend_doctor.facts.parsing import Line, ParseError
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import Fields, KeyLine, count, key_line, words
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading


@attrs.frozen
class McuFacts:
    """The firmware of the board's controller (MCU); missing where the tool prints `NA`. Unknown labels in `extra`."""

    version: Reading[str]
    extra: Mapping[str, str] = attrs.field(factory=dict)


_MCU: Fields = {"version": ("version", words)}


def parse_mcu(evidence: Evidence) -> Reading[McuFacts]:
    """Parse `npu-smi upgrade -b mcu -i N`."""
    lines = lines_or_refusal(evidence)
    return lines if isinstance(lines, Missing) else McuFacts(**bound(lines, _MCU, tuple(_MCU)))


@attrs.frozen
class Regulator:
    """One voltage regulator: its running version, the one it has after the next power cycle, and upgrades left.

    All three are missing where the tool could not read the regulator.
    """

    name: str
    current: Reading[int] = NOT_REPORTED
    target: Reading[int] = NOT_REPORTED
    remaining: Reading[int] = NOT_REPORTED


@attrs.frozen
class RegulatorFacts:
    """What `npu-smi upgrade -b vrd -i N` says. `vrd_count` is missing where the board does not tell of any."""

    vrd_count: Reading[int]
    regulators: Tuple[Regulator, ...]

    DERIVED = ("names", "current", "target", "remaining")

    @property
    def names(self) -> Tuple[str, ...]:
        """The names of the regulators."""
        return tuple(one.name for one in self.regulators)

    @property
    def current(self) -> Tuple[Reading[int], ...]:
        """Their running versions."""
        return tuple(one.current for one in self.regulators)

    @property
    def target(self) -> Tuple[Reading[int], ...]:
        """Their versions after the next power cycle."""
        return tuple(one.target for one in self.regulators)

    @property
    def remaining(self) -> Tuple[Reading[int], ...]:
        """How often each can still be upgraded."""
        return tuple(one.remaining for one in self.regulators)


_COUNTS = ("vrd count", "vdm count")
_NAMES = ("vrd name", "vdm name")
_FIELDS = {"current version": "current", "target version": "target", "remaining upgrade count": "remaining"}
_UNREAD = ("Failed", "NA")


def parse_regulators(evidence: Evidence) -> Reading[RegulatorFacts]:
    """Parse `npu-smi upgrade -b vrd -i N`, and `-b vdm`, which has the same form."""
    lines = lines_or_refusal(evidence)
    if isinstance(lines, Missing):
        return lines
    head, *rest = lines
    first = key_line(head)
    if first is None or first.key not in _COUNTS:
        raise head.error("`VRD Count`")
    blocks: List[List[Line]] = []
    for line in rest:
        parts = key_line(line)
        if parts is not None and parts.key in _NAMES:
            blocks.append([])
        if not blocks:
            raise line.error("`VRD Name`")
        blocks[-1].append(line)
    regulators = tuple(map(_regulator, blocks))
    number = count(first)
    expected: Optional[int] = 0 if isinstance(number, Missing) else number
    if not expected == len(regulators) == len({one.name for one in regulators}):
        raise ParseError(lines[-1].number, f"{expected} regulators, each once", f"{len(regulators)}")
    return RegulatorFacts(number, regulators)


def _regulator(block: List[Line]) -> Regulator:
    name = key_line(block[0])
    if name is None or not name.value:
        raise block[0].error("the name of a regulator")
    if len(block) == 2 and block[1].stripped in _UNREAD:
        return Regulator(name.value)
    parts = [_labelled(line) for line in block[1:]]
    if {part.key for part in parts} != set(_FIELDS) or len(parts) != len(_FIELDS):
        raise ParseError(block[-1].number + 1, "versions and remaining upgrades", "the end of the block")
    return Regulator(name.value, **{_FIELDS[part.key]: count(part) for part in parts})


def _labelled(line: Line) -> KeyLine:
    parts = key_line(line)
    if parts is None:
        raise line.error("`label : value`")
    return parts


MCU: Source[McuFacts] = Source(
    name="npu-smi/mcu-version",
    scope=Scope.CARD,
    argv=("npu-smi", "upgrade", "-b", "mcu", "-i", "{npu}"),
    parse=parse_mcu,
    cost=Cost.SLOW,
    interval_s=86400.0,
    timeout_s=30.0,
    generations=frozenset({Generation.A2, Generation.A3, Generation.P310P}),
)
VRD: Source[RegulatorFacts] = Source(
    name="npu-smi/vrd-version",
    scope=Scope.CARD,
    argv=("npu-smi", "upgrade", "-b", "vrd", "-i", "{npu}"),
    forms=(("npu-smi", "upgrade", "-b", "vdm", "-i", "{npu}"),),
    parse=parse_regulators,
    cost=Cost.SLOW,
    interval_s=86400.0,
    timeout_s=30.0,
    generations=frozenset({Generation.A2, Generation.A3, Generation.A5}),
)
