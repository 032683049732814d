"""The columns of the two tables that `npu-smi info` prints, and the layouts they make."""

from __future__ import annotations

import re
from typing import Sequence, Tuple

from ascend_doctor.facts.parsing import Line, decimal, integer
from ascend_doctor.facts.tables import Column, Head, reading_of
from ascend_doctor.model.reading import Missing, Reading

Usage = Tuple[int, int]
"""What is used, and the total."""


def _text(text: str, _line: Line, _what: str) -> str:
    return text


def _word(text: str, line: Line, what: str) -> str:
    if not text:
        raise line.error(f"a word for {what}")
    return text


def _reading(text: str, _line: Line, _what: str) -> Reading[str]:
    return reading_of(text)


def _whole(text: str, line: Line, what: str) -> Reading[int]:
    reading = reading_of(text)
    return reading if isinstance(reading, Missing) else integer(reading, line, what)


def _decimal(text: str, line: Line, what: str) -> Reading[float]:
    reading = reading_of(text)
    return reading if isinstance(reading, Missing) else decimal(reading, line, what)


_USAGE = re.compile(r"([0-9]{1,12})/([0-9]{1,12})\Z")


def _usage(text: str, line: Line, what: str) -> Usage:
    parts = _USAGE.match(text)
    if parts is None:
        raise line.error(f"`used / total` for {what}")
    return int(parts.group(1)), int(parts.group(2))


NPU_ID = Column("NPU ID", "npu", integer)
NPU = Column("NPU", "npu", integer)
CHIP = Column("Chip", "chip", integer)

CHIP_COLUMNS = (
    NPU_ID,
    NPU,
    CHIP,
    Column("Name", "name", _reading),
    Column("Health", "health", _word),
    Column("Power(W)", "power_w", _decimal),
    Column("Temp(C)", "temp_c", _whole),
    Column("Hugepages-Usage(page)", "hugepages", _usage),
    Column("Phy-ID", "phy_id", integer),
    Column("Device", "device", integer),
    Column("Bus-Id", "bus_id", _reading),
    Column("AICore(%)", "aicore_pct", _whole),
    Column("NPU Util(%)", "npu_util_pct", _whole),
    Column("Memory-Usage(MB)", "mem_mb", _usage),
    Column("HBM-Usage(MB)", "hbm_mb", _usage),
)
PID = Column("Process id", "pid", integer)
PROCESS_NAME = Column("Process name", "name", _text)
PROCESS_MB = Column("Process memory(MB)", "mem", integer)
PROCESS_BYTES = Column("Process memory(B)", "mem", integer)
PID_IN_CONTAINER = Column("Process id in container", "pid_in_container", _whole)
PROCESS_COLUMNS = (NPU_ID, NPU, CHIP, PID, PROCESS_NAME, PROCESS_MB, PROCESS_BYTES, PID_IN_CONTAINER)
UNITS = {PROCESS_MB.label: "MB", PROCESS_BYTES.label: "B"}


def unit_of(head: Head, layout: str, line: Line) -> str:
    """Return the unit of the memory column of a process table. Raises `ParseError` for a head of another form."""
    fields = [column.field for cell in head for column in cell]
    wanted = {"npu", "pid", "name", "mem"} | (set() if layout == "950" else {"chip"})
    if len(set(fields)) != len(fields) or not wanted.issubset(fields) or (PROCESS_NAME,) not in head:
        raise line.error("the head of the process table")
    return next(UNITS[column.label] for cell in head for column in cell if column.label in UNITS)


def process_head(layout: str) -> Head:
    """Return the columns of process rows that stand below the table without a head of their own."""
    card = (NPU_ID,) if layout == "950" else (NPU, CHIP)
    return (card, (PID,), (PROCESS_NAME,), (PROCESS_MB,))


_REQUIRED = ("Name", "Health", "Power(W)", "Temp(C)", "Bus-Id", "Memory-Usage(MB)")
# The column that tells a layout from the others; the first that is there decides.
_LAYOUTS = {"NPU ID": "950", "Phy-ID": "a3", "Device": "310", "HBM-Usage(MB)": "hbm"}


def layout_of(labels: Sequence[str], line: Line) -> str:
    """Return the layout that the head of the chips' table has. Raises `ParseError` for a head of no known layout."""
    for label in _REQUIRED:
        if labels.count(label) != 1:
            raise line.error(f"one column {label} in the head of the table")
    layout = next((name for label, name in _LAYOUTS.items() if label in labels), None)
    named = ("NPU ID",) if layout == "950" else ("NPU", "Chip")
    if layout is None or any(labels.count(label) != 1 for label in named):
        raise line.error("the head of a known layout (hbm, a3, 310, 950)")
    return layout
