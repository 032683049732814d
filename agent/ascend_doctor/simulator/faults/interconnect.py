"""Faults of what connects the NPUs of a node, and of cards that are not like their siblings."""

from __future__ import annotations

from typing import Literal, Optional, Union

from pydantic import Field

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.faults.place import FaultOfNpu
from ascend_doctor.simulator.hardware import Machine, Regulator
from ascend_doctor.simulator.hardware.interconnect import LINKS, NO_LANE, TWO_LANES
from ascend_doctor.simulator.sections import Version

HCCS_LANES_FAULTY = 0x81A38605
_FAULTY_LANE = 0x0001_0001
"""A bad state of the links, without the number of the lane in bits 8 to 15."""


class HccsLink(FaultOfNpu):
    """What faults of one HCCS link share. `peer` is the phy-id of the NPU at its other end.

    On an A2 a link leads to another NPU, the next one when `peer` is left out; on an A3 to a switch chip of the board.
    """

    needs_hccs = True
    peer: Optional[int] = Field(default=None, ge=0)

    def far_end(self, machine: Machine) -> Optional[int]:
        """Return the phy-id at the other end, None where that is no NPU."""
        if machine.generation is not Generation.A2:
            return None
        count = len(machine.chips)
        return (self.npu + 1) % count if self.peer is None else self.peer

    def damage(self, machine: Machine, word: int) -> None:
        """Give the link another word at both of its ends, and let both chips report it."""
        far = self.far_end(machine)
        for here, there in ((self.npu, far), (far, self.npu)):
            if here is None:
                continue
            link = LINKS[-1] if there is None else _link_to(here, there)
            chip = machine.chip(here)
            chip.hccs.lanes[link] = word
            chip.hccs.errors[link] += 40
            chip.hccs.retries[link] += 900
            chip.hccs.pcs_status = _FAULTY_LANE | link << 8
            chip.hccs.hdlc_status = 1
            chip.fault_codes.append(HCCS_LANES_FAULTY)
            chip.health = "Alarm"


def _link_to(here: int, there: int) -> int:
    """Return the link of an NPU that leads to another one: seven links for the seven others, in their order."""
    return LINKS[(there if there < here else there - 1) % len(LINKS)]


class HccsLaneLost(HccsLink):
    """A link of HCCS runs with half of its lanes, and so with half of its speed."""

    found_by = ("npu.hccs",)
    fault: Literal["hccs-lane-lost"] = "hccs-lane-lost"

    def apply(self, machine: Machine) -> None:
        """Take two lanes away."""
        self.damage(machine, TWO_LANES)


class HccsLinkDown(HccsLink):
    """A link of HCCS has no lane left. The matrix stays as it was: the driver looks at the links at its start."""

    found_by = ("npu.hccs",)
    fault: Literal["hccs-link-down"] = "hccs-link-down"

    def apply(self, machine: Machine) -> None:
        """Take all lanes away."""
        self.damage(machine, NO_LANE)


class PairOverPcie(FaultOfNpu):
    """Two NPUs are not connected directly, though the links of both are well: they came up after the driver.

    `peer` is the other one, the next if it is left out. Only an A2 shows it: what an A3 tells of dies and of boards
    with switches does not look at any link (vendor source, dms_dev_topology.c).
    """

    found_by = ("npu.topo",)
    needs_mesh = True
    fault: Literal["pair-over-pcie"] = "pair-over-pcie"
    peer: Optional[int] = Field(default=None, ge=0)

    def apply(self, machine: Machine) -> None:
        """Take the pair out of the mesh."""
        other = (self.npu + 1) % len(machine.chips) if self.peer is None else self.peer
        one, other = sorted((self.npu, other))
        machine.topology.pairs[(one, other)] = machine.topology.path_over_pcie(one, other)


class SioErrors(FaultOfNpu):
    """The bus between the two dies of a module makes errors, `per_second` of them."""

    found_by = ("npu.sio",)
    needs_dies = True
    fault: Literal["sio-errors"] = "sio-errors"
    per_second: float = Field(default=0.1, gt=0.0, le=1e4)

    def count_up(self, machine: Machine, seconds: float) -> None:
        """Count the errors on both dies of the module."""
        for chip in machine.chips_of(machine.chip(self.npu).npu):
            chip.sio.growing = int(self.per_second * seconds)


class SuperPodPlace(FaultOfNpu):
    """A die has the id of another place in the super pod."""

    found_by = ("npu.spod",)
    needs_dies = True
    fault: Literal["super-pod-place"] = "super-pod-place"
    sdid: int = Field(default=47 << 22 | 7 << 18 | 1 << 16 | 15, ge=0, le=0xFFFF_FFFE)

    def apply(self, machine: Machine) -> None:
        """Set the id."""
        machine.chip(self.npu).sdid = self.sdid


class OtherProduct(FaultOfNpu):
    """Somebody put a card of another product into the node. `name` is how its chips call themselves."""

    found_by = ("npu.product",)
    fault: Literal["other-product"] = "other-product"
    name: str = Field(default="910B9", min_length=1, max_length=20, pattern=r"^[A-Za-z0-9._-]+$")

    def apply(self, machine: Machine) -> None:
        """Rename the chips of the card."""
        for chip in machine.chips_of(machine.chip(self.npu).npu):
            chip.name = self.name


class McuOdd(FaultOfNpu):
    """The controller of a card was left behind by an upgrade. `version` is what it has."""

    found_by = ("version.mcu",)
    needs_hccs = True
    fault: Literal["mcu-odd"] = "mcu-odd"
    version: Version = "24.1.6"

    def apply(self, machine: Machine) -> None:
        """Give the controller its old firmware."""
        machine.mcu_versions[machine.chip(self.npu).npu] = self.version


class RegulatorOdd(FaultOfNpu):
    """A voltage regulator of a card was left behind by an upgrade. `version` is what it has."""

    found_by = ("version.vrd",)
    needs_ub = True
    fault: Literal["vrd-odd"] = "vrd-odd"
    version: int = Field(default=3, ge=0, le=255)

    def apply(self, machine: Machine) -> None:
        """Give the first regulator its old version."""
        card = machine.chip(self.npu).npu
        first, *others = machine.regulators[card]
        machine.regulators[card] = (Regulator(first.name, self.version, first.target), *others)


InterconnectFault = Union[
    HccsLaneLost,
    HccsLinkDown,
    PairOverPcie,
    SioErrors,
    SuperPodPlace,
    OtherProduct,
    McuOdd,
    RegulatorOdd,
]
