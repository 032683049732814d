"""`npu-smi info -t temp`, `power`, `volt` and `sensors`: what the instruments of a chip show."""

from __future__ import annotations

from typing import Dict

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.blocks import NOT_SUPPORTED, Block, Query, needs_chip
from ascend_doctor.simulator.npu_smi.cards import Card
from ascend_doctor.simulator.npu_smi.layout import Value, key_line


def _temperature(machine: Machine, chip: Chip) -> Block:
    call = "dsmi_get_soc_sensor_info" if machine.generation is Generation.A5 else "dsmi_get_device_temperature"
    label = "NPU Temperature (C)" if machine.generation.has_hbm else "Temperature (C)"
    return _value(chip, call, label, chip.temp_c)


def _board_temperatures(machine: Machine) -> Block:
    # Names have eight places; a sensor without a name is called NA on servers.
    return Block([f"\t{name or 'NA':<8}{' (C)':<22} : {degrees}" for name, degrees in machine.board.mcu_sensors])


def _power(machine: Machine, chip: Chip) -> Block:
    if not machine.generation.has_hbm:
        return NOT_SUPPORTED
    return _value(chip, "dsmi_get_device_power_info", "NPU Real-time Power(W)", f"{chip.power_w:.1f}")


def _board_power(machine: Machine) -> Block:
    if machine.generation.has_hbm:
        return NOT_SUPPORTED
    return Block([key_line("Power Dissipation(W)", f"{machine.board.mcu_power_w:.1f}")])


_NO_VOLTAGE = range(0x7FFD, 0x8000)


def _voltage(_machine: Machine, chip: Chip) -> Block:
    shown = "NA" if round(100 * chip.voltage_v) in _NO_VOLTAGE else f"{chip.voltage_v:.2f}"
    return _value(chip, "dsmi_get_device_voltage", "Voltage(V)", shown)


def _board_voltage(machine: Machine) -> Block:
    if machine.generation.has_hbm:
        return NOT_SUPPORTED
    return Block([key_line("Voltage(V)", f"{machine.board.mcu_voltage_v:.2f}")])


def _value(chip: Chip, call: str, label: str, value: Value) -> Block:
    failure = chip.query_failures.get(call, codes.OK)
    return Block((), codes.tool_code(failure)) if failure else Block([key_line(label, value)])


_NO_TEMPERATURE = (0x7EFF, 0x7FFF)
_FRONT_CARDS = 4


def _sensors(machine: Machine, chip: Chip) -> Block:
    failure = chip.query_failures.get("dsmi_get_soc_sensor_info", codes.OK)
    if failure:
        return Block((), codes.tool_code(failure))
    own = chip.sensors
    shown = {"Soc Max": own.soc_c}
    if machine.generation.has_hbm:
        optic = _chip_with_optic(machine, chip).sensors.optic_c
        shown.update({"SFP": optic, "NDIE": own.ndie_c, "HBM": own.hbm_c})
    return Block([key_line(f"{name} Temperature (C)", _degrees(value)) for name, value in shown.items()])


def _degrees(value: int) -> Value:
    return "NA" if value in _NO_TEMPERATURE else value


def _chip_with_optic(machine: Machine, chip: Chip) -> Chip:
    """Return the chip that knows the temperature of a chip's module: on an A3 one of another card (vendor source)."""
    if machine.generation is not Generation.A3:
        return chip
    front = chip.npu < _FRONT_CARDS
    card = chip.npu + _FRONT_CARDS * (chip.chip if front else chip.chip - 1)
    return next((other for other in machine.chips_of(card) if other.chip == chip.chip), chip)


def _of_only_chip(machine: Machine, card: Card) -> Block:
    return _sensors(machine, card.chips[0])


QUERIES: Dict[str, Query] = {
    "temp": Query("temp", _temperature, _temperature, _board_temperatures, _board_temperatures),
    "power": Query("power", _power, _power, _board_power, _board_power),
    "volt": Query("volt", _voltage, _voltage, _board_voltage, _board_voltage),
    "sensors": Query("sensors", _sensors, _sensors, of_card=needs_chip),
}
QUERIES_A5: Dict[str, Query] = {"sensors": Query("sensors", _sensors, None, of_card=_of_only_chip)}
