"""The values behind the tools' answers: what a simulated machine knows about itself.

Mutable on purpose: a fault changes values, and every answer is made from the values at that moment.
Values are as the driver returns them, below the tools: the tools' own conversions are the renderers' work.
"""

from ascend_doctor.simulator.hardware.answer import Answer
from ascend_doctor.simulator.hardware.board import Board
from ascend_doctor.simulator.hardware.chip import Chip, Ecc, Presence, Process
from ascend_doctor.simulator.hardware.host import Disk, Host, Service
from ascend_doctor.simulator.hardware.instruments import Clocks, FaultEvent, Flash, PcieErrors, Sensors
from ascend_doctor.simulator.hardware.interconnect import ChipCertificate, Hccs, Regulator, Sio, SuperPod, Topology
from ascend_doctor.simulator.hardware.machine import Machine
from ascend_doctor.simulator.hardware.optic import TEMPERATURE_UNREADABLE, TEMPERATURE_UNSUPPORTED, Optic, Thresholds
from ascend_doctor.simulator.hardware.port import Certificate, LinkEvent, Port, Retimer
from ascend_doctor.simulator.hardware.port_settings import ExtraRoute, Neighbour, PortSettings, TrafficClasses
from ascend_doctor.simulator.hardware.settings import NodeSettings

__all__ = [
    "TEMPERATURE_UNREADABLE",
    "TEMPERATURE_UNSUPPORTED",
    "Answer",
    "Board",
    "Certificate",
    "Chip",
    "ChipCertificate",
    "Clocks",
    "Disk",
    "Ecc",
    "ExtraRoute",
    "FaultEvent",
    "Flash",
    "Hccs",
    "Host",
    "LinkEvent",
    "Machine",
    "Neighbour",
    "NodeSettings",
    "Optic",
    "PcieErrors",
    "Port",
    "PortSettings",
    "Presence",
    "Process",
    "Regulator",
    "Retimer",
    "Sensors",
    "Service",
    "Sio",
    "SuperPod",
    "Thresholds",
    "Topology",
    "TrafficClasses",
]
