"""An NPU has dropped.

What it reads: the map of `npu-smi info -m`, the table of `npu-smi info`, whether `npu-smi` accepts the card's number,
    the files /dev/davinciN, and the NPUs that the PCI bus shows.

Why it matters: a job that counts on the NPU cannot start its ranks; tool calls about a dropped NPU hang or fail.

What to do: if the bus still shows the chip it has dropped in software: reset it. If the bus does not show it any more
    it has dropped in hardware: power-cycle the node, then reseat or replace the module.

Disruption: a reset stops every job on the NPU, on boards with an HCCS ring on the whole ring. A power cycle stops the
    node.

Limits: an NPU counts as dropped when one list has it and another has not. Inside a container /dev and the bus are not
    looked at, because a container sees a part of them under other numbers. On an A3 the loss of one die hides the
    other die of its module from the tools.

Sources: Ascend/mind-cluster, ascend-faultdiag, npu_info_parser.py (physical against software drop); hicann/driver,
    npu_log_collect.sh and npu-smi source (a lost NPU is left out of the table, and the map keeps a row with id -1).
"""

from __future__ import annotations

from typing import Dict, FrozenSet, Iterator, List, Mapping, Optional, Sequence, Tuple

from ascend_doctor.checks import alarms, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, passed, unknown
from ascend_doctor.checks.resets import chips_of_a_card, reset_of
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.facts.host import identity, pci
from ascend_doctor.facts.npu_smi import health, info, mapping
from ascend_doctor.facts.source import Target
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import HBM
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.subject import Subject

HEARTBEAT_LOST = "40F84E00"

Lost = Dict[int, Tuple[str, Tuple[Quote, ...]]]


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Compare what the sources say of every NPU."""
    devices = view.devices
    if isinstance(devices, Missing):
        yield unknown(view.subject, "which NPUs there are", devices, view.quote(mapping.SOURCE))
        return
    lost = lost_npus(view, devices)
    for phy_id in devices.phy_ids:
        if phy_id not in lost:
            yield passed(subjects.npu(view.name, phy_id), "the sources agree that it is there")
    modules = _modules(devices, lost)
    off_the_bus = _off_the_bus(view, devices, lost, modules)
    for module in modules:
        yield _dropped(view, devices, module, lost, off_the_bus.get(module[0]))


def _modules(devices: DeviceMap, lost: Lost) -> List[Tuple[int, ...]]:
    """Return the lost NPUs, those together that share a module: the tools cannot tell which of its dies it was."""
    of_a_card = chips_of_a_card(devices)
    cards: Dict[int, List[int]] = {}
    for phy_id in sorted(lost):
        cards.setdefault(phy_id // of_a_card, []).append(phy_id)
    return [tuple(dies) for dies in cards.values()]


def _dropped(
    view: NodeView, devices: DeviceMap, module: Tuple[int, ...], lost: Lost, off_the_bus: Optional[bool]
) -> Finding:
    words, quotes = lost[module[0]]
    npus = [subjects.npu(view.name, phy_id) for phy_id in module]
    steps = [remedies.POWER_OFF] if off_the_bus else [reset_of(devices, module[0]), remedies.POWER_CYCLE]
    if in_container(view):
        steps = [remedies.FROM_THE_HOST]
    return failed(
        npus[0] if len(npus) == 1 else subjects.card(view.name, module[0] // chips_of_a_card(devices)),
        words + _WHERE[off_the_bus],
        expected="the NPU in every list",
        remedies=steps,
        quotes=(*quotes, *(view.quote(pci.SOURCE) if off_the_bus else ())),
        affected=npus if len(npus) > 1 else (),
    )


_WHERE: Mapping[Optional[bool], str] = {
    True: "; the PCI bus does not show it either: it has dropped in hardware",
    False: "; the PCI bus still shows it: it has dropped in software",
    None: "",
}


def lost_npus(view: NodeView, devices: DeviceMap) -> Lost:
    """Return the NPUs that one source knows and another does not, with what is wrong and the evidence."""
    found: Lost = {}
    nodes = nodes_in_dev(view)
    for phy_id in nodes.difference(devices.phy_ids):
        found[phy_id] = (
            f"/dev/davinci{phy_id} is there, and npu-smi cannot address the NPU",
            view.quote(mapping.SOURCE),
        )
    for phy_id in _holes(view, devices).difference(found):
        found[phy_id] = ("npu-smi counts it and cannot address it", view.quote(mapping.SOURCE))
    for phy_id in _beside(devices, found).difference(found):
        found[phy_id] = (
            f"there is no /dev/davinci{phy_id}, and npu-smi cannot address the NPU",
            view.quote(mapping.SOURCE),
        )
    silent = _silent(view)
    table = view.read(info.SOURCE)
    shown = (
        None if isinstance(table, Missing) or not table.complete else [(chip.npu, chip.chip) for chip in table.chips]
    )
    for device in devices.devices:
        target = view.answered(health.SOURCE, Target(npu=device.npu, chip=device.chip))
        answer = view.read(health.SOURCE, target)
        if isinstance(answer, Missing) and answer.why is Absence.NO_DEVICE:
            quotes = view.quote(health.SOURCE, target)
            found[device.phy_id] = (f"npu-smi does not know card {device.npu} any more", quotes)
        elif shown is not None and not any(
            npu == device.npu and (isinstance(chip, Missing) or chip == device.chip) for npu, chip in shown
        ):
            found[device.phy_id] = ("npu-smi info leaves it out", view.quote(info.SOURCE))
        elif nodes and device.phy_id not in nodes:
            found[device.phy_id] = (f"there is no /dev/davinci{device.phy_id}", view.quote(identity.SOURCE))
        elif subjects.npu(view.name, device.phy_id) in silent:
            quotes = view.quote(health.SOURCE, target, HEARTBEAT_LOST)
            found[device.phy_id] = (f"its heartbeat is lost ({HEARTBEAT_LOST})", quotes)
    return found


def _silent(view: NodeView) -> FrozenSet[Subject]:
    """Return the NPUs of which the driver has lost the heartbeat."""
    return frozenset(
        subject
        for _, subject, item in alarms.of_chips(view)
        if not isinstance(item, Missing) and HEARTBEAT_LOST in alarms.codes_of(item)
    )


def _beside(devices: DeviceMap, lost: Lost) -> FrozenSet[int]:
    """Return the dies of the modules of lost NPUs that nothing shows any more: the fault may be theirs."""
    of_a_card = chips_of_a_card(devices)
    modules = {phy_id // of_a_card for phy_id in lost}
    dies = {module * of_a_card + die for module in modules for die in range(of_a_card)}
    return frozenset(dies.difference(devices.phy_ids))


def _holes(view: NodeView, devices: DeviceMap) -> FrozenSet[int]:
    """Return the numbers that are missing among the NPUs where the tool counts as many chips that it cannot address.

    Where the count does not fit, which NPUs they are cannot be told.
    """
    missing = frozenset(range(max(devices.phy_ids, default=-1) + 1)).difference(devices.phy_ids)
    fits = len(missing) in (devices.unreachable, devices.unreachable * chips_of_a_card(devices))
    return missing if missing and fits and not in_container(view) else frozenset()


def nodes_in_dev(view: NodeView) -> FrozenSet[int]:
    """Return the numbers of /dev/davinciN; nothing where they are not known or cannot be compared."""
    facts = view.read(identity.SOURCE)
    if isinstance(facts, Missing) or isinstance(facts.davinci, Missing) or in_container(view):
        return frozenset()
    return frozenset(facts.davinci)


def _off_the_bus(
    view: NodeView, devices: DeviceMap, lost: Lost, modules: Sequence[Tuple[int, ...]]
) -> Mapping[int, bool]:
    """Return for lost NPUs whether the PCI bus does not show them any more; nothing where that cannot be told.

    An NPU that the tools leave out has no address to look for. So the devices on the bus are counted: one for each
    NPU on servers (on cards two chips may share one).
    """
    facts = view.read(pci.SOURCE)
    on_the_bus = Missing(Absence.NOT_REPORTED) if isinstance(facts, Missing) else facts.devices
    if isinstance(on_the_bus, Missing) or not on_the_bus or in_container(view) or devices.generation not in HBM:
        return {}
    table = view.read(info.SOURCE)
    addresses = {device.address.casefold() for device in on_the_bus}
    rows = () if isinstance(table, Missing) else table.chips
    known = {
        phy_id: row.bus_id.casefold() not in addresses
        for row in rows
        for phy_id in _phy_id(devices, row.npu, row.chip)
        if isinstance(row.bus_id, str)
    }
    there = len({*devices.phy_ids, *lost})
    unplaced = [phy_id for phy_id in lost if phy_id not in known]
    fewer = there - len(on_the_bus)
    if fewer in (0, len(unplaced)) or (len(modules) == 1 and 0 < fewer < len(unplaced)):
        return {**known, **dict.fromkeys(unplaced, fewer > 0)}
    return known


def _phy_id(devices: DeviceMap, npu: int, chip: object) -> Tuple[int, ...]:
    return tuple(device.phy_id for device in devices.of_card(npu) if isinstance(chip, Missing) or device.chip == chip)


CHECK = Check(
    id="npu.dropped",
    reads=(mapping.SOURCE, info.SOURCE, health.SOURCE, identity.SOURCE, pci.SOURCE),
    judge=judge,
    limits=NoLimits(),
)
