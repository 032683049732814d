"""Settings of the whole node that `npu-smi info -t` shows: keys, splitting into vNPUs, two dies, saved system logs."""

from __future__ import annotations

import re
from typing import Callable, Dict, List, Mapping, Tuple, TypeVar

import attrs

from ascend_doctor.facts.npu_smi.key_answer import bound, key_answer, lines_about
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import Fields, count, words
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Missing, Reading

T = TypeVar("T")


@attrs.frozen
class KeyManagementFacts:
    """Whether the service that manages keys starts by itself (Enable, Disable) and runs (Running, Stop).

    Unknown labels are kept in `extra`, here and below.
    """

    auto_startup: Reading[str]
    running: Reading[str]
    extra: Mapping[str, str] = attrs.field(factory=dict)


_KEY_MANAGEMENT: Fields = {
    "service auto startup": ("auto_startup", words),
    "service running status": ("running", words),
}


def parse_key_management(evidence: Evidence) -> Reading[KeyManagementFacts]:
    """Parse `npu-smi info -t key-manage`."""
    found = key_answer("key-manage", evidence, _KEY_MANAGEMENT, tuple(_KEY_MANAGEMENT))
    return found if isinstance(found, Missing) else KeyManagementFacts(**found)


@attrs.frozen
class VnpuModeFacts:
    """For whom NPUs are split: `docker` or `VM`."""

    mode: Reading[str]
    extra: Mapping[str, str] = attrs.field(factory=dict)

    DERIVED = ("vnpu_mode",)

    @property
    def vnpu_mode(self) -> Reading[str]:
        """The same under the tool's own label."""
        return self.mode


_VNPU_MODE: Fields = {"vnpu-mode": ("mode", words)}


def parse_vnpu_mode(evidence: Evidence) -> Reading[VnpuModeFacts]:
    """Parse `npu-smi info -t vnpu-mode`."""
    found = key_answer("vnpu-mode", evidence, _VNPU_MODE, tuple(_VNPU_MODE))
    return found if isinstance(found, Missing) else VnpuModeFacts(**found)


@attrs.frozen
class RecoverModeFacts:
    """Whether a setting comes back after a restart: `Enable` or `Disable`."""

    recover_mode: Reading[str]
    extra: Mapping[str, str] = attrs.field(factory=dict)


def parse_vnpu_recovery(evidence: Evidence) -> Reading[RecoverModeFacts]:
    """Parse `npu-smi info -t vnpu-cfg-recover`."""
    return _recovery("vnpu-cfg-recover", "vnpu config recover mode", evidence)


def parse_multi_die_recovery(evidence: Evidence) -> Reading[RecoverModeFacts]:
    """Parse `npu-smi info -t multi-die-policy-cfg-recover`."""
    return _recovery("multi-die-policy-cfg-recover", "multi-die-policy config recover mode", evidence)


def _recovery(kind: str, label: str, evidence: Evidence) -> Reading[RecoverModeFacts]:
    found = key_answer(kind, evidence, {label: ("recover_mode", words)}, (label,))
    return found if isinstance(found, Missing) else RecoverModeFacts(**found)


@attrs.frozen
class MultiDiePolicyFacts:
    """Whether the loss of one die takes its module along (`UNION_POLICY`) or not (`INDEP_POLICY`)."""

    policy: Reading[str]
    extra: Mapping[str, str] = attrs.field(factory=dict)


_MULTI_DIE: Fields = {"multi_die policy": ("policy", words)}


def parse_multi_die(evidence: Evidence) -> Reading[MultiDiePolicyFacts]:
    """Parse `npu-smi info -t multi-die-policy`."""
    found = key_answer("multi-die-policy", evidence, _MULTI_DIE, tuple(_MULTI_DIE))
    return found if isinstance(found, Missing) else MultiDiePolicyFacts(**found)


@attrs.frozen
class SystemLogFacts:
    """Whether the device's system logs are saved: the mode after a restart, how often, and where to.

    `gear` and `path` are missing while nothing is configured. `collecting` are the NPUs of which logs are being saved.
    """

    recover_mode: Reading[str]
    gear: Reading[int]
    path: Reading[str]
    collecting: Tuple[int, ...] = ()
    extra: Mapping[str, str] = attrs.field(factory=dict)


_SYSTEM_LOG: Fields = {
    "current syslog dump config recover mode": ("recover_mode", words),
    "current syslog dump config gear": ("gear", count),
    "current syslog dump config path": ("path", words),
}
_COLLECTING = re.compile(r"NPU ([0-9]{1,9}) syslog collecting process is existed\Z")


def parse_system_log(evidence: Evidence) -> Reading[SystemLogFacts]:
    """Parse `npu-smi info -t sys-log-info`."""
    lines = lines_about("sys-log-info", evidence)
    if isinstance(lines, Missing):
        return lines
    settings: List[Line] = []
    collecting: Dict[int, None] = {}
    for line in lines:
        said = _COLLECTING.match(line.stripped)
        if said is None:
            settings.append(line)
        elif int(said.group(1)) in collecting:
            raise line.error("each NPU once")
        else:
            collecting[int(said.group(1))] = None
    return SystemLogFacts(collecting=tuple(collecting), **bound(settings or lines, _SYSTEM_LOG, tuple(_SYSTEM_LOG)))


def _about_node(kind: str, parse: Callable[[Evidence], Reading[T]]) -> Source[T]:
    argv = ("npu-smi", "info", "-t", kind)
    return Source(name=f"npu-smi/{kind}", scope=Scope.NODE, argv=argv, parse=parse, cost=Cost.CHEAP)


SOURCES = (
    _about_node("key-manage", parse_key_management),
    _about_node("vnpu-mode", parse_vnpu_mode),
    _about_node("vnpu-cfg-recover", parse_vnpu_recovery),
    _about_node("multi-die-policy", parse_multi_die),
    _about_node("multi-die-policy-cfg-recover", parse_multi_die_recovery),
    _about_node("sys-log-info", parse_system_log),
)
