"""`/etc/hccn.conf`: the network settings of the NPUs as they should be applied at the next start."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Tuple

import attrs

from ascend_doctor.facts.parsing import Line, ParseError, lines_of
from ascend_doctor.facts.source import Cost, Medium, Scope, Source
from ascend_doctor.facts.tables import Assignment, assignments, is_elision
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading

PATH = "/etc/hccn.conf"


@attrs.frozen
class HccnConfDevice:
    """The settings of one NPU (`device` is its phy-id).

    A setting is None where the file has no line for it, and missing where the line is there and empty or no such value.
    Address and netmask go together: where only one has a line, the other is missing. `arp` holds several lines one
    below the other, and so does each text of `extra`, the settings that the doctor does not know.
    """

    device: int
    address: Optional[Reading[str]] = None
    netmask: Optional[Reading[str]] = None
    gateway: Optional[Reading[str]] = None
    netdetect: Optional[Reading[str]] = None
    arp: Optional[Reading[str]] = None
    send_arp_status: Optional[Reading[int]] = None
    tls_enable: Optional[Reading[int]] = None
    extra: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class HccnConfFacts:
    """The whole file: the settings per NPU, and lines that belong to none (`prio_tc=…`) in `settings`.

    `complete` is False where somebody has left lines out and put `...` in their place.
    """

    devices: Tuple[HccnConfDevice, ...]
    settings: Mapping[str, str] = attrs.field(factory=dict)
    complete: bool = True

    DERIVED = ("device_count", "first", "elided")

    @property
    def device_count(self) -> int:
        """How many NPUs have settings."""
        return len(self.devices)

    @property
    def first(self) -> Optional[HccnConfDevice]:
        """The settings of the first NPU in the file."""
        return self.devices[0] if self.devices else None

    @property
    def elided(self) -> bool:
        """Whether lines were left out, under the name that answers of `hccn_tool` have for it."""
        return not self.complete


def _address(parts: Assignment) -> Reading[str]:
    if _ADDRESS.match(parts.value):
        return parts.value
    return Missing(Absence.UNPARSED, str(parts.line.error("an address"))) if parts.value else NOT_REPORTED


def _switch(parts: Assignment) -> Reading[int]:
    if _NUMBER.match(parts.value):
        return int(parts.value)
    return Missing(Absence.UNPARSED, str(parts.line.error("a whole number"))) if parts.value else NOT_REPORTED


def _text(parts: Assignment) -> Reading[str]:
    return parts.value or NOT_REPORTED


# Four parts, which a document may have masked (`10.xx.xx.1`), or the colon form of IPv6.
_ADDRESS = re.compile(
    r"(?:(?:[0-9]{1,3}|[xX*]{1,3})(?:\.(?:[0-9]{1,3}|[xX*]{1,3})){3}|[0-9A-Fa-f]*(?::[0-9A-Fa-f.]*){2,8})\Z"
)
_NUMBER = re.compile(r"[0-9]{1,9}\Z")
_OF_DEVICE = re.compile(r"([A-Za-z][A-Za-z0-9_]*?)_([0-9]{1,4})\Z")

_FIELDS = {
    "address": _address,
    "netmask": _address,
    "gateway": _address,
    "netdetect": _address,
    "send_arp_status": _switch,
    "tls_enable": _switch,
    "arp": _text,
}
_ONCE = frozenset(_FIELDS) - {"arp"}


def parse(evidence: Evidence) -> Reading[HccnConfFacts]:
    """Parse `/etc/hccn.conf`."""
    lines = lines_of(evidence.stdout, ends_in_newline=False)
    shown = [line for line in lines if not is_elision(line)]
    devices: Dict[int, _Settings] = {}
    settings: Dict[str, str] = {}
    for parts in assignments(shown):
        named = _OF_DEVICE.match(parts.key)
        if named is not None:
            _add(devices.setdefault(int(named.group(2)), {}), named.group(1), parts)
        elif parts.key in settings:
            raise parts.line.error(f"{parts.key!r} only once")
        else:
            settings[parts.key] = parts.value
    if not devices and not settings:
        raise ParseError(0, "settings `name_N=value`")
    # People edit this file. Without a newline at its end nobody can tell whether the last value is whole.
    cut = None if evidence.stdout.endswith(b"\n") else lines[-1]
    found = tuple(_device(device, named, cut) for device, named in devices.items())
    if cut is not None and not any(_is_known(named, cut) for named in devices.values()):
        raise cut.error("a newline at the end of the file")
    return HccnConfFacts(found, settings, complete=len(shown) == len(lines))


_Settings = Dict[str, List[Assignment]]


def _add(named: _Settings, name: str, parts: Assignment) -> None:
    before = named.setdefault(name, [])
    if parts.value in [other.value for other in before] or (before and name in _ONCE):
        raise parts.line.error(f"{parts.key!r} only once")
    before.append(parts)


def _is_known(named: _Settings, line: Line) -> bool:
    return any(parts.line is line for name in named if name in _FIELDS for parts in named[name])


def _device(device: int, named: _Settings, cut: Optional[Line]) -> HccnConfDevice:
    values: Dict[str, Any] = {}
    extra: Dict[str, str] = {}
    for name, lines in named.items():
        if name not in _FIELDS:
            extra[name] = "\n".join(parts.value for parts in lines)
        elif lines[-1].line is cut:
            values[name] = Missing(Absence.UNPARSED, str(cut.error("a newline at the end of the file")))
        else:
            values[name] = _FIELDS[name](attrs.evolve(lines[0], value="\n".join(parts.value for parts in lines)))
    if ("address" in values) != ("netmask" in values):
        values = {"address": NOT_REPORTED, "netmask": NOT_REPORTED, **values}
    return HccnConfDevice(device, extra=extra, **values)


SOURCE: Source[HccnConfFacts] = Source(
    name="file/hccn-conf",
    scope=Scope.NODE,
    medium=Medium.FILE,
    argv=("cat", PATH),
    parse=parse,
    cost=Cost.STATIC,
    generations=ROCE,
)
