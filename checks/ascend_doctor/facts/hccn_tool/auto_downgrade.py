"""`hccn_tool -i N -auto_downgrade -g`: whether a port goes on with fewer lanes when one fails."""

from __future__ import annotations

import re

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, value_of
from ascend_doctor.facts.hccn_tool.newer import newer_answer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import NOT_REPORTED, Reading

_SECONDS = re.compile(r"([0-9]{1,3}) s\Z")
_STATES = ("not downgrade", "downgrade success", "downgrade failure")
_FEWEST, _MOST = 3, 4


@attrs.frozen
class AutoDowngradeFacts:
    """Whether it is switched on, whether the port is capable of it, and how many seconds a lane has to be lost first.

    `downgrade_status` is `not downgrade`, `downgrade success` or `downgrade failure`; missing where the device is in
    none of these (vendor source, tool_ops_ext.c).
    """

    enabled: bool
    supported: bool
    filter_time_s: int
    downgrade_status: Reading[str] = NOT_REPORTED


def parse(evidence: Evidence) -> Reading[AutoDowngradeFacts]:
    """Parse `hccn_tool -i N -auto_downgrade -g`."""
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    keys = ("setting", "ability", "filter time", "downgrade status")
    values = [value_of(line, key) for line, key in zip(lines, keys)]
    if not _FEWEST <= len(lines) <= _MOST:
        raise lines[-1].error("three or four lines from `setting` to `downgrade status`")
    if values[0] not in ("enable", "disable"):
        raise lines[0].error("`enable` or `disable`")
    if values[1] not in ("support", "not support"):
        raise lines[1].error("`support` or `not support`")
    seconds = _SECONDS.match(values[2])
    if seconds is None:
        raise lines[2].error("a number of seconds (`7 s`)")
    if values[3:] and values[3] not in _STATES:
        raise lines[3].error(f"one of {', '.join(_STATES)}")
    state: Reading[str] = values[3] if values[3:] else NOT_REPORTED
    return AutoDowngradeFacts(values[0] == "enable", values[1] == "support", int(seconds.group(1)), state)


SOURCE: Source[AutoDowngradeFacts] = Source(
    name="hccn_tool/auto_downgrade",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-auto_downgrade", "-g"),
    parse=parse,
    generations=frozenset({Generation.A2, Generation.A3}),
    interval_s=900.0,
)
