"""What all faults share: where, from when until when, and which checks see the cause."""

from __future__ import annotations

from typing import ClassVar, Optional, Tuple

from pydantic import Field

from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.sections import NodeName, Seconds, Section


class FaultOfNode(Section):
    """What all faults share: where, and from when until when, in seconds from the start of the scenario.

    Without `at` and `until` the fault is there all the time.
    """

    found_by: ClassVar[Tuple[str, ...]] = ()
    """The checks that see the cause; one of them names the culprit."""
    needs_roce: ClassVar[bool] = False
    """Whether only an NPU with a RoCE port can have it."""
    needs_hbm: ClassVar[bool] = False
    """Whether only an NPU with HBM can have it."""

    fault: str
    node: NodeName
    at: Seconds = 0.0
    until: Optional[Seconds] = None

    @property
    def phy_id(self) -> Optional[int]:
        """The NPU that has the fault, None for the whole node."""
        return None

    @property
    def place(self) -> str:
        """Where the fault is, as people write it: `node-a/3`, or `node-a` for a whole node."""
        return self.node if self.phy_id is None else f"{self.node}/{self.phy_id}"

    @property
    def darkens(self) -> bool:
        """Whether no light passes between the port and its neighbour while the fault is there."""
        return False

    def apply(self, machine: Machine) -> None:
        """Change the values of the machine that has the fault."""


class FaultOfNpu(FaultOfNode):
    """What the faults of one NPU share. `npu` is its phy-id, the number for `hccn_tool -i`."""

    npu: int = Field(ge=0)

    @property
    def phy_id(self) -> Optional[int]:
        """The NPU that has the fault."""
        return self.npu
