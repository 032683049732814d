"""The values behind the tools' answers: what a simulated machine knows about itself.

Mutable on purpose: a fault changes values, and every answer is made from the values at that moment.
Values are as the driver returns them, below the tools: the tools' own conversions are the renderers' work.
"""

from ascend_doctor.simulator.hardware.answer import Answer
from ascend_doctor.simulator.hardware.board import Board
from ascend_doctor.simulator.hardware.chip import Chip, Ecc, Presence, Process
from ascend_doctor.simulator.hardware.machine import Machine
from ascend_doctor.simulator.hardware.optic import TEMPERATURE_UNREADABLE, TEMPERATURE_UNSUPPORTED, Optic, Thresholds
from ascend_doctor.simulator.hardware.port import Certificate, LinkEvent, Port

__all__ = [
    "TEMPERATURE_UNREADABLE",
    "TEMPERATURE_UNSUPPORTED",
    "Answer",
    "Board",
    "Certificate",
    "Chip",
    "Ecc",
    "LinkEvent",
    "Machine",
    "Optic",
    "Port",
    "Presence",
    "Process",
    "Thresholds",
]
