"""The operating system of a simulated node: its files and what its kernel tells besides."""

from __future__ import annotations

from typing import Optional, Sequence

from ascend_doctor.probe import host
from ascend_doctor.simulator import files
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.host.tree import SimulatedTree


def answer(machine: Machine, argv: Sequence[str]) -> Optional[bytes]:
    """Return what a look at the operating system of a machine gives, None for a question that nobody knows."""
    return host.answer(argv, SimulatedTree(machine, files.files(machine), files.file_times(machine)))
