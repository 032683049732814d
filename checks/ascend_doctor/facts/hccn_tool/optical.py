"""`hccn_tool -i N -optical -g`: the optical module of the port."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Iterable, List, Mapping, Sequence, Tuple, TypeVar

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer, key_and_value, value_of, words_of
from ascend_doctor.facts.parsing import Line, decimal, integer
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import is_elision, reading_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading, known

T = TypeVar("T")


@attrs.frozen
class OpticalFacts:
    """What the module says of itself, each value missing where the tool prints `NA`, `not supported` or `get failed`.

    `present` may be False beside readings; both are kept. It is missing when the tool could not look.
    `control_link` is False when the tool says that it cannot reach the module (`Control link unreachable.`), and
    missing otherwise: the tool never says that it can.
    Powers in milliwatts and bias in milliamperes are one value per lane; SNR in dB likewise. `*_high*`/`*_low*` are
    the module's own limits. Flags are the tool's hexadecimal text, a bit per lane. `high_power_enable` is the tool's
    word. `extra` holds the lines that the parser does not know, under the tool's keys. `elided` tells that a published
    sample has lines cut out by its author (`...`).
    """

    present: Reading[bool]
    control_link: Reading[bool] = NOT_REPORTED
    temperature_c: Reading[int] = NOT_REPORTED
    high_power_enable: Reading[str] = NOT_REPORTED
    vendor: Reading[str] = NOT_REPORTED
    part_number: Reading[str] = NOT_REPORTED
    serial_number: Reading[str] = NOT_REPORTED
    oui: Reading[str] = NOT_REPORTED
    identifier: Reading[str] = NOT_REPORTED
    wavelength_nm: Reading[float] = NOT_REPORTED
    date: Reading[str] = NOT_REPORTED
    vcc_mv: Reading[float] = NOT_REPORTED
    tx_power_mw: Tuple[Reading[float], ...] = ()
    rx_power_mw: Tuple[Reading[float], ...] = ()
    vcc_high_mv: Reading[float] = NOT_REPORTED
    vcc_low_mv: Reading[float] = NOT_REPORTED
    temp_high_c: Reading[int] = NOT_REPORTED
    temp_low_c: Reading[int] = NOT_REPORTED
    tx_power_high_mw: Reading[float] = NOT_REPORTED
    tx_power_low_mw: Reading[float] = NOT_REPORTED
    rx_power_high_mw: Reading[float] = NOT_REPORTED
    rx_power_low_mw: Reading[float] = NOT_REPORTED
    tx_bias_ma: Tuple[Reading[float], ...] = ()
    tx_los: Reading[str] = NOT_REPORTED
    rx_los: Reading[str] = NOT_REPORTED
    tx_lol: Reading[str] = NOT_REPORTED
    rx_lol: Reading[str] = NOT_REPORTED
    host_snr_db: Tuple[Reading[float], ...] = ()
    media_snr_db: Tuple[Reading[float], ...] = ()
    extra: Mapping[str, str] = attrs.field(factory=dict)
    elided: bool = False

    DERIVED = ("lanes_out_of_range",)

    @property
    def lanes_out_of_range(self) -> Mapping[str, Tuple[int, ...]]:
        """Lanes whose power is outside the module's own limits.

        `tx_power_high`, `tx_power_low`, `rx_power_high`, `rx_power_low`, each with its lane numbers; only kinds that
        occur. What is missing is in none of them.
        """
        found: Dict[str, Tuple[int, ...]] = {}
        for kind, powers, high, low in (
            ("tx_power", self.tx_power_mw, known(self.tx_power_high_mw), known(self.tx_power_low_mw)),
            ("rx_power", self.rx_power_mw, known(self.rx_power_high_mw), known(self.rx_power_low_mw)),
        ):
            lanes = [(lane, power) for lane, power in enumerate(powers) if not isinstance(power, Missing)]
            above = tuple(lane for lane, power in lanes if high is not None and power > high)
            below = tuple(lane for lane, power in lanes if low is not None and power < low)
            found.update({name: which for name, which in ((f"{kind}_high", above), (f"{kind}_low", below)) if which})
        return found


Converter = Callable[[str, Line], Reading[Any]]


def _present(text: str, line: Line) -> bool:
    if text not in ("present", "not present"):
        raise line.error("`present` or `not present`")
    return text == "present"


def _reading(text: str) -> Reading[str]:
    return Missing(Absence.TOOL_FAILED, text) if text == "get failed" else reading_of(text)


def _text(text: str, _: Line) -> Reading[str]:
    return _reading(text)


def _flag(text: str, line: Line) -> Reading[str]:
    flag = _reading(text)
    if not isinstance(flag, Missing) and not re.match(r"0x[0-9a-fA-F]{1,8}\Z", flag):
        raise line.error("a hexadecimal flag such as `0x0`")
    return flag


def _measure(unit: str, number: Callable[[str, Line, str], T]) -> Callable[[str, Line], Reading[T]]:
    """Return the converter of a number that the tool prints with a unit."""

    def convert(text: str, line: Line) -> Reading[T]:
        shown = _reading(text)
        if isinstance(shown, Missing):
            return shown
        value, _, found = shown.rpartition(" ")
        if found != unit:
            raise line.error(f"a number in {unit}, `NA`, `not supported` or `get failed`")
        return number(value, line, f"a number in {unit}")

    return convert


_celsius, _millivolt = _measure("C", integer), _measure("mV", decimal)
_milliwatt, _milliampere = _measure("mW", decimal), _measure("mA", decimal)
_decibel, _nanometre = _measure("dB", decimal), _measure("nm", decimal)

Fields = Mapping[str, Tuple[str, Converter]]

# The groups in the order of the tool (vendor source, tool.c); a group is printed whole or not at all.
_IDENTITY: Fields = {
    "present": ("present", _present),
    "temperature": ("temperature_c", _celsius),
    "high power enable reg": ("high_power_enable", _text),
    "vendor name": ("vendor", _text),
    "vendor part number": ("part_number", _text),
    "vendor serial number": ("serial_number", _text),
    "vendor org unique id": ("oui", _text),
    "xsfp identifier": ("identifier", _text),
    "xsfp wave length": ("wavelength_nm", _nanometre),
    "manufact date code": ("date", _text),
}
_LIMITS: Fields = {
    "Vcc": ("vcc_mv", _millivolt),
    "Vcc High Thres": ("vcc_high_mv", _millivolt),
    "Vcc Low Thres": ("vcc_low_mv", _millivolt),
    "Temp High Thres": ("temp_high_c", _celsius),
    "Temp Low Thres": ("temp_low_c", _celsius),
    "TxPower High Thres": ("tx_power_high_mw", _milliwatt),
    "TxPower Low Thres": ("tx_power_low_mw", _milliwatt),
    "RxPower High Thres": ("rx_power_high_mw", _milliwatt),
    "RxPower Low Thres": ("rx_power_low_mw", _milliwatt),
}
_FLAGS: Fields = {
    "Tx Los Flag": ("tx_los", _flag),
    "Rx Los Flag": ("rx_los", _flag),
    "Tx LoL Flag": ("tx_lol", _flag),
    "Rx LoL Flag": ("rx_lol", _flag),
}
_SINGLE: Fields = {**_IDENTITY, **_LIMITS, **_FLAGS}
# One line per lane, numbered from 0; without a number when the module has one lane or says nothing.
_LANES: Fields = {
    "Tx Power": ("tx_power_mw", _milliwatt),
    "Rx Power": ("rx_power_mw", _milliwatt),
    "Tx Bias": ("tx_bias_ma", _milliampere),
    "Host SNR Lane": ("host_snr_db", _decibel),
    "Media SNR Lane": ("media_snr_db", _decibel),
}
_POWERS = ("Tx Power", "Rx Power")
_MOST_LANES = 8
# Newer tools close with these; they go to `extra`.
_CLOSING = ("Physical Code", "vendor rev", "Specification compliance")


def parse(evidence: Evidence) -> Reading[OpticalFacts]:
    """Parse `hccn_tool -i N -optical -g`."""
    if words_of(evidence, "Optical module is not present."):
        return OpticalFacts(present=False)
    unreachable = words_of(evidence, "Control link unreachable.")
    if unreachable is not None:
        return OpticalFacts(present=Missing(Absence.NOT_READY, unreachable, evidence.exit_code), control_link=False)
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    head, *lines = data_lines(evidence)
    if value_of(head, "optical info"):
        raise head.error("`optical info:`")
    shown = [line for line in lines if not is_elision(line)]
    found = _by_key(shown)
    elided = len(shown) < len(lines)
    # Whatever an author cuts out of a sample, the first line says whether there is a module.
    if not elided or "present" not in found:
        _expect_complete(found, lines[-1] if lines else head)
    values: Dict[str, Any] = {}
    for key, (name, convert) in _SINGLE.items():
        if key in found:
            values[name] = convert(*found.pop(key))
    for key, (name, convert) in _LANES.items():
        lanes = [convert(*found.pop(lane)) if lane else NOT_REPORTED for lane in _lanes(found, key)]
        values[name] = tuple(lanes)
    return OpticalFacts(**values, extra={key: text for key, (text, _) in found.items()}, elided=elided)


Found = Dict[str, Tuple[str, Line]]


def _by_key(lines: Sequence[Line]) -> Found:
    found: Found = {}
    for line in lines:
        key, text = key_and_value(line)
        if key in found:
            raise line.error("another key than before")
        found[key] = (text, line)
    return found


def _lanes(found: Found, key: str) -> List[str]:
    """Return the key of each lane of one kind, empty for a lane that is not shown while a higher one is."""
    if key in found:
        return [key]
    names = [f"{key}{lane}" for lane in range(_MOST_LANES)]
    shown = [lane for lane, name in enumerate(names) if name in found]
    return [name if name in found else "" for name in names[: shown[-1] + 1]] if shown else []


def _expect_complete(found: Found, last: Line) -> None:
    """Raise `ParseError` unless every group that has begun is whole, so that a cut answer is told from a short one."""
    _expect_keys(found, (*_IDENTITY, *_LIMITS), last)
    # A module that is absent, or does not tell its voltage, has nothing to say after the limits.
    is_measured = not isinstance(_reading(found["Vcc"][0]), Missing) or any(key in found for key in _FLAGS)
    if is_measured:
        _expect_keys(found, _FLAGS, last)
    if any(key in found for key in _CLOSING):
        _expect_keys(found, _CLOSING, last)
    lanes = [_lanes(found, key) for key in (_LANES if is_measured else _POWERS)]
    if not all(lanes) or not all(all(names) for names in lanes) or len({len(names) for names in lanes}) > 1:
        raise last.error("a line for each lane of each kind by this line")


def _expect_keys(found: Found, keys: Iterable[str], last: Line) -> None:
    absent = [key for key in keys if key not in found]
    if absent:
        raise last.error(f"`{absent[0]} :` by this line")


SOURCE: Source[OpticalFacts] = Source(
    name="hccn_tool/optical",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-optical", "-g"),
    parse=parse,
    generations=ROCE,
    cost=Cost.SLOW,
    interval_s=300.0,
)
