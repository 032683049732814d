"""`hccn_tool -i N -pfc_stat -g`: for how long priority flow control has stopped the port, and its storm watchdog."""

from __future__ import annotations

import re
from typing import Dict, List, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines
from ascend_doctor.facts.hccn_tool.newer import newer_answer
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Reading

PRIORITIES = 8
_DURATION = re.compile(r"(tx|rx)_pfc([0-7])_duration_time=([0-9]{1,17}\.[0-9]{3})ms\Z")
_COUNT = re.compile(r"(tx)_pfc([0-7])_duration_(warn|err)_cnt: ([0-9]{1,20})\Z")


@attrs.frozen
class PfcStatFacts:
    """A value for each of the eight priorities, counted since the start of the port.

    `tx_ms` is for how long the port told its neighbour to stop, in milliseconds: it could not take more. `rx_ms` is for
    how long its neighbour told it. `warn_count` and `err_count` are what the storm watchdog counted, missing on tools
    without it.
    """

    tx_ms: Tuple[float, ...]
    rx_ms: Tuple[float, ...]
    warn_count: Tuple[Reading[int], ...] = (NOT_REPORTED,) * PRIORITIES
    err_count: Tuple[Reading[int], ...] = (NOT_REPORTED,) * PRIORITIES


def parse(evidence: Evidence) -> Reading[PfcStatFacts]:
    """Parse `hccn_tool -i N -pfc_stat -g`."""
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    values = _by_kind(lines)
    # Either all groups are there or, on tools without the watchdog, the first two.
    if list(values) not in (["tx", "rx"], ["tx", "rx", "warn", "err"]):
        raise lines[-1].error("a line for each priority of each group by this line")
    for found in values.values():
        if len(found) != PRIORITIES:
            raise lines[-1].error("a line for each of the eight priorities by this line")
    counts = {kind: tuple(int(text) for text in values[kind]) for kind in ("warn", "err") if kind in values}
    return PfcStatFacts(
        tuple(map(float, values["tx"])),
        tuple(map(float, values["rx"])),
        counts.get("warn", (NOT_REPORTED,) * PRIORITIES),
        counts.get("err", (NOT_REPORTED,) * PRIORITIES),
    )


def _by_kind(lines: List[Line]) -> Dict[str, List[str]]:
    """Return the texts of each group, priorities in order."""
    values: Dict[str, List[str]] = {}
    for line in lines:
        duration, count = _DURATION.match(line.stripped), _COUNT.match(line.stripped)
        if duration is not None:
            kind, priority, text = duration.groups()
        elif count is not None:
            _, priority, kind, text = count.groups()
        else:
            raise line.error("`tx_pfcN_duration_time=...ms` or `tx_pfcN_duration_warn_cnt: ...`")
        found = values.setdefault(kind, [])
        if int(priority) != len(found) or kind != list(values)[-1]:
            raise line.error("the priorities of each group in order")
        found.append(text)
    return values


SOURCE: Source[PfcStatFacts] = Source(
    name="hccn_tool/pfc-stat",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-pfc_stat", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=300.0,
    keeps=3,
)
