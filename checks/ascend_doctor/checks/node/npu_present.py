"""An NPU is missing.

What it reads: the map of `npu-smi info -m`, the table of `npu-smi info`, the count of `npu-smi info -l`, the files
    /dev/davinciN, and whether `npu-smi` accepts the card's number.

Why it matters: a job that counts on the NPU cannot start its ranks; every tool call on a dropped NPU hangs or fails.

What to do: look whether `lspci -D -d 19e5:` still shows the chip. Shown: it dropped in software, reset it. Not shown:
    it dropped off the bus, power-cycle the node and reseat or replace the module.

Disruption: a reset stops every job on the NPU, on boards with an HCCS ring on the whole ring.

Limits: `expected_npus` is our own policy: how many NPUs every node has to show; 0 means that the sources only have to
    agree with each other. Inside a container /dev is not counted, because a container sees a part of the devices
    under other numbers.

Sources: Ascend/mind-cluster, ascend-faultdiag (physical against software drop); hicann/driver, npu_log_collect.sh and
    npu-smi source (a lost NPU is left out of the table, and the map keeps a row with NPU id -1).
"""

from __future__ import annotations

from typing import Dict, FrozenSet, Iterator, Tuple

import attrs

from ascend_doctor.checks import remedies
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, passed, unknown
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import health, info, listing, mapping
from ascend_doctor.facts.source import Target
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.wording import counted


@attrs.frozen
class Limits:
    """`expected_npus`: how many NPUs the node has to show, 0 for no expectation."""

    expected_npus: int = 0


Lost = Dict[int, Tuple[str, Tuple[Quote, ...]]]


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Compare what the sources say of every NPU, and how many there are."""
    devices = view.devices
    if isinstance(devices, Missing):
        yield unknown(view.subject, "which NPUs there are", devices, view.quote(mapping.SOURCE))
        return
    lost = _lost(view, devices)
    for phy_id in sorted({*devices.phy_ids, *lost}):
        npu = subjects.npu(view.name, phy_id)
        if phy_id not in lost:
            yield passed(npu, "the sources agree that it is there")
            continue
        words, quotes = lost[phy_id]
        yield failed(
            npu,
            words,
            expected="the NPU in every list",
            remedies=[reset_of(devices, phy_id), remedies.POWER_CYCLE],
            quotes=quotes,
        )
    gone = _unnamed(view, devices) if not lost else 0
    seen = len(devices.devices)
    if gone or (limits.expected_npus and not lost and seen != limits.expected_npus):
        yield failed(
            view.subject,
            f"{counted(gone, 'chip is', 'chips are')} there that npu-smi cannot address"
            if gone
            else f"{counted(seen, 'NPU is', 'NPUs are')} there",
            expected=counted(limits.expected_npus or seen + gone, "NPU"),
            remedies=[remedies.REBOOT, remedies.POWER_CYCLE],
            observed=seen,
            quotes=view.quote(mapping.SOURCE),
        )


def _lost(view: NodeView, devices: DeviceMap) -> Lost:
    """Return the NPUs that one source knows and another does not, with what is wrong and the evidence."""
    found: Lost = {}
    for phy_id in _nodes_in_dev(view).difference(devices.phy_ids):
        found[phy_id] = (
            f"/dev/davinci{phy_id} is there, and npu-smi cannot address the NPU",
            view.quote(mapping.SOURCE),
        )
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
        elif _nodes_in_dev(view) and device.phy_id not in _nodes_in_dev(view):
            found[device.phy_id] = (f"there is no /dev/davinci{device.phy_id}", view.quote(identity.SOURCE))
    return found


def _nodes_in_dev(view: NodeView) -> FrozenSet[int]:
    """Return the numbers of /dev/davinciN; nothing where they are not known or cannot be compared."""
    facts = view.read(identity.SOURCE)
    if isinstance(facts, Missing) or isinstance(facts.davinci, Missing) or in_container(view):
        return frozenset()
    return frozenset(facts.davinci)


def _unnamed(view: NodeView, devices: DeviceMap) -> int:
    """Return how many cards `npu-smi` counts and cannot address."""
    facts = view.read(listing.SOURCE)
    unlisted = (
        0
        if isinstance(facts, Missing)
        else facts.total_count - sum(not isinstance(item.npu, Missing) for item in facts.npus)
    )
    return max(devices.unreachable, unlisted)


def reset_of(devices: DeviceMap, phy_id: int) -> Remedy:
    """Return the advice to reset an NPU by its card and chip.

    Of one that the map leaves out they follow from its phy-id where all others are numbered in step. Where they are
    not, a guess could reset a healthy card: there a reboot is advised.
    """
    places = {device.phy_id: (device.npu, device.chip) for device in devices.devices}
    chips = max((chip for _, chip in places.values()), default=0) + 1
    in_step = all(divmod(number, chips) == place for number, place in places.items())
    if phy_id not in places and not (places and in_step):
        return remedies.REBOOT
    npu, chip = places.get(phy_id, divmod(phy_id, chips))
    return remedies.reset(npu, chip)


CHECK = Check(
    id="npu.present",
    reads=(mapping.SOURCE, info.SOURCE, listing.SOURCE, health.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
    own_limits=("expected_npus",),
)
