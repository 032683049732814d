"""Whether the NPUs compute, and how fast."""

from __future__ import annotations

from typing import Any, Tuple

import attrs

from ascend_doctor.facts.parsing import ParseError
from ascend_doctor.facts.runtime.answers import SCRIPT, TOOL, object_or_refusal, whole, words
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading


@attrs.frozen
class DeviceTime:
    """One NPU. `device` is its number in the runtime.

    `duration_ms` is how long one product of matrices took. It is missing where none was made, as `error` says.
    `is_right` tells whether the product was what it has to be.
    """

    device: int
    duration_ms: Reading[float] = NOT_REPORTED
    is_right: bool = False
    error: str = ""


@attrs.frozen
class ComputeFacts:
    """The NPUs that the runtime sees. `error` says why it does not start at all."""

    devices: Tuple[DeviceTime, ...] = ()
    error: str = ""


def parse(evidence: Evidence) -> Reading[ComputeFacts]:
    """Parse the answer of the script to `compute`."""
    found = object_or_refusal(evidence, "compute")
    if isinstance(found, Missing):
        return found
    if "error" in found:
        return ComputeFacts(error=words(found["error"], "error"))
    devices = found.get("devices")
    if not isinstance(devices, list):
        raise ParseError(1, "a list for 'devices'", repr(devices))
    return ComputeFacts(tuple(map(_device, devices)))


def _device(item: Any) -> DeviceTime:
    if not isinstance(item, dict):
        raise ParseError(1, "an object for each device", repr(item))
    number = whole(item.get("device"), "device")
    if "error" in item:
        return DeviceTime(number, error=words(item["error"], "error"))
    duration, is_right = item.get("duration_ms"), item.get("is_right")
    if isinstance(duration, bool) or not isinstance(duration, (int, float)) or not 0 < duration < 1e9:
        raise ParseError(1, "milliseconds for 'duration_ms'", repr(duration))
    if not isinstance(is_right, bool):
        raise ParseError(1, "true or false for 'is_right'", repr(is_right))
    return DeviceTime(number, float(duration), is_right)


SOURCE: Source[ComputeFacts] = Source(
    name="python/compute",
    scope=Scope.NODE,
    argv=(TOOL, SCRIPT, "compute"),
    parse=parse,
    cost=Cost.SLOW,
    interval_s=86_400.0,
    timeout_s=600.0,
)
