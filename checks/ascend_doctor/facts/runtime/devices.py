"""How many NPUs the runtime sees."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.runtime.answers import SCRIPT, TOOL, object_or_refusal, whole, words
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading


@attrs.frozen
class DevicesFacts:
    """`count` is how many NPUs torch_npu sees. It is missing where the runtime does not start, as `error` says."""

    count: Reading[int] = NOT_REPORTED
    error: str = ""


def parse(evidence: Evidence) -> Reading[DevicesFacts]:
    """Parse the answer of the script to `devices`."""
    found = object_or_refusal(evidence, "devices")
    if isinstance(found, Missing):
        return found
    if "error" in found:
        return DevicesFacts(error=words(found["error"], "error"))
    return DevicesFacts(whole(found.get("count"), "count"))


SOURCE: Source[DevicesFacts] = Source(
    name="python/devices",
    scope=Scope.NODE,
    argv=(TOOL, SCRIPT, "devices"),
    parse=parse,
    cost=Cost.SLOW,
    interval_s=900.0,
    timeout_s=120.0,
)
