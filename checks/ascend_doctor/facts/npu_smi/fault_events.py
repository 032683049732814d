"""`npu-smi info -t current-fault-event`: the alarms that are up on an NPU at this moment."""

from __future__ import annotations

import re
from typing import List, Sequence, Tuple

import attrs

from ascend_doctor.facts.npu_smi.key_answer import lines_about
from ascend_doctor.facts.parsing import Line, ParseError
from ascend_doctor.facts.source import FOR_ONE_CHIP, Scope, Source
from ascend_doctor.facts.tables import KeyLine, key_line, whole
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Missing, Reading


@attrs.frozen
class FaultEvent:
    """One alarm: its code as printed (`0x81AF8000`), its severity from 0 (informational) to 3 (critical), its place."""

    event_id: str
    severity: int
    node_type_ex: int
    node_id: int
    sub_node_type_ex: int
    sub_node_id: int


@attrs.frozen
class FaultEventFacts:
    """The alarms of one NPU, as many as `count` says."""

    count: int
    events: Tuple[FaultEvent, ...]


_COUNT = "fault event count"
_INFORMATION = "fault event information"
_EVENT = re.compile(
    r"event id=(0[xX][0-9A-Fa-f]{1,8}), severity=([0-9]{1,3}), node type ex=([0-9]{1,6}), node id=([0-9]{1,6}), "
    r"sub node type ex=([0-9]{1,6}), sub node id=([0-9]{1,6})\Z"
)


def parse(evidence: Evidence) -> Reading[FaultEventFacts]:
    """Parse `npu-smi info -t current-fault-event -i N`, with or without `-c`."""
    lines = lines_about("current-fault-event", evidence)
    if isinstance(lines, Missing):
        return lines
    first, *rest = [_parts(line) for line in lines]
    if first.key != _COUNT:
        raise first.line.error("`Fault Event Count`")
    count = whole(first)
    if not rest:
        raise ParseError(lines[-1].number + 1, "`Fault Event Information`", "the end of the answer")
    events = () if count == 0 and _says_none(rest) else tuple(_events(rest))
    if len(events) != count:
        raise ParseError(lines[-1].number + 1, f"{count} events", f"{len(events)}")
    return FaultEventFacts(count, events)


def _parts(line: Line) -> KeyLine:
    parts = key_line(line)
    if parts is None:
        raise line.error("`label : value`")
    return parts


def _says_none(lines: Sequence[KeyLine]) -> bool:
    return [(parts.key, parts.value) for parts in lines] == [(_INFORMATION, "NA")]


def _events(lines: Sequence[KeyLine]) -> List[FaultEvent]:
    """Return the events; the label stands before the first one, the others go on without it."""
    found = []
    for position, parts in enumerate(lines):
        event = _EVENT.match(parts.value)
        if event is None or parts.key != ("" if position else _INFORMATION):
            raise parts.line.error("`event id=0x..., severity=N, ...`")
        found.append(FaultEvent(event.group(1), *map(int, event.groups()[1:])))
    return found


SOURCE: Source[FaultEventFacts] = Source(
    name="npu-smi/current-fault-event",
    scope=Scope.CHIP,
    argv=("npu-smi", "info", "-t", "current-fault-event", "-i", "{npu}", *FOR_ONE_CHIP),
    parse=parse,
    generations=frozenset((Generation.A5,)),
)
