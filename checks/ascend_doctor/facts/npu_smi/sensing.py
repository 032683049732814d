"""What one instrument shows, chip by chip: `npu-smi info -t temp`, `-t power` and `-t volt`."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.facts.npu_smi.blocks import Block, blocks_of, only_chip
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.facts.tables import Fields, KeyLine, bind, count, number
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing, Reading


@attrs.frozen
class ChipTemperature:
    """The temperature of one chip in degrees Celsius; missing where the tool could not ask. It can be below zero."""

    chip: Reading[int]
    temperature_c: Reading[int]
    extra: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class BoardSensor:
    """One sensor of the board's controller: the name that its firmware gives, and degrees Celsius.

    Missing where the controller says that the sensor has no value (`NA`) or cannot be read (`Failed`).
    """

    name: str
    temperature_c: Reading[int]


@attrs.frozen
class BoardSensors:
    """The controller with its sensors; `failure` where the tool could not ask it."""

    sensors: Tuple[BoardSensor, ...] = ()
    failure: Optional[Missing] = None


@attrs.frozen
class TemperatureFacts:
    """What `npu-smi info -t temp -i N` says of a card; `mcu` is None where the answer does not name the controller."""

    chips: Tuple[ChipTemperature, ...]
    npu: Optional[int] = None
    chip_count: Optional[int] = None
    mcu: Optional[BoardSensors] = None

    def as_document(self) -> Dict[str, Any]:
        """Return the document; the value of the only chip also stands at its top."""
        return only_chip(self, self.chips)


@attrs.frozen
class ChipPower:
    """The power of one chip in watts, on an A3 that of both dies; `rated_power_w` is what a 310 prints instead."""

    chip: Reading[int]
    power_w: Optional[Reading[float]] = None
    rated_power_w: Optional[Reading[float]] = None
    extra: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class BoardPower:
    """The power of the whole board in watts, as its controller measures it; missing where the tool could not ask."""

    power_w: Reading[float]


@attrs.frozen
class PowerFacts:
    """What `npu-smi info -t power -i N` says of a card. The chips of a 310P have no power of their own."""

    chips: Tuple[ChipPower, ...]
    npu: Optional[int] = None
    chip_count: Optional[int] = None
    mcu: Optional[BoardPower] = None

    def as_document(self) -> Dict[str, Any]:
        """Return the document; the value of the only chip also stands at its top."""
        return only_chip(self, self.chips)


@attrs.frozen
class ChipVoltage:
    """The voltage of one chip in volts; missing where the tool could not ask, or prints NA."""

    chip: Reading[int]
    voltage_v: Reading[float]
    extra: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class BoardVoltage:
    """The voltage that the controller of the board measures, in volts."""

    voltage_v: Reading[float]


@attrs.frozen
class VoltageFacts:
    """What `npu-smi info -t volt -i N` says of a card."""

    chips: Tuple[ChipVoltage, ...]
    npu: Optional[int] = None
    chip_count: Optional[int] = None
    mcu: Optional[BoardVoltage] = None

    def as_document(self) -> Dict[str, Any]:
        """Return the document; the value of the only chip also stands at its top."""
        return only_chip(self, self.chips)


# --- Temperatures --------------------------------------------------------------------------------------------------

# A server prints the longer label, a card the shorter one (vendor source).
_TEMPERATURE = ("npu temperature(c)", "temperature(c)")
_UNREADABLE = Missing(Absence.TOOL_FAILED, "the controller could not read the sensor")


def parse_temperatures(evidence: Evidence) -> Reading[TemperatureFacts]:
    """Parse `npu-smi info -t temp -i N`, with or without `-c`."""
    answer = blocks_of(evidence)
    if isinstance(answer, Missing):
        return answer
    chips: List[ChipTemperature] = []
    mcu: Optional[BoardSensors] = None
    for block in answer.blocks:
        if block.is_mcu or _is_controller(block):
            mcu = BoardSensors(_sensors(block.lines), block.failure)
        else:
            fields: Fields = dict.fromkeys(_TEMPERATURE, ("temperature_c", count))
            chips.append(ChipTemperature(block.chip, **_one_value(block, fields, "`Temperature (C)`")))
    return TemperatureFacts(tuple(chips), answer.npu, answer.chip_count, mcu)


def _is_controller(block: Block) -> bool:
    """Tell whether an answer to `-c` is about the controller: it has its own names for its sensors."""
    names = [parts.key for parts in block.lines]
    return isinstance(block.chip, Missing) and bool(names) and not set(names) & set(_TEMPERATURE)


def _sensors(lines: Sequence[KeyLine]) -> Tuple[BoardSensor, ...]:
    found = tuple(map(_sensor, lines))
    # A sensor without a name is printed as NA, and there may be several (vendor source).
    names = [sensor.name for sensor in found if sensor.name != "NA"]
    if len(set(names)) != len(names):
        raise lines[-1].line.error("each sensor once")
    return found


def _sensor(parts: KeyLine) -> BoardSensor:
    if not parts.key.endswith("(c)"):
        raise parts.line.error("a sensor of the controller in degrees, `NAME (C)`")
    value = _UNREADABLE if parts.value == "Failed" else count(parts)
    return BoardSensor(parts.label.rpartition("(")[0].strip(), value)


# --- Power and voltage ---------------------------------------------------------------------------------------------

_BOARD_POWER = "power dissipation(w)"
_POWER: Fields = {
    "npu real-time power(w)": ("power_w", number),
    "rated power dissipation(w)": ("rated_power_w", number),
}


def parse_power(evidence: Evidence) -> Reading[PowerFacts]:
    """Parse `npu-smi info -t power -i N`, with or without `-c`."""
    answer = blocks_of(evidence)
    if isinstance(answer, Missing):
        return answer
    chips: List[ChipPower] = []
    mcu: Optional[BoardPower] = None
    for block in answer.blocks:
        if block.is_mcu or [parts.key for parts in block.lines] == [_BOARD_POWER]:
            fields: Fields = {_BOARD_POWER: ("power_w", number)}
            mcu = BoardPower(_one_value(block, fields, "`Power Dissipation(W)`")["power_w"])
        else:
            chips.append(ChipPower(block.chip, **_one_value(block, _POWER, "`NPU Real-time Power(W)`")))
    return PowerFacts(tuple(chips), answer.npu, answer.chip_count, mcu)


def parse_voltage(evidence: Evidence) -> Reading[VoltageFacts]:
    """Parse `npu-smi info -t volt -i N`, with or without `-c`."""
    answer = blocks_of(evidence)
    if isinstance(answer, Missing):
        return answer
    fields: Fields = {"voltage(v)": ("voltage_v", number)}
    values = [(block, _one_value(block, fields, "`Voltage(V)`")) for block in answer.blocks]
    chips = tuple(ChipVoltage(block.chip, **found) for block, found in values if not block.is_mcu)
    mcu = next((BoardVoltage(found["voltage_v"]) for block, found in values if block.is_mcu), None)
    return VoltageFacts(chips, answer.npu, answer.chip_count, mcu)


def _one_value(block: Block, fields: Fields, expected: str) -> Dict[str, Any]:
    """Return the value of a block under its field's name; the reason where the tool could not ask the chip."""
    name = next(iter(fields.values()))[0]
    if block.failure is not None:
        return {name: block.failure}
    values = bind(block.lines, fields)
    if not any(field in values for field, _ in fields.values()):
        raise block.lines[0].line.error(expected)
    return values


def _source(kind: str, parse: Callable[[Evidence], Reading[Any]]) -> Source[Any]:
    return Source(
        name=f"npu-smi/{kind}",
        scope=Scope.CARD,
        argv=("npu-smi", "info", "-t", kind, "-i", "{npu}"),
        parse=parse,
    )


TEMPERATURE: Source[TemperatureFacts] = _source("temp", parse_temperatures)
POWER: Source[PowerFacts] = _source("power", parse_power)
VOLTAGE: Source[VoltageFacts] = _source("volt", parse_voltage)
