"""Who the node is: when it was started, which devices it shows, as whom the doctor looks at it."""

from __future__ import annotations

import json
import math
from typing import Mapping, Tuple

import attrs

from ascend_doctor.facts.parsing import ParseError, lines_of
from ascend_doctor.facts.source import Cost, Medium, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Reading


@attrs.frozen
class HostFacts:
    """Facts of the host.

    `boot_time` and `file_times` (modification times by path) are in seconds since the epoch. `davinci` are the numbers
    N of /dev/davinciN. `euid` is the effective user id of the doctor; `has_passwd_entry` whether that user has a name:
    `hccn_tool` fails without a word when it has none (vendor source, hccn_comm.c). `container` tells that the doctor
    itself runs in one, so that some devices and files may be hidden from it. `machine` is `aarch64` or `x86_64`.
    """

    boot_time: Reading[float] = NOT_REPORTED
    davinci: Reading[Tuple[int, ...]] = NOT_REPORTED
    euid: Reading[int] = NOT_REPORTED
    has_passwd_entry: Reading[bool] = NOT_REPORTED
    container: Reading[bool] = NOT_REPORTED
    machine: Reading[str] = NOT_REPORTED
    kernel: Reading[str] = NOT_REPORTED
    file_times: Mapping[str, float] = attrs.field(factory=dict)


_FORMS = {
    "boot_time": (int, float),
    "euid": (int,),
    "has_passwd_entry": (bool,),
    "container": (bool,),
    "machine": (str,),
    "kernel": (str,),
}


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is no number that JSON can hold")
    return number


def parse(evidence: Evidence) -> Reading[HostFacts]:
    """Parse the host facts. Unknown keys are ignored, so that an older doctor reads a newer recording."""
    lines_of(evidence.stdout)
    try:
        document = json.loads(evidence.stdout, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise ParseError(getattr(error, "lineno", 0), "JSON", str(error)) from None
    if not isinstance(document, dict):
        raise ParseError(1, "a JSON object", evidence.stdout[:40].decode("utf-8", "replace"))
    values = {}
    for name, forms in _FORMS.items():
        value = document.get(name)
        if value is None:
            continue
        if not isinstance(value, forms) or (isinstance(value, bool) and bool not in forms):
            raise ParseError(1, f"{forms[0].__name__} for {name!r}", repr(value))
        values[name] = value
    davinci = document.get("davinci")
    if davinci is not None:
        if not isinstance(davinci, list) or not all(type(number) is int for number in davinci):
            raise ParseError(1, "a list of numbers for 'davinci'", repr(davinci))
        values["davinci"] = tuple(davinci)
    times = document.get("file_times", {})
    if not isinstance(times, dict) or not all(type(time) in (int, float) for time in times.values()):
        raise ParseError(1, "times by path for 'file_times'", repr(times))
    return HostFacts(**values, file_times=times)


SOURCE: Source[HostFacts] = Source(
    name="host/facts",
    scope=Scope.NODE,
    medium=Medium.HOST,
    argv=("host-facts",),
    parse=parse,
    cost=Cost.CHEAP,
)
