"""The NPUs in the output of `lspci`, whole or filtered; a live node is asked by `ascend_doctor.facts.host.pci`."""

from __future__ import annotations

import re
from typing import ClassVar, List, Optional, Tuple

import attrs

from ascend_doctor.facts.host.pci import NPU_IDS
from ascend_doctor.facts.parsing import Line, lines_of
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Reading


@attrs.frozen
class LspciFacts:
    """`devices` are the addresses of the NPUs, as printed and in the order of the list.

    `device_id` is their id in four hexadecimal digits, missing when the list holds none or several kinds.
    `unreadable` are those that no longer answer: their revision reads as ff.
    """

    DERIVED: ClassVar[Tuple[str, ...]] = ("count",)

    devices: Tuple[str, ...]
    device_id: Reading[str] = NOT_REPORTED
    unreadable: Tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many NPUs there are."""
        return len(self.devices)


_ENTRY = re.compile(r"(?P<address>(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) (?P<rest>\S.*)\Z")
_CLASS_AND_NAME = re.compile(r"[A-Z][\x20-\x39\x3b-\x7e]*: \S.*\Z")
_ID = re.compile(r"Huawei\b.*(?:\bDevice |\[19e5:)(?P<id>[0-9a-f]{4})\b")
_LOST = "(rev ff)"


def parse(evidence: Evidence) -> LspciFacts:
    """Parse the list, one line for each device. Other devices than NPUs are passed over, however they are named."""
    found: List[Tuple[str, str, bool]] = []
    for line in lines_of(evidence.stdout):
        address, rest = _split(line)
        device_id = _npu_id(rest)
        if device_id is not None:
            if address in [known for known, _, _ in found]:
                raise line.error("every device once")
            found.append((address, device_id, _LOST in rest))
    ids = {device_id for _, device_id, _ in found}
    return LspciFacts(
        tuple(address for address, _, _ in found),
        ids.pop() if len(ids) == 1 else NOT_REPORTED,
        tuple(address for address, _, lost in found if lost),
    )


def _split(line: Line) -> Tuple[str, str]:
    match = _ENTRY.match(line.text)
    if match is None or _CLASS_AND_NAME.match(match["rest"]) is None:
        raise line.error("the address, the class and the name of a device")
    return match["address"], match["rest"]


def _npu_id(rest: str) -> Optional[str]:
    match = _ID.search(rest)
    return match["id"] if match and match["id"] in NPU_IDS else None


_FILTER = "lspci | grep acce"

SOURCE: Source[LspciFacts] = Source(
    name="lspci/list",
    scope=Scope.NODE,
    argv=("lspci",),
    parse=parse,
    forms=(
        ("lspci", "-D"),
        ("lspci", "-nn"),
        ("lspci", "-D", "-nn"),
        ("lspci", "-d", "19e5:"),
        ("lspci", "-D", "-d", "19e5:"),
        tuple(_FILTER.split()),
        ("sh", "-c", _FILTER),
        ("sh", "-c", *_FILTER.split()),
    ),
)
