"""What can break. A fault changes values of the healthy machine; what follows from them is worked out by the cluster.

A fault is never undone: the machines are made anew from their healthy state and the faults of the moment.
Every kind names the checks of which one should name it as the culprit: the ground truth of tests and drills.
"""

from __future__ import annotations

from typing import Annotated, Tuple, Type, Union, get_args

from pydantic import Field

from ascend_doctor.simulator.faults.alarms import AlarmFault
from ascend_doctor.simulator.faults.chips import ChipFault
from ascend_doctor.simulator.faults.host_services import HostServicesFault
from ascend_doctor.simulator.faults.host_tuning import HostTuningFault
from ascend_doctor.simulator.faults.installation import InstallationFault
from ascend_doctor.simulator.faults.interconnect import InterconnectFault
from ascend_doctor.simulator.faults.load import LoadFault
from ascend_doctor.simulator.faults.memory import MemoryFault
from ascend_doctor.simulator.faults.optics import OpticsFault
from ascend_doctor.simulator.faults.place import FaultOfNode
from ascend_doctor.simulator.faults.port_settings import PortSettingsFault
from ascend_doctor.simulator.faults.ports import PortFault
from ascend_doctor.simulator.faults.traffic import TrafficFault
from ascend_doctor.simulator.faults.ub import UbFault

_AnyFault = Union[
    PortFault,
    InterconnectFault,
    HostServicesFault,
    PortSettingsFault,
    ChipFault,
    AlarmFault,
    MemoryFault,
    LoadFault,
    InstallationFault,
    OpticsFault,
    TrafficFault,
    HostTuningFault,
    UbFault,
]
KINDS: Tuple[Type[FaultOfNode], ...] = get_args(_AnyFault)

Fault = Annotated[_AnyFault, Field(discriminator="fault")]
"""Any fault, told apart by its key `fault`."""

NAMES: Tuple[str, ...] = tuple(str(kind.model_fields["fault"].default) for kind in KINDS)
