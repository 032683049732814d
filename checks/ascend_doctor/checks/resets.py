"""The advice to reset an NPU, in the words of the tool of its generation, and to the right address."""

from __future__ import annotations

from typing import List, Optional

from ascend_doctor.checks import remedies
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.versions import generation
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.model.finding import Remedy
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Missing, Reading
from ascend_doctor.model.subject import Subject, SubjectKind


def advice(view: NodeView, npu: Optional[int], chip: Reading[int] = 0) -> Remedy:
    """Return the advice to reset a chip of a card, with `N` where the card is not known."""
    if generation(view) is Generation.A5:
        return remedies.reset(remedies.which(npu), None)
    return remedies.reset(remedies.which(npu), 0 if isinstance(chip, Missing) else chip)


def steps(view: NodeView, subject: Subject) -> List[Remedy]:
    """Return what brings an NPU or a card back that does not answer.

    Inside a container these are no resets: what shows there may be the container's, and a reset hits everybody. A check
    that asks has to declare the source of `in_container`.
    """
    return [remedies.FROM_THE_HOST] if in_container(view) else [_reset(view, subject), remedies.POWER_CYCLE]


def _reset(view: NodeView, subject: Subject) -> Remedy:
    if subject.kind is SubjectKind.CARD:
        return advice(view, int(subject.name))
    if subject.kind is SubjectKind.NPU and isinstance(view.devices, DeviceMap):
        return reset_of(view.devices, int(subject.name))
    return advice(view, None)


def chips_of_a_card(devices: DeviceMap) -> int:
    """Return how many NPUs a card has, by the numbers of those that are there."""
    return max((device.chip for device in devices.devices), default=0) + 1


def reset_of(devices: DeviceMap, phy_id: int) -> Remedy:
    """Return the advice to reset an NPU by its card and chip.

    Of one that the map leaves out they follow from its phy-id where all others are numbered in step. Where they are
    not, a guess could reset a healthy card: there a reboot is advised.
    """
    places = {device.phy_id: (device.npu, device.chip) for device in devices.devices}
    chips = chips_of_a_card(devices)
    in_step = all(divmod(number, chips) == place for number, place in places.items())
    if phy_id not in places and not (places and in_step):
        return remedies.REBOOT
    npu, chip = places.get(phy_id, divmod(phy_id, chips))
    return remedies.reset(npu, None if devices.generation is Generation.A5 else chip)
