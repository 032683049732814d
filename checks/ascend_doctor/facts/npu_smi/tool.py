"""The tool itself: `npu-smi -v` and its help, which lists the types it knows."""

from __future__ import annotations

import re
from typing import Sequence, Tuple

import attrs

from ascend_doctor.facts.npu_smi.answers import lines_or_refusal
from ascend_doctor.facts.parsing import Line, ParseError
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing, Reading

_VERSION = re.compile(r"npu-smi version: (\S{1,64})\Z")


@attrs.frozen
class ToolFacts:
    """The version of the tool as it prints it."""

    version: str


def parse_version(evidence: Evidence) -> Reading[ToolFacts]:
    """Parse `npu-smi -v`."""
    lines = lines_or_refusal(evidence)
    if isinstance(lines, Missing):
        return lines
    found = _VERSION.match(lines[0].stripped)
    if found is None or len(lines) > 1:
        raise lines[-1].error("`npu-smi version: ` and nothing else")
    return ToolFacts(found.group(1))


_USAGE = re.compile(r"Usage: npu-smi .+")
_TYPES = re.compile(r".*\btype: ((?:[\w-]{1,40}, ?){0,100}[\w-]{1,40})\.(?: |\Z)")

_ALL_TYPES = (
    "aicpu-config board boot-area boot-select common cpu-freq-up cpu-num-cfg current-fault-event custom-op "
    "custom-op-cfg-recover custom-op-secverify-cert custom-op-secverify-enable custom-op-secverify-mode "
    "customized-info device-share device-share-cfg-recover ecc ecc-enable err-count first-power-on-date flash hccs "
    "hccs-bw hccs-credit health i2c_check info-vnpu ip key-manage license mac-addr mcu-monitor memory "
    "multi-die-policy multi-die-policy-cfg-recover nve-level op-timeout p2p-enable p2p-mem-cfg pcie-err phyid-remap "
    "pkcs-enable power proc-mem product pwm-duty-ratio pwm-mode rootkey sensors sio-info spod-info ssh-enable "
    "sys-log-info sys-time temp template-info tls-cert tls-cert-period tls-csr-get topo usages vnpu-cfg-recover "
    "vnpu-mode vnpu-svm volt work-mode"
)
KNOWN_TYPES = frozenset(_ALL_TYPES.split())
"""All types that the help of any known tool lists."""


@attrs.frozen
class HelpFacts:
    """What a help text of `npu-smi` lists: its first line, and the types of `info -t`, none in the help of the tool."""

    usage: str
    types: Tuple[str, ...]

    DERIVED = ("types_include", "types_exclude", "types_count")

    @property
    def types_include(self) -> Tuple[str, ...]:
        """The types that the tool knows, under the name that a refused call shows them with."""
        return self.types

    @property
    def types_exclude(self) -> Tuple[str, ...]:
        """The types of other tools that this one does not know."""
        return tuple(sorted(KNOWN_TYPES.difference(self.types)))

    @property
    def types_count(self) -> int:
        """How many types the tool knows."""
        return len(self.types)


def parse_help(evidence: Evidence) -> Reading[HelpFacts]:
    """Parse the help of `npu-smi` or of `npu-smi info`; with an error code it is the tool's answer to a wrong call."""
    spoken = evidence.stdout.strip() and evidence.exit_code
    lines = lines_or_refusal(attrs.evolve(evidence, exit_code=0) if spoken else evidence)
    if isinstance(lines, Missing):
        return lines
    facts = _help(lines)
    return Missing(Absence.TOOL_FAILED, facts.usage) if spoken else facts


def _help(lines: Sequence[Line]) -> HelpFacts:
    first = lines[0]
    foreign = next((line for line in lines if not line.text.isascii()), None)
    if foreign is not None:
        raise foreign.error("a help text in English")
    if not _USAGE.match(first.stripped) or sum(_USAGE.match(line.stripped) is not None for line in lines) > 1:
        raise first.error("`Usage: npu-smi`, once")
    if not first.stripped.startswith("Usage: npu-smi info "):
        if not lines[-1].stripped.startswith("upgrade"):
            raise ParseError(lines[-1].number + 1, "the rest of the commands", "the end of the answer")
        return HelpFacts(first.stripped, ())
    listed = _TYPES.match(" ".join(line.stripped for line in lines))
    types = [] if listed is None else [word.strip() for word in listed.group(1).split(",")]
    if not types or len(set(types)) != len(types) or not lines[-1].stripped.startswith("-"):
        raise ParseError(lines[-1].number + 1, "a list of types, and the options behind it", "the end of the answer")
    return HelpFacts(first.stripped, tuple(types))


VERSION: Source[ToolFacts] = Source(
    name="npu-smi/version",
    scope=Scope.NODE,
    argv=("npu-smi", "-v"),
    parse=parse_version,
    cost=Cost.STATIC,
    interval_s=3600.0,
)
HELP: Source[HelpFacts] = Source(
    name="npu-smi/help",
    scope=Scope.NODE,
    argv=("npu-smi", "info", "-h"),
    forms=(
        ("npu-smi", "info", "--help"),
        ("npu-smi", "-h"),
        ("npu-smi", "--help"),
        ("npu-smi",),
        ("npu-smi", "{command}"),
        ("npu-smi", "info", "-t", "{type}"),
    ),
    parse=parse_help,
    cost=Cost.STATIC,
    interval_s=3600.0,
)
