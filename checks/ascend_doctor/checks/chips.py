"""What several checks ask about a row in the table of `npu-smi info`: which NPU it is, and which processes use it."""

from __future__ import annotations

from typing import Sequence, Tuple

from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.npu_smi.info import InfoChip, InfoFacts, InfoProcess
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.reading import Missing, Reading
from ascend_doctor.model.subject import Subject


def npu(view: NodeView, card: int, chip: Reading[int], otherwise: Subject) -> Subject:
    """Return the NPU with this card and chip, the given subject when the map does not know it."""
    device = None if isinstance(view.devices, Missing) else view.devices.find(card, chip)
    return otherwise if device is None else subjects.npu(view.name, device.phy_id)


def subject(view: NodeView, row: InfoChip) -> Subject:
    """Return the NPU that a row is about, its card when the map does not know it."""
    return npu(view, row.npu, row.chip, subjects.card(view.name, row.npu))


def processes(table: InfoFacts, row: InfoChip) -> Tuple[Tuple[InfoProcess, ...], bool]:
    """Return the processes on a chip, and whether the tool has said so much that none can be missing.

    It prints rows for the chips of a card that have processes, or one line for a card without any. A card with neither
    has an unknown state.
    """
    on_card = [process for process in table.processes if process.npu == row.npu]
    on_chip = [process for process in on_card if isinstance(process.chip, Missing) or process.chip == row.chip]
    return tuple(on_chip), bool(on_card) or row.npu in table.npus_without_process


def named(found: Sequence[InfoProcess]) -> str:
    """Return the processes as a list for people."""
    return ", ".join(f"process {process.pid} ({process.name or 'no name'})" for process in found)
