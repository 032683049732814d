"""An NPU is too hot.

What it reads: the event codes of `npu-smi info -t health`, and the temperatures and loads of `npu-smi info -t common`.

Why it matters: a hot chip runs slower and holds up the whole job; at its fatal temperature the module is switched off.

What to do: look at fans, filters, water flow and the temperature of the air; then at the heat sink of the one chip.

Disruption: none; cooling down needs the load taken away.

Limits: as long as the chip raises no event its temperature has no effect, says the vendor; so there is no limit in
    degrees. `warn_codes` (memory hot, chip hot) and `fail_codes` (memory at its fatal temperature) are the chip's own
    events. `max_above_siblings_c` is our own policy: so much above the middle of the NPUs of the node with about the
    same load (`same_load_pct` points of AICore use, ours too) is a warning. Fewer than `min_siblings` others are too
    few to compare with. Where the tool does not tell degrees or load the events alone decide.

Sources: hicann/driver, npu-smi manual (note on temperatures); Ascend/mind-cluster, device plugin, faultCode.json
    (80E00209, 80E20207, 80E0020B).
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks import alarms, chips
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.median import median
from ascend_doctor.checks.outcome import failed, missing, passed
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.npu_smi import common, health
from ascend_doctor.facts.source import Target
from ascend_doctor.knowledge import fault_codes
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import Subject

NOT_TOLD = (Absence.NOT_SUPPORTED, Absence.NOT_REPORTED)
"""Reasons for which an older tool leaves out degrees or load; the events decide then."""
COOL = Remedy("Look at the cooling: fans, filters, water flow, the air that comes in; then at the chip's heat sink.")


@attrs.frozen
class Limits:
    """Which events count, and how much warmer than its siblings a chip may be.

    `warn_codes`, `fail_codes`: events of the chip. `max_above_siblings_c`: degrees above the middle of the others.
    `same_load_pct`: points of AICore use within which loads count as the same. `min_siblings`: how many others it
    takes.
    """

    warn_codes: Tuple[str, ...] = ("80E00209", "80E20207")
    fail_codes: Tuple[str, ...] = ("80E0020B",)
    max_above_siblings_c: float = 15.0
    same_load_pct: float = 10.0
    min_siblings: int = 3


@attrs.frozen
class Chip:
    """What is known of the warmth of a chip. `degrees` is missing where the tool did not say."""

    subject: Subject
    target: Target
    degrees: int
    load_pct: int


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge every chip by its events, and by its siblings."""
    found, gaps = _chips(view)
    events: Dict[Subject, Tuple[Target, Tuple[str, ...]]] = {}
    unseen: Dict[Subject, Missing] = {}
    for target, subject, item in alarms.of_chips(view):
        if isinstance(item, Missing):
            unseen[subject] = item
        else:
            events[subject] = (target, alarms.codes_of(item))
    for subject in dict.fromkeys((*events, *(chip.subject for chip in found), *gaps, *unseen)):
        target, codes = events.get(subject, (Target(), ()))
        raised = _by_code(view, subject, target, codes, limits)
        chip = next((one for one in found if one.subject == subject), None)
        gap = unseen.get(subject) or gaps.get(subject) or gaps.get(view.subject, NOT_REPORTED)
        if raised is not None:
            yield raised
        elif subject in events and chip is not None:
            yield _by_siblings(view, chip, found, limits)
        elif subject in events and gap.why in NOT_TOLD:
            yield passed(subject, "no event about its temperature; the tool does not tell degrees or load")
        else:
            yield missing(subject, "the temperature", gap)


def _chips(view: NodeView) -> Tuple[List[Chip], Dict[Subject, Missing]]:
    found: List[Chip] = []
    gaps: Dict[Subject, Missing] = {}
    for target, subject, facts in view.each(common.SOURCE):
        if isinstance(facts, Missing):
            gaps.update(dict.fromkeys(_npus(view, target, subject), facts))
            continue
        for item in facts.chips:
            who = chips.npu(view, facts.npu, item.chip, subject)
            degrees, load = item.temperature_c, item.aicore_usage_pct
            if isinstance(degrees, int) and isinstance(load, int):
                found.append(Chip(who, target, degrees, load))
            else:
                gap = degrees if isinstance(degrees, Missing) else load
                gaps[who] = gap if isinstance(gap, Missing) else NOT_REPORTED
    return found, gaps


def _npus(view: NodeView, target: Target, subject: Subject) -> Sequence[Subject]:
    """Return the NPUs of the card that a target is; the subject where the map does not know them."""
    devices = () if isinstance(view.devices, Missing) or target.npu is None else view.devices.of_card(target.npu)
    return [subjects.npu(view.name, device.phy_id) for device in devices] or [subject]


def _by_code(
    view: NodeView, subject: Subject, target: Target, codes: Tuple[str, ...], limits: Limits
) -> Optional[Finding]:
    fatal = [code for code in codes if code in limits.fail_codes]
    hot = fatal or [code for code in codes if code in limits.warn_codes]
    if not hot:
        return None
    shown = ", ".join(str(fault_codes.lookup(code) or code) for code in hot)
    return failed(
        subject,
        f"reports {shown}",
        expected="no event about its temperature",
        remedies=[COOL],
        observed=", ".join(hot),
        quotes=view.quote(health.SOURCE, target, *hot),
        status=Status.FAIL if fatal else Status.WARN,
    )


def _by_siblings(view: NodeView, chip: Chip, found: List[Chip], limits: Limits) -> Finding:
    others = [
        one.degrees
        for one in found
        if one.subject != chip.subject and abs(one.load_pct - chip.load_pct) <= limits.same_load_pct
    ]
    observed = Quantity(chip.degrees, "C")
    if len(others) < limits.min_siblings:
        return passed(chip.subject, f"{chip.degrees} C, and no event about it", observed=observed)
    middle = median(others)
    if chip.degrees - middle <= limits.max_above_siblings_c:
        return passed(chip.subject, f"{chip.degrees} C, {middle:g} C in the middle of its siblings", observed=observed)
    quotes: Tuple[Quote, ...] = view.quote(common.SOURCE, chip.target, "Temperature", "Aicore Usage")
    return failed(
        chip.subject,
        f"{chip.degrees} C, and its siblings with the same load have {middle:g} C",
        expected=f"at most {middle + limits.max_above_siblings_c:g} C",
        remedies=[COOL],
        observed=observed,
        quotes=quotes,
        status=Status.WARN,
    )


CHECK = Check(
    id="npu.temperature",
    reads=(common.SOURCE, health.SOURCE),
    judge=judge,
    limits=Limits(),
    own_limits=("max_above_siblings_c", "same_load_pct", "min_siblings"),
    metric="npu_temperature_celsius",
)
