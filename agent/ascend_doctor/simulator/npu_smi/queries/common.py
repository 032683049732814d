"""`npu-smi info -t common`: a table of its own, in which a block starts with its chip."""

from __future__ import annotations

from typing import Dict

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.blocks import NOT_SUPPORTED, Block, Query
from ascend_doctor.simulator.npu_smi.cards import Card
from ascend_doctor.simulator.npu_smi.layout import Value, key_line

_UTILISATION = "dsmi_get_device_utilization_rate"
_CLOCKS = "dsmi_get_aicore_info"
_POWER = "dsmi_get_device_power_info"


def _common(machine: Machine, card: Card) -> Block:
    """Return the answer for a card. A failed call leaves a 0; one for the power ends the look at the whole card."""
    a5 = machine.generation is Generation.A5
    lines = [key_line("NPU ID", card.id)]
    if not a5:
        lines.append(key_line("Chip Count", len(card.chips)))
    ended = False
    for chip in card.chips:
        lines += [] if a5 else ["", key_line("Chip ID", chip.chip)]
        values = _values(machine, chip)
        lines += [key_line(key, _zero(value) if ended else value) for key, value in values.items()]
        ended = ended or (machine.generation.has_hbm and _fails(chip, _POWER))
    if card.mcu_id is not None:
        name, degrees = machine.board.mcu_sensors[-1]
        lines += ["", key_line("Chip Name", "mcu"), key_line("Temperature(C)", 0 if ended or not name else degrees)]
        if not machine.generation.has_hbm:
            lines.append(key_line("NPU Real-time Power(W)", f"{machine.board.mcu_power_w:.1f}"))
    return Block(lines)


def _values(machine: Machine, chip: Chip) -> Dict[str, Value]:
    generation = machine.generation
    warmth = "dsmi_get_soc_sensor_info" if generation is Generation.A5 else "dsmi_get_device_temperature"
    values: Dict[str, Value] = {
        "Memory Usage Rate(%)": 0 if generation.has_hbm else _read(chip, _UTILISATION, chip.memory_pct)
    }
    if generation.has_hbm:
        values["HBM Usage Rate(%)"] = _read(chip, _UTILISATION, chip.hbm_pct)
    load = chip.npu_pct if generation is Generation.A5 else chip.aicore_pct
    values["Aicore Usage Rate(%)"] = _read(chip, _UTILISATION, load)
    values["Aicore Freq(MHZ)"] = _read(chip, _CLOCKS, chip.clocks.aicore_rated_mhz)
    values["Aicore curFreq(MHZ)"] = _read(chip, _CLOCKS, chip.clocks.aicore_mhz)
    if generation.has_hbm:
        # The tool asks for the number of cores only after it has the use of the HBM.
        values["Aicore Count"] = 0 if _fails(chip, _UTILISATION) else chip.aicore_count
    values["Temperature(C)"] = _read(chip, warmth, chip.temp_c)
    if generation.has_hbm:
        values["NPU Real-time Power(W)"] = f"{0.0 if _POWER in chip.query_failures else chip.power_w:.1f}"
    return values


def _read(chip: Chip, call: str, value: int) -> int:
    return 0 if call in chip.query_failures else value


def _zero(value: Value) -> Value:
    return 0 if isinstance(value, int) else "0.0"


def _fails(chip: Chip, call: str) -> bool:
    """Tell whether a call fails otherwise than by not being supported, which the tool takes for a success."""
    return chip.query_failures.get(call, codes.DRIVER_NOT_SUPPORTED) != codes.DRIVER_NOT_SUPPORTED


def _no_block(_machine: Machine, _chip: Chip) -> Block:
    return NOT_SUPPORTED


QUERIES: Dict[str, Query] = {"common": Query("common", _no_block, None, of_card=_common)}
