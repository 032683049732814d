"""What the bits of an NPU event code say, also of a code that nobody lists.

Vendor source, hicann/driver: dms_event_converge.h (fields), dms_device_node_type.h and dms_sensor_type.c (numbers).
"""

from __future__ import annotations

from typing import Mapping, Optional, Tuple

import attrs

from ascend_doctor.knowledge import tables

_SIDES = {1: "the host", 2: "the device"}
_BOARD = (0x8F18, 0x8F19)
"""Alarms of the board's controller on A5 cards (vendor source, dcmi_mcu_health_error_info_950.h)."""


@attrs.frozen
class Parts:
    """The parts of a code. `module` and `sensor` are numbers with their names, where the driver names them.

    They are empty for a black box code, which holds no such parts, and for an alarm of the board.
    """

    seen_by: str
    kind: str
    module: str = ""
    sensor: str = ""
    state: Optional[int] = None

    def __str__(self) -> str:
        parts = (self.module and f"module {self.module}", self.sensor and f"sensor {self.sensor}")
        state = () if self.state is None else (f"state {self.state}",)
        return ", ".join((self.kind, f"seen by {self.seen_by}", *filter(None, parts), *state))


@tables.made_of_tables
def _names() -> Mapping[Tuple[str, int], str]:
    return {(row["kind"], int(row["number"], 16)): row["name"] for row in tables.FAULT_PARTS.rows()}


def decoded(code: str) -> Optional[Parts]:
    """Return the parts of a code of eight hexadecimal digits, None for a number that is no such code."""
    value = int(code, 16)
    seen_by = _SIDES.get(value >> 30)
    if seen_by is None:
        return None
    if value >> 16 in _BOARD:
        return Parts(seen_by, "alarm of the board")
    if (value >> 28) & 3:
        return Parts(seen_by, "black box code")
    module, sensor = (value >> 17) & 0x7FF, (value >> 9) & 0xFF
    return Parts(seen_by, "event", _named("module", module, 3), _named("sensor", sensor, 2), value & 0x1FF)


def _named(kind: str, number: int, width: int) -> str:
    name = _names().get((kind, number))
    return f"0x{number:0{width}X} ({name})" if name else f"0x{number:0{width}X}"
