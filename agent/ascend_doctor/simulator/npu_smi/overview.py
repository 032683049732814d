"""`npu-smi info`: the table of all chips and the table of their processes. Layouts: vendor source, npu_info_print.c."""

from __future__ import annotations

from typing import Callable, Dict, List, Tuple

import attrs

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Machine, Process
from ascend_doctor.simulator.npu_smi.cards import Card, cards_of
from ascend_doctor.simulator.npu_smi.layout import Frame, usage_pair

_MAX_PROCESSES = 8
"""How many processes of a chip the tool prints at most."""

_NAME_LENGTH = 15
"""How much of a process's name the kernel keeps."""

_INCOMPLETE_DRIVER = (
    "[WARNING]The driver package may not be completely installed, which may cause function abnormal. "
    "Please reinstall it."
)

_Cells = Tuple[str, ...]


@attrs.frozen
class _Table:
    """One layout: the frames of both tables, their heads, and the cells of the two lines of a chip and of a process.

    `process_row` differs from the head's frame on A5, where the vendor's rows are one column off.
    """

    frame: Frame
    process_frame: Frame
    process_head: _Cells
    process_row: Frame
    process: Callable[[Chip, Process], _Cells]
    tool_width: int
    heads: Tuple[_Cells, _Cells]
    first: Callable[[Chip], _Cells]
    second: Callable[[Chip], _Cells]
    warns: bool = True


def overview(machine: Machine) -> List[str]:
    """Return the lines of `npu-smi info`."""
    table = _TABLES[machine.generation]
    cards = [card for card in cards_of(machine) if card.chips]
    frame, rule = table.frame, table.process_frame
    lines = [
        frame.border(),
        frame.text(f"npu-smi {machine.tool_version:<{table.tool_width}} Version: {machine.running_driver_version}"),
        frame.rule(),
        *(frame.row(*head) for head in table.heads),
        frame.rule("="),
    ]
    for card in cards:
        lines += _chip_lines(table, card)
    lines += [rule.rule(), _with_inner_bar(rule, table.process_head), rule.rule("=")]
    for card in cards:
        lines += _process_lines(table, card)
        lines.append(rule.rule("="))
    if table.warns and not machine.in_container and machine.install_status != "complete":
        lines.append(_INCOMPLETE_DRIVER)
    return lines


def _chip_lines(table: _Table, card: Card) -> List[str]:
    lines: List[str] = []
    for chip in card.chips:
        if lines:
            lines.append(table.frame.border())
        lines += [table.frame.row(*table.first(chip)), table.frame.row(*table.second(chip))]
    return [*lines, table.frame.rule("=")]


def _process_lines(table: _Table, card: Card) -> List[str]:
    rows = [
        table.process_row.row(*table.process(chip, process))
        for chip in card.chips
        if "dsmi_get_resource_info" not in chip.query_failures
        for process in chip.processes[:_MAX_PROCESSES]
    ]
    return rows or [table.process_frame.text(f"No running processes found in NPU {card.id:<7}")]


def _with_inner_bar(frame: Frame, cells: _Cells) -> str:
    """Return the head of the process table: its last column of the frame holds two cells."""
    *before, name, memory = cells
    return frame.row(*before, f"{name:<24} | {memory}")


def _read(chip: Chip, call: str, value: str, unread: str = "0") -> str:
    """Return a value, or what the tool prints when the driver call for it fails: a default that looks real."""
    return unread if call in chip.query_failures else value


def chip_name(chip: Chip) -> str:
    """Return the name as the tables print it: empty when the driver's chip information cannot be read."""
    return _read(chip, "dsmi_get_computing_power_info", chip.name, "")


def _aicore(chip: Chip) -> str:
    return _read(chip, "dsmi_get_device_utilization_rate", str(chip.aicore_pct))


def _hbm(chip: Chip) -> str:
    used, total = (0, 0) if "dsmi_get_hbm_info" in chip.query_failures else chip.hbm_mb
    return usage_pair(used, total, 6, 13)


def _state(chip: Chip, power: str, power_width: int, sensor: str = "dsmi_get_device_temperature") -> str:
    used, total = chip.hugepages
    temperature = _read(chip, sensor, str(chip.temp_c))
    return f"{power:<{power_width}} {temperature:<17} {usage_pair(used, total, 6, 13)}"


def _power(chip: Chip) -> str:
    return _read(chip, "dsmi_get_device_power_info", f"{chip.power_w:.1f}", "0.0")


def _first_hbm(chip: Chip) -> _Cells:
    return f"{chip.npu:<5} {chip_name(chip)}", chip.health, _state(chip, _power(chip), 11)


def _first_a3(chip: Chip) -> _Cells:
    # The power of an A3 is that of both dies, and is printed with the first.
    power = "-" if chip.chip == 1 else _power(chip)
    return f"{chip.npu:<5} {chip_name(chip)}", chip.health, _state(chip, power, 11)


def _first_a5(chip: Chip) -> _Cells:
    state = _state(chip, _power(chip), 11, "dsmi_get_soc_sensor_info")
    return f"{chip.npu}", chip_name(chip), chip.health, state


def _first_310p(chip: Chip) -> _Cells:
    return f"{chip.npu:<7} {chip_name(chip)}", chip.health, _state(chip, "NA", 12)


def _usage_hbm(chip: Chip) -> str:
    return f"{_aicore(chip):<11} {usage_pair(0, 0, 5, 10)} {_hbm(chip)}"


def _second_a2(chip: Chip) -> _Cells:
    return f"{chip.chip}", chip.bus_id, _usage_hbm(chip)


def _second_a3(chip: Chip) -> _Cells:
    return f"{chip.chip:<5} {chip.phy_id}", chip.bus_id, _usage_hbm(chip)


def _second_a5(chip: Chip) -> _Cells:
    return "", "", chip.bus_id or "NA", _usage_hbm(chip)


def _second_310p(chip: Chip) -> _Cells:
    used, total = chip.memory_mb
    return f"{chip.chip:<7} {chip.logic_id}", chip.bus_id, f"{_aicore(chip):<12} {usage_pair(used, total, 5, 32)}"


def _process(chip: Chip, process: Process) -> _Cells:
    name = (process.name or "")[:_NAME_LENGTH]
    return f"{chip.npu:<7} {chip.chip}", f"{process.pid}", name, f"{process.memory_mb}"


def _process_a5(chip: Chip, process: Process) -> _Cells:
    return (f"{chip.npu}", *_process(chip, process)[1:])


_HBM = _Table(
    frame=Frame((27, 15, 53)),
    process_frame=Frame((27, 15, 53)),
    process_head=("NPU     Chip", "Process id", "Process name", "Process memory(MB)"),
    process_row=Frame((27, 15, 26, 26)),
    process=_process,
    tool_width=24,
    heads=(
        ("NPU   Name", "Health", "Power(W)    Temp(C)           Hugepages-Usage(page)"),
        ("Chip", "Bus-Id", "AICore(%)   Memory-Usage(MB)  HBM-Usage(MB)"),
    ),
    first=_first_hbm,
    second=_second_a2,
)

_A3 = attrs.evolve(
    _HBM,
    heads=(_HBM.heads[0], ("Chip  Phy-ID", *_HBM.heads[1][1:])),
    first=_first_a3,
    second=_second_a3,
)

_A5 = attrs.evolve(
    _HBM,
    frame=Frame((8, 18, 15, 53)),
    process_head=("NPU ID", *_HBM.process_head[1:]),
    process_row=Frame((28, 15, 26, 25)),
    process=_process_a5,
    tool_width=40,
    heads=(
        ("NPU ID", "Name", *_HBM.heads[0][1:]),
        ("", "", "Bus-Id", "NPU Util(%) Memory-Usage(MB)  HBM-Usage(MB)"),
    ),
    first=_first_a5,
    second=_second_a5,
)

_310P = _Table(
    frame=Frame((31, 17, 54)),
    process_frame=Frame((31, 17, 54)),
    process_head=_HBM.process_head,
    process_row=Frame((31, 17, 26, 27)),
    process=_process,
    tool_width=40,
    heads=(
        ("NPU     Name", "Health", "Power(W)     Temp(C)           Hugepages-Usage(page)"),
        ("Chip    Device", "Bus-Id", "AICore(%)    Memory-Usage(MB)"),
    ),
    first=_first_310p,
    second=_second_310p,
    warns=False,
)

_TABLES: Dict[Generation, _Table] = {
    Generation.A2: _HBM,
    Generation.A3: _A3,
    Generation.A5: _A5,
    Generation.P310P: _310P,
}
