"""The operating system of a simulated node: its files and what its kernel tells besides."""

from __future__ import annotations

from ascend_doctor.probe.host import answer
from ascend_doctor.simulator import files
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.host.tree import SimulatedTree

__all__ = ["SimulatedTree", "answer", "tree_of"]


def tree_of(machine: Machine) -> SimulatedTree:
    """Return what is to be seen of the operating system of a machine at this moment."""
    return SimulatedTree(machine, files.files(machine), files.file_times(machine))
