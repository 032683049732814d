"""The event log of the management controller: `ipmitool sel list`, or what the controller's own shell prints.

The two forms are told apart by their first line. `ipmitool` prints no head and the date as MM/DD/YYYY; the shell of
Huawei's controller prints a head, and the vendor's event code in a column of its own.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Tuple

import attrs

from ascend_doctor.facts.parsing import Line, lines_of
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading


@attrs.frozen
class SelEntry:
    """One event. `at` is the controller's time, in its own zone, missing for events before its clock was set.

    `code` is the vendor's (`0x56000005`, small letters), `severity` its word, `sensor` the sensor that `ipmitool`
    names; each is missing in the other form. `asserted` is False for the end of a state.
    """

    number: str
    at: Reading[str]
    description: str
    asserted: bool
    sensor: Reading[str] = NOT_REPORTED
    severity: Reading[str] = NOT_REPORTED
    code: Reading[str] = NOT_REPORTED


@attrs.frozen
class SelFacts:
    """`entries` in the order of the log, which is oldest first for `ipmitool` and newest first for the shell."""

    entries: Tuple[SelEntry, ...] = ()


_HEAD = ("ID", "Generation Time", "Severity", "Event Code", "Status", "Event Description")
_EMPTY = re.compile(r"SEL has no entries\Z")
_NO_DEVICE = re.compile(r"Could not open device")
_NUMBER = re.compile(r"[0-9a-fA-F]{1,8}\Z")
_CODE = re.compile(r"0x[0-9a-fA-F]{1,8}\Z")
_STATES = {"Asserted": True, "Deasserted": False}
_PRE_INIT = "Pre-Init"


def parse(evidence: Evidence) -> Reading[SelFacts]:
    """Parse the log of either form. A host without a way to its controller gives `TOOL_FAILED`."""
    # Which stream it says this on depends on the version of the tool.
    lines = lines_of(evidence.stdout if evidence.stdout.strip() else evidence.stderr)
    if _NO_DEVICE.match(lines[0].stripped):
        return Missing(Absence.TOOL_FAILED, lines[0].stripped[:200])
    if _EMPTY.match(lines[0].stripped):
        return SelFacts()
    if _cells(lines[0]) == _HEAD:
        return SelFacts(tuple(_of_the_shell(line) for line in lines[1:] if line.stripped.strip("-+| ")))
    return SelFacts(tuple(map(_of_ipmitool, lines)))


def _cells(line: Line) -> Tuple[str, ...]:
    return tuple(cell.strip() for cell in line.text.split("|"))


def _of_the_shell(line: Line) -> SelEntry:
    cells = _cells(line)
    if len(cells) < len(_HEAD):
        raise line.error(f"{len(_HEAD)} columns")
    number, at, severity, code, status = cells[:5]
    if not _CODE.match(code):
        raise line.error("an event code like 0x56000005")
    return SelEntry(
        number=_number(number, line),
        at=_time(at, "%Y-%m-%d %H:%M:%S", line),
        description=" | ".join(cells[5:]),
        asserted=_is_asserted(status, line),
        severity=severity,
        code=code.lower(),
    )


def _of_ipmitool(line: Line) -> SelEntry:
    cells = list(_cells(line))
    before_the_clock = len(cells) > 1 and cells[1].startswith(_PRE_INIT)
    if before_the_clock and len(cells) == 5:
        cells.insert(2, "")
    if len(cells) != 6:
        raise line.error("number, date, time, sensor, event and state")
    number, date, time, sensor, event, state = cells
    # The zone behind the time is printed by some versions; it is the host's and says nothing of the controller's.
    at: Reading[str] = NOT_REPORTED
    if not before_the_clock:
        at = _time(f"{date} {time.partition(' ')[0]}", "%m/%d/%Y %H:%M:%S", line)
    return SelEntry(_number(number, line), at, event, _is_asserted(state, line), sensor=sensor)


def _number(text: str, line: Line) -> str:
    if not _NUMBER.match(text):
        raise line.error("the number of an entry")
    return text


def _is_asserted(text: str, line: Line) -> bool:
    if text not in _STATES:
        raise line.error("Asserted or Deasserted")
    return _STATES[text]


def _time(text: str, form: str, line: Line) -> str:
    try:
        return dt.datetime.strptime(text, form).isoformat(sep=" ")  # noqa: DTZ007 - the zone is the controller's secret
    except ValueError:
        raise line.error("a date and a time") from None


SOURCE: Source[SelFacts] = Source(
    name="ipmitool/sel",
    scope=Scope.NODE,
    argv=("ipmitool", "sel", "list"),
    parse=parse,
    cost=Cost.SLOW,
    interval_s=3600.0,
    timeout_s=60.0,
    forms=(("ipmcget", "-d", "sel", "-v", "list"),),
)
