"""What the kernel has logged of trouble since the start."""

from __future__ import annotations

import re
from typing import Optional, Tuple

import attrs

from ascend_doctor.facts.host.section import source_of
from ascend_doctor.model.reading import NOT_REPORTED, Reading

AER, MACHINE_CHECK, OUT_OF_MEMORY, HUNG_TASK = "aer", "machine-check", "out-of-memory", "hung-task"
DRIVER_ERROR, DEVICE_CONFLICT = "driver-error", "device-conflict"

_KINDS = (
    # Corrected errors are no trouble: every machine has some.
    (AER, re.compile(r"AER: .*\b(?:Uncorrected|Fatal)|severity=Uncorrect")),
    (
        MACHINE_CHECK,
        re.compile(
            r"Machine Check Exception|Memory failure: 0x"
            r"|\[Hardware Error\]: .*(?:Uncorrected|severity: (?:recoverable|fatal))"
        ),
    ),
    (OUT_OF_MEMORY, re.compile(r"out of memory: Kill", re.IGNORECASE)),
    (HUNG_TASK, re.compile(r"blocked for more than [0-9]+ seconds|BUG: soft lockup")),
)
_DRIVER = re.compile(r"\[ascend\]|\[fault_manager\]")
_CONFLICT = re.compile(r"uda_occupy_dev_by_ns.*Conflict open udevid")
_ERROR_LEVEL = 3


def kind_of(level: int, text: str) -> Optional[str]:
    """Return what trouble a line tells of, None for a line that tells of none. `level` is the kernel's, 3 an error."""
    for kind, form in _KINDS:
        if form.search(text):
            return kind
    if _CONFLICT.search(text):
        return DEVICE_CONFLICT
    # The driver logs its errors at the level of an error, or as a notice with the word (vendor source, dmc_log.h).
    return DRIVER_ERROR if _DRIVER.search(text) and (level <= _ERROR_LEVEL or "[ERROR]" in text) else None


@attrs.frozen
class LogLine:
    """A line that tells of trouble: its kind, when it was logged in seconds after the start, and its text."""

    kind: str
    at_s: float
    text: str


@attrs.frozen
class KernelLogFacts:
    """`lines` are those that tell of trouble, oldest first, the newest of each kind; missing if nobody may read them.

    The kernel keeps a limited log: what it has dropped is not seen.
    """

    lines: Reading[Tuple[LogLine, ...]] = NOT_REPORTED


SOURCE = source_of("kernel-log", KernelLogFacts)
