"""The map of the node's NPUs: card, chip, logic id and phy-id of each, built once from what the tools print."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, FrozenSet, List, Optional, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.ub import dev_info
from ascend_doctor.facts.hccn_tool.ub.dev_info import DevInfoFacts
from ascend_doctor.facts.hccn_tool.ub.question import OLDER_FORM
from ascend_doctor.facts.npu_smi.info import InfoFacts
from ascend_doctor.facts.npu_smi.mapping import MappingFacts
from ascend_doctor.facts.source import Query, Scope, Source, Target
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Absence, Missing, Reading, known


@attrs.frozen
class DevicePort:
    """One port of an NPU of the 950: its die, its number on it, and whether it takes an optical module."""

    udie: int
    port: int
    optical: bool


@attrs.frozen
class Device:
    """One NPU. `npu` is the card for `npu-smi -i`, `chip` the chip for `-c`, `phy_id` the number for `hccn_tool -i`.

    `ports` are the ports of an NPU of the 950, as far as the tool has told them.
    """

    npu: int
    chip: int
    phy_id: int
    name: str = ""
    ports: Tuple[DevicePort, ...] = ()


@attrs.frozen
class DeviceMap:
    """All NPUs that the tools can reach, in the order of their phy-ids, and the generation they belong to.

    `unreachable` counts chips that `npu-smi info -m` lists and cannot address: it prints -1 as their NPU id or, for a
    die that has dropped, the phy-id of another once more (recorded from the vendor's code, A3).
    `older_form` tells of a 950 whose `hccn_tool` takes the command lines of the A2: it is asked about RoCE ports too.
    """

    devices: Tuple[Device, ...]
    generation: Reading[Generation]
    unreachable: int = 0
    older_form: bool = False

    @property
    def cards(self) -> Tuple[int, ...]:
        """The card ids, each once, in order."""
        return tuple(dict.fromkeys(device.npu for device in self.devices))

    @property
    def phy_ids(self) -> Tuple[int, ...]:
        """The phy-ids in order."""
        return tuple(device.phy_id for device in self.devices)

    def of_card(self, npu: int) -> Tuple[Device, ...]:
        """Return the NPUs of one card."""
        return tuple(device for device in self.devices if device.npu == npu)

    def find(self, npu: int, chip: Reading[int]) -> Optional[Device]:
        """Return the NPU with this card and chip; without a chip number, the only NPU of the card."""
        found = [device for device in self.of_card(npu) if isinstance(chip, Missing) or device.chip == chip]
        return found[0] if len(found) == 1 else None

    def has(self, source: Source[Any]) -> bool:
        """Tell whether the product has what the source asks about; True where the product is not known."""
        return self.is_one_of(source.generations)

    def is_one_of(self, generations: FrozenSet[Generation]) -> bool:
        """Tell whether the product is of one of these generations; True where the product is not known."""
        if isinstance(self.generation, Missing) or self.generation in generations:
            return True
        return self.older_form and Generation.A2 in generations

    def targets(self, source: Source[Any]) -> Tuple[Target, ...]:
        """Return what a source has to be asked about on this node; nothing when the product does not have it."""
        if not self.has(source):
            return ()
        if source.scope is Scope.NODE:
            return (Target(),)
        if source.scope is Scope.CHIP and self.generation is not Generation.A5:  # the tool of the 950 knows no chips
            return tuple(Target(npu=device.npu, chip=device.chip) for device in self.devices)
        if source.scope in (Scope.CARD, Scope.CHIP):
            return tuple(Target(npu=npu) for npu in self.cards)
        if source.scope is Scope.NPU:
            return tuple(Target(phy_id=phy_id) for phy_id in self.phy_ids)
        if source.scope in (Scope.PORT, Scope.OPTICAL_PORT):
            return tuple(
                Target(npu=device.npu, udie=port.udie, port=port.port)
                for device in self.devices
                for port in device.ports
                if port.optical or source.scope is Scope.PORT
            )
        return ()

    def with_ports(self, answers: Callable[[Query[DevInfoFacts]], Reading[DevInfoFacts]]) -> DeviceMap:
        """Return the map with the ports that each NPU's own answer names; without an answer the ports stay."""
        if not self.has(dev_info.SOURCE):
            return self
        found = []
        older_form = self.older_form
        for device in self.devices:
            facts = answers(dev_info.SOURCE.about(Target(npu=device.npu)))
            older_form = older_form or (isinstance(facts, Missing) and OLDER_FORM in facts.detail)
            ports = () if isinstance(facts, Missing) else facts.ports
            named = tuple(DevicePort(port.udie, port.port, port.media == dev_info.OPTICAL) for port in ports)
            found.append(device if isinstance(facts, Missing) else attrs.evolve(device, ports=named))
        return attrs.evolve(self, devices=tuple(found), older_form=older_form)

    def with_ports_of(self, earlier: Reading[DeviceMap]) -> DeviceMap:
        """Return the map with the ports that an earlier map knew of the same NPUs."""
        older_form = not isinstance(earlier, Missing) and earlier.older_form
        known_ports = {} if isinstance(earlier, Missing) else {device.npu: device.ports for device in earlier.devices}
        found = (attrs.evolve(device, ports=known_ports.get(device.npu, device.ports)) for device in self.devices)
        return attrs.evolve(self, devices=tuple(found), older_form=older_form)


_NAMES = (
    # The printed names: vendor documents and recordings of each product; the order matters, longest prefix first.
    (re.compile(r"(?:ascend\s*)?950"), Generation.A5),
    (re.compile(r"(?:ascend\s*)?910_?93"), Generation.A3),
    (re.compile(r"(?:ascend\s*)?910b[1-4]"), Generation.A2),
    (re.compile(r"(?:ascend\s*)?910(?:a|pro)"), Generation.A1),
    (re.compile(r"(?:ascend\s*)?310p"), Generation.P310P),
    (re.compile(r"(?:ascend\s*)?310|minid"), Generation.P310),
    (re.compile(r"ascend910$"), Generation.A3),
)


def generation_of(name: str) -> Optional[Generation]:
    """Return the generation that a printed chip name belongs to, None when the name does not tell (`xxx`, `910`)."""
    folded = name.strip().casefold()
    return next((generation for pattern, generation in _NAMES if pattern.match(folded)), None)


def build(mapping: Reading[MappingFacts], info: Reading[InfoFacts]) -> Reading[DeviceMap]:
    """Build the map from `npu-smi info -m` or, where that is missing, from `npu-smi info`.

    Columns are found by their names. Where the product prints no phy-id, the logic id stands for it: the two are equal
    on bare metal (A2, 310P), and only there do the tools print the older layout.
    Returns the reason of the mapping's absence when neither answer names a device.
    """
    generation = _generation(mapping, info)
    if not isinstance(mapping, Missing):
        devices, unreachable = _from_mapping(mapping)
        return DeviceMap(devices, generation, unreachable)
    if not isinstance(info, Missing):
        return DeviceMap(_from_info(info, generation), generation)
    return mapping


def _from_mapping(mapping: MappingFacts) -> Tuple[Tuple[Device, ...], int]:
    found: Dict[int, Device] = {}
    unreachable = 0
    for row in mapping.rows:
        phy_id = row.logic_id if row.phy_id is None else row.phy_id
        if isinstance(row.npu, Missing) or phy_id in found:
            unreachable += 1
        elif not row.is_mcu and isinstance(row.chip, int) and isinstance(phy_id, int):
            found[phy_id] = Device(row.npu, row.chip, phy_id, row.name)
    return _in_order(found), unreachable


def _from_info(info: InfoFacts, generation: Reading[Generation]) -> Tuple[Device, ...]:
    found: Dict[int, Device] = {}
    for chip in info.chips:
        phy_id = chip.phy_id if chip.phy_id is not None else chip.device
        if phy_id is None and generation in (Generation.A1, Generation.A2):
            phy_id = chip.npu
        if phy_id is not None and isinstance(chip.chip, int):
            found[phy_id] = Device(chip.npu, chip.chip, phy_id, known(chip.name) or "")
    return _in_order(found)


def _in_order(devices: Dict[int, Device]) -> Tuple[Device, ...]:
    return tuple(devices[phy_id] for phy_id in sorted(devices))


_LAYOUTS = {"a3": Generation.A3, "950": Generation.A5}


def _generation(mapping: Reading[MappingFacts], info: Reading[InfoFacts]) -> Reading[Generation]:
    names: List[str] = []
    if not isinstance(info, Missing):
        if info.layout in _LAYOUTS:
            return _LAYOUTS[info.layout]
        names += [chip.name for chip in info.chips if isinstance(chip.name, str)]
    if not isinstance(mapping, Missing):
        names += [row.name for row in mapping.rows if not row.is_mcu]
    found = [generation for generation in map(generation_of, names) if generation is not None]
    if found:
        return found[0]
    return Missing(Absence.NOT_REPORTED, "no chip name tells the product")
