"""What all faults share: where, from when until when, and which checks see the cause."""

from __future__ import annotations

from typing import ClassVar, Mapping, Optional, Sequence, Tuple

from pydantic import Field

from ascend_doctor.simulator.hardware import Machine, Port
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

    needs_dies: ClassVar[bool] = False
    """Whether only a product with two dies in a module, an A3, can have it."""
    needs_bonds: ClassVar[bool] = False
    """Whether only a product that bonds the links of a port, an Atlas 9000 A3, can have it."""
    needs_hccs: ClassVar[bool] = False
    """Whether only a product with HCCS links and a board of its own for them, an A2 or A3, can have it."""
    needs_mesh: ClassVar[bool] = False
    """Whether only a product that connects each NPU to each other one by HCCS, an A2, can have it."""
    needs_switches: ClassVar[bool] = False
    """Whether only a node on switches can have it."""
    needs_ub: ClassVar[bool] = False
    """Whether only a node with NPUs of the 950 can have it."""
    needs_pci: ClassVar[bool] = False
    """Whether only a node with NPUs on a PCI bus can have it."""

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

    @property
    def mutes(self) -> bool:
        """Whether no light leaves the port while the fault is there; what comes in is as ever."""
        return False

    @property
    def rates(self) -> Mapping[str, float]:
        """How fast counters of the port grow while the fault is there, each second, by the device's names of them."""
        return {}

    @property
    def far_rates(self) -> Mapping[str, float]:
        """The same for the port at the other end of the cable, where that is an NPU."""
        return {}

    def interruptions(self, _since: float, _until: float) -> Sequence[Tuple[float, float]]:
        """Return when the link went down and came back while the fault was there, both moments in epoch seconds."""
        return ()

    def apply(self, machine: Machine) -> None:
        """Change the values of the machine that has the fault."""

    def count_up(self, machine: Machine, seconds: float) -> None:
        """Set what has been counted since the fault began, so many seconds ago; it may be told again and again."""

    def apply_far(self, port: Port) -> None:
        """Change the values of the port at the other end of the cable, where that is an NPU."""


class FaultOfNpu(FaultOfNode):
    """What the faults of one NPU share. `npu` is its phy-id, the number for `hccn_tool -i`."""

    npu: int = Field(ge=0)

    @property
    def phy_id(self) -> Optional[int]:
        """The NPU that has the fault."""
        return self.npu
