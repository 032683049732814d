"""A scenario: which machines there are, how they are wired, and what breaks when.

Every mistake is told with its line and column. What the keys mean is in docs/simulator.md.
"""

from __future__ import annotations

import difflib
import importlib.resources
from pathlib import Path
from typing import Dict, Iterator, List, Sequence, Tuple, Union

from pydantic import Field

from ascend_doctor.facts.npu_smi import hccs
from ascend_doctor.knowledge import strict_yaml
from ascend_doctor.knowledge.strict_yaml import Document, DocumentError
from ascend_doctor.model.product import Generation
from ascend_doctor.simulator import ub_wiring
from ascend_doctor.simulator.fabric import Fabric, WiringError, wire
from ascend_doctor.simulator.faults import Fault
from ascend_doctor.simulator.faults.interconnect import HccsLink, PairOverPcie
from ascend_doctor.simulator.faults.place import FaultOfNode
from ascend_doctor.simulator.faults.ports import AddressDuplicate
from ascend_doctor.simulator.faults.ub import UbPortFault
from ascend_doctor.simulator.profiles import PRODUCTS
from ascend_doctor.simulator.sections import AddressPlan, FabricPlan, Nodes, Seconds, Section, Timing

MAX_NODES = 10_000

_Mistake = Tuple[Tuple[Union[str, int], ...], str]


class Scenario(Section):
    """A whole scenario. `uptime` is how long the nodes have been up when it starts, in seconds."""

    name: str = Field(default="scenario", max_length=200)
    seed: int = 1
    uptime: Seconds = 259_200.0
    nodes: List[Nodes] = Field(min_length=1)
    fabric: FabricPlan = FabricPlan()
    addresses: AddressPlan = AddressPlan()
    timing: Timing = Timing()
    faults: List[Fault] = Field(default_factory=list)

    def machines(self) -> List[Tuple[str, Nodes]]:
        """Return every node's name with the section it comes from, in the order of the scenario."""
        return [(name, section) for section in self.nodes for name in section.names()]

    def phy_ids(self) -> Dict[str, Sequence[int]]:
        """Return the phy-ids of each node."""
        return {name: PRODUCTS[section.product].phy_ids(section.npus) for name, section in self.machines()}

    def roce_ports(self) -> List[Tuple[str, Sequence[int]]]:
        """Return the nodes that have RoCE ports, each with the phy-ids of its ports."""
        phy_ids = self.phy_ids()
        return [(name, phy_ids[name]) for name, section in self.machines() if PRODUCTS[section.product].has_roce]

    def wiring(self) -> Fabric:
        """Return the cables and the network settings. Raises `WiringError` when the plan does not fit the nodes."""
        return wire(self.fabric, self.addresses, self.roce_ports())


def load(text: str, name: str) -> Scenario:
    """Read a scenario. `name` is what messages call it. Raises `DocumentError` with every mistake that was found."""
    return check(strict_yaml.load(text, name))


def read(path: Path) -> Scenario:
    """Read the scenario in a file. Raises `DocumentError`, also when the file cannot be read."""
    return check(strict_yaml.read(path))


def check(document: Document) -> Scenario:
    """Return the scenario that a document holds. Raises `DocumentError` with every mistake that was found."""
    scenario = strict_yaml.validate(document, Scenario)
    for mistakes in (_in_nodes, _in_plan, _in_faults):
        found = sorted(
            (document.error(path, message) for path, message in mistakes(scenario)),
            key=lambda error: (error.line, error.column),
        )
        if found:
            first, *further = found
            raise DocumentError(first.name, first.line, first.column, first.message, further)
    return scenario


_SHIPPED = importlib.resources.files("ascend_doctor.simulator").joinpath("scenarios")


def shipped() -> Tuple[str, ...]:
    """Return the names of the scenarios that come with the package."""
    return tuple(sorted(entry.name[: -len(".yaml")] for entry in _SHIPPED.iterdir() if entry.name.endswith(".yaml")))


def find(name_or_path: str) -> Scenario:
    """Return a shipped scenario by its name (`demo`), or the one in a file. Raises `DocumentError`."""
    if name_or_path in shipped():
        text = _SHIPPED.joinpath(f"{name_or_path}.yaml").read_text(encoding="utf-8")
        return load(text, f"{name_or_path}.yaml")
    path = Path(name_or_path)
    if not path.exists() and path.name == name_or_path and not path.suffix:
        known = ", ".join(shipped())
        raise DocumentError(name_or_path, 0, 0, f"no such scenario: give the path of a file, or one of {known}")
    return read(path)


def mistakes_of(fault: FaultOfNode, scenario: Scenario) -> Iterator[Tuple[str, str]]:
    """Tell what is wrong with a fault in a scenario: the key at fault, and words for the author."""
    phy_ids = scenario.phy_ids()
    if fault.node not in phy_ids:
        yield "node", f"there is no node {fault.node!r} here{_did_you_mean(fault.node, list(phy_ids))}"
        return
    if fault.phy_id is not None and fault.phy_id not in phy_ids[fault.node]:
        known = phy_ids[fault.node]
        yield "npu", f"{fault.node} has no NPU {fault.phy_id}: its phy-ids are {known[0]} to {known[-1]}"
        return
    for words in _lacking(fault, scenario):
        yield "fault", f"{fault.node} {words}, so it cannot have {fault.fault}"
    if fault.until is not None and fault.until <= fault.at:
        yield "until", f"the fault must end after it begins, at {fault.at:g} s"
    if isinstance(fault, (HccsLink, PairOverPcie)) and fault.peer not in {None, *phy_ids[fault.node]} - {fault.npu}:
        yield "peer", f"{fault.node} has no other NPU {fault.peer}"
    if isinstance(fault, AddressDuplicate):
        ports = {(node, phy_id) for node, numbers in scenario.roce_ports() for phy_id in numbers}
        if fault.original == (fault.node, fault.phy_id):
            yield "like", "a port cannot be the duplicate of itself: name another one"
        elif fault.original not in ports:
            yield "like", f"there is no RoCE port {fault.like!r} here: write node/npu"


def _lacking(fault: FaultOfNode, scenario: Scenario) -> Iterator[str]:
    """Tell what the fault needs and its node does not have."""
    section = dict(scenario.machines())[fault.node]
    product = PRODUCTS[section.product]
    needs = (
        (fault.needs_roce, product.has_roce, "has no RoCE ports"),
        (fault.needs_ub, product.generation is Generation.A5, "has no UB ports"),
        (fault.needs_hbm, product.generation.has_hbm, "has no HBM"),
        (fault.needs_dies, product.generation is Generation.A3, "is no A3"),
        (fault.needs_bonds, product.has_bonds, "bonds no links"),
        (fault.needs_hccs, product.generation in hccs.HCCS, "is neither an A2 nor an A3"),
        (fault.needs_mesh, product.generation is Generation.A2, "is no A2"),
        (fault.needs_switches, scenario.fabric.kind == "switched", "is on no switch"),
        (fault.needs_pci, not product.board.ub_bus, "has no NPUs on a PCI bus"),
    )
    for needed, there, words in needs:
        if needed and not there:
            yield words
    if isinstance(fault, UbPortFault) and product.generation is Generation.A5:
        places = ub_wiring.places(product.board.main_board_id, len(product.phy_ids(section.npus)))
        if (fault.udie, fault.port) not in places:
            yield f"has no port {fault.udie}/{fault.port} (die/port)"


def _did_you_mean(word: str, known: List[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f": did you mean {close[0]!r}?" if close else f": known are {', '.join(known[:8])}"


def _in_nodes(scenario: Scenario) -> Iterator[_Mistake]:
    seen: Dict[str, int] = {}
    total = 0
    for index, section in enumerate(scenario.nodes):
        place = ("nodes", index)
        product = PRODUCTS.get(section.product)
        if product is None:
            yield (
                (*place, "product"),
                f"there is no product {section.product!r}{_did_you_mean(section.product, list(PRODUCTS))}",
            )
        elif section.npus is not None and section.npus > product.npu_count:
            yield (*place, "npus"), f"{section.product} holds {product.npu_count} NPUs, not {section.npus}"
        elif section.npus is not None and section.npus % product.chips_per_card:
            yield (
                (*place, "npus"),
                f"{section.product} has {product.chips_per_card} NPUs on a card: give a multiple of it",
            )
        count = len(section.numbers())
        total += count
        if not count:
            yield (*place, "name"), "the range in the name ends before it begins"
        elif total > MAX_NODES:
            yield (*place, "name"), f"these are more than {MAX_NODES} nodes in all"
            return
        else:
            for name in section.names():
                if seen.setdefault(name, index) != index:
                    yield (*place, "name"), f"the node {name!r} is already in nodes[{seen[name]}]"
                    break


def _in_plan(scenario: Scenario) -> Iterator[_Mistake]:
    try:
        scenario.wiring()
    except WiringError as error:
        yield (error.section,), str(error)


def _in_faults(scenario: Scenario) -> Iterator[_Mistake]:
    for index, fault in enumerate(scenario.faults):
        for key, message in mistakes_of(fault, scenario):
            yield ("faults", index, key), message
