"""`hccn_tool -i N -optical -g v2`: the optical module of the port as two tables, with all limits of the module."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Sequence, Tuple

import attrs

from ascend_doctor.facts.document import fields_of
from ascend_doctor.facts.hccn_tool.answers import data_lines, value_of
from ascend_doctor.facts.hccn_tool.newer import newer_answer
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import reading_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading

LANES = 4
NO_LIGHT = float("-inf")
"""The power in dBm of a lane without any light."""
_DOUBLE, _SINGLE = re.compile(r"={20,}\Z"), re.compile(r"-{20,}\Z")
_FLAGS = (
    ("tx_fault", "TxFault"),
    ("rx_los", "RxLos"),
    ("tx_los", "TxLos"),
    ("tx_lol", "TxLol"),
    ("rx_lol", "RxLol"),
)
_STATES = {"Normal": False, "Abnormal": True}
_COLUMNS = ("Items", "Value", "HighAlarm", "HighWarn", "LowAlarm", "LowWarn", "Status")
_NUMBER = re.compile(r"(?:-?[0-9]{1,9}\.[0-9]{2}|-inf)\Z")
# The rows in the order of the tool (vendor source, tool_optical.c): the field, and how the tool calls it.
_SINGLE_ROWS = (("temperature_c", "Temperature(C)"), ("voltage_v", "Voltage(V)"))
_LANE_ROWS = (
    ("tx_bias_ma", "Bias lane{}(mA)"),
    ("rx_power_dbm", "RxPower Lane{}(dBm)"),
    ("tx_power_dbm", "TxPower Lane{}(dBm)"),
    ("media_snr_db", "MediaSNR Lane{}(dB)"),
    ("host_snr_db", "HostSNR Lane{}(dB)"),
)


@attrs.frozen
class Measure:
    """A value and the module's own limits for it; each missing where the tool prints `-`.

    A power without light is `NO_LIGHT`.
    """

    value: Reading[float] = NOT_REPORTED
    high_alarm: Reading[float] = NOT_REPORTED
    high_warn: Reading[float] = NOT_REPORTED
    low_alarm: Reading[float] = NOT_REPORTED
    low_warn: Reading[float] = NOT_REPORTED
    status: Reading[str] = NOT_REPORTED

    def as_document(self) -> Dict[str, Any]:
        """Return the fields; no light stands in the tool's word, because JSON has no such number."""
        shown = fields_of(self)
        return {key: "-inf" if number == NO_LIGHT else number for key, number in shown.items()}


@attrs.frozen
class OpticalV2Facts:
    """Flags and readings, one value per lane where there are lanes; flags are True for `Abnormal`."""

    tx_fault: Tuple[Reading[bool], ...]
    rx_los: Tuple[Reading[bool], ...]
    tx_los: Tuple[Reading[bool], ...]
    tx_lol: Tuple[Reading[bool], ...]
    rx_lol: Tuple[Reading[bool], ...]
    high_power_enable: Reading[str]
    temperature_c: Measure
    voltage_v: Measure
    tx_bias_ma: Tuple[Measure, ...]
    rx_power_dbm: Tuple[Measure, ...]
    tx_power_dbm: Tuple[Measure, ...]
    media_snr_db: Tuple[Measure, ...]
    host_snr_db: Tuple[Measure, ...]


def parse(evidence: Evidence) -> Reading[OpticalV2Facts]:
    """Parse `hccn_tool -i N -optical -g v2`."""
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    lines = _Lines(data_lines(evidence))
    lines.skip(_DOUBLE, "State-flag Diagnostic Monitoring:", _SINGLE, "Items            Status", _SINGLE)
    found: Dict[str, Any] = {field: _flag(lines.next(), name) for field, name in _FLAGS}
    found["high_power_enable"] = reading_of(value_of(lines.next(), "High power enable reg"))
    lines.skip(_SINGLE, _DOUBLE, "Digital Diagnostic Monitoring:", _SINGLE)
    head = lines.next()
    if head.words != _COLUMNS:
        raise head.error(" ".join(_COLUMNS))
    for field, name in _SINGLE_ROWS:
        found[field] = _measure(lines.next(), name)
    for field, name in _LANE_ROWS:
        found[field] = tuple(_measure(lines.next(), name.format(lane)) for lane in range(LANES))
    lines.end()
    return OpticalV2Facts(**found)


class _Lines:
    """The lines of an answer, taken one after the other."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._taken = 0

    def next(self) -> Line:
        if self._taken == len(self._lines):
            raise self._lines[-1].error("more after this line")
        self._taken += 1
        return self._lines[self._taken - 1]

    def skip(self, *expected: Any) -> None:
        """Take lines that carry no data: a text, or the pattern of a rule."""
        for what in expected:
            line = self.next()
            if not (line.stripped == what if isinstance(what, str) else what.match(line.stripped)):
                raise line.error(what if isinstance(what, str) else "a rule")

    def end(self) -> None:
        if self._taken < len(self._lines):
            raise self._lines[self._taken].error("the end of the answer")


def _flag(line: Line, name: str) -> Tuple[Reading[bool], ...]:
    prefix = f"{name} Flag "
    words = [word.strip() for word in line.stripped[len(prefix) :].split("|")]
    if not line.stripped.startswith(prefix) or len(words) != LANES:
        raise line.error(f"`{name} Flag` and a word for each of four lanes")
    return tuple(_state(word, line) for word in words)


def _state(word: str, line: Line) -> Reading[bool]:
    state = reading_of(word)
    if isinstance(state, Missing):
        return state
    if state not in _STATES:
        raise line.error("`Normal`, `Abnormal` or `-`")
    return _STATES[state]


def _measure(line: Line, name: str) -> Measure:
    cells: List[str] = line.stripped[len(name) :].split()
    if not line.stripped.startswith(f"{name} ") or len(cells) != len(_COLUMNS) - 1:
        raise line.error(f"`{name}` and six cells")
    value, high_alarm, high_warn, low_alarm, low_warn = (_number(cell, line) for cell in cells[:-1])
    return Measure(value, high_alarm, high_warn, low_alarm, low_warn, reading_of(cells[-1]))


def _number(cell: str, line: Line) -> Reading[float]:
    text = reading_of(cell)
    if isinstance(text, Missing):
        return text
    if not _NUMBER.match(text):
        raise line.error("a number with two decimals, or `-`")
    return float(text)


SOURCE: Source[OpticalV2Facts] = Source(
    name="hccn_tool/optical-v2",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-optical", "-g", "v2"),
    parse=parse,
    generations=ROCE,
    cost=Cost.SLOW,
    interval_s=900.0,
)
