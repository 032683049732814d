"""What can break. A fault changes values of the healthy machine; what follows from them is worked out by the cluster.

A fault is never undone: the machines are made anew from their healthy state and the faults of the moment.
Every kind names the checks of which one should name it as the culprit: the ground truth of tests and drills.
"""

from __future__ import annotations

from typing import Annotated, Tuple, Type, Union, get_args

from pydantic import Field

from ascend_doctor.simulator.faults.chips import ChipFault
from ascend_doctor.simulator.faults.installation import InstallationFault
from ascend_doctor.simulator.faults.place import FaultOfNode
from ascend_doctor.simulator.faults.ports import PortFault

_AnyFault = Union[PortFault, ChipFault, InstallationFault]
KINDS: Tuple[Type[FaultOfNode], ...] = get_args(_AnyFault)

Fault = Annotated[_AnyFault, Field(discriminator="fault")]
"""Any fault, told apart by its key `fault`."""

NAMES: Tuple[str, ...] = tuple(str(kind.model_fields["fault"].default) for kind in KINDS)
