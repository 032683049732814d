"""What `ipmitool` of a simulated machine prints: the event log of the management controller, `sel list`."""

from __future__ import annotations

import datetime as dt
from typing import Sequence

from ascend_doctor.simulator.hardware import Answer, Machine


def answer(machine: Machine, words: Sequence[str]) -> Answer:
    """Return the answer to the words behind the tool's name; any others than `sel list` are refused."""
    if tuple(words) != ("sel", "list"):
        return Answer(stderr=f"Invalid command: {' '.join(words)}\n".encode(), exit_code=1)
    rows = [(0.0, "Event Logging Disabled #0xa1", "Log area reset/cleared", True)]
    rows += [(event.at_s, event.sensor, event.description, event.asserted) for event in machine.system.bmc_events]
    return Answer(
        "".join(
            f"{number:4x} | {_time(machine.boot_time + at_s)} | {sensor} | {words} | {_STATES[asserted]}\n"
            for number, (at_s, sensor, words, asserted) in enumerate(rows, start=1)
        ).encode()
    )


_STATES = {True: "Asserted", False: "Deasserted"}


def _time(moment: float) -> str:
    return dt.datetime.fromtimestamp(moment, dt.timezone.utc).strftime("%m/%d/%Y | %H:%M:%S")
