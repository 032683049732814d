"""An NPU shows less memory than it was sold with.

What it reads: the HBM capacity of `npu-smi info -t usages`, the chip's name, and whether the doctor is in a container.

Why it matters: the model does not fit any more, or a stack of the memory is lost.

What to do: have the module replaced.

Disruption: replacing it needs the node to be powered off.

Limits: `min_pct_of_rated` is the vendor's tool's: at least so much of the rated size. The rated size is that of the
    product with the chip's name; where a name has several forms, the smallest that is not below what its siblings on
    the node show. A chip of a product without a known rated size is compared with its siblings, and so is every 950,
    which is sold in more sizes than are known: there one that has less than its siblings, and a size that is sold, is a
    warning. Inside a container less memory is a warning too, because a part of an NPU (vNPU) shows its own share. More
    than rated is no fault.

Sources: Ascend/mind-cluster, ascend-faultdiag, npu_info_parser.py (95 % of the rated size) and its table of products.
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Tuple

import attrs

from ascend_doctor.checks import chips, remedies
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed, skipped, unknown
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.versions import generation
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import usages
from ascend_doctor.facts.source import Target
from ascend_doctor.knowledge import ratings
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.product import HBM, Generation
from ascend_doctor.model.reading import NOT_REPORTED, Missing
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import Subject

CAPACITY = "HBM Capacity(MB)"
COMPARE = Remedy("Compare the card with the order: it has a size that is sold, and another one than its siblings.")


@attrs.frozen
class Limits:
    """`min_pct_of_rated`: how much of the rated size a chip has to show, in percent."""

    min_pct_of_rated: float = 95.0


@attrs.frozen
class Chip:
    """A chip that shows its capacity."""

    target: Target
    subject: Subject
    name: str
    capacity_mb: int


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the capacity of every chip."""
    found: List[Chip] = []
    for target, subject, facts in view.each(usages.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the capacity of the HBM", facts, view.quote(usages.SOURCE, target))
            continue
        for chip in facts.chips:
            who = subject if target.npu is None else chips.npu(view, target.npu, chip.chip, subject)
            capacity = chip.hbm_capacity_mb
            if capacity is None or isinstance(capacity, Missing):
                quotes = view.quote(usages.SOURCE, target, CAPACITY)
                yield unknown(who, "the capacity of the HBM", capacity or NOT_REPORTED, quotes)
            else:
                found.append(Chip(target, who, _name(view, target, who), capacity))
    is_sure = not in_container(view)
    largest: Dict[str, int] = {}
    for one in found:
        largest[one.name] = max(largest.get(one.name, 0), one.capacity_mb)
    alone = len(found) == 1
    for one in found:
        finding = _judge(view, one, _rated(view, one, largest[one.name]), alone=alone, limits=limits)
        yield finding if is_sure or finding.status is not Status.FAIL else attrs.evolve(finding, status=Status.WARN)


def _name(view: NodeView, target: Target, subject: Subject) -> str:
    devices = () if isinstance(view.devices, Missing) or target.npu is None else view.devices.of_card(target.npu)
    return next((device.name for device in devices if str(device.phy_id) == subject.name), "")


def _rated(view: NodeView, chip: Chip, largest: int) -> Tuple[int, bool]:
    """Return the size to compare with, and whether it is the product's; else it is that of the largest sibling."""
    rated = ratings.rated_hbm_mb(chip.name) if chip.name else ()
    if generation(view) is Generation.A5:
        return (largest, largest in rated)
    fitting = [size for size in rated if size >= largest] or list(rated[-1:])
    return (min(fitting), True) if fitting else (largest, False)


def _judge(view: NodeView, chip: Chip, rated: Tuple[int, bool], *, alone: bool, limits: Limits) -> Finding:
    size, is_rated = rated
    if not is_rated and alone:
        return skipped(chip.subject, "no rated size is known, and there is no other NPU to compare with")
    whose = "rated" if is_rated else "on its siblings"
    observed = Quantity(chip.capacity_mb, "MB")
    if 100 * chip.capacity_mb >= limits.min_pct_of_rated * size:
        return passed(chip.subject, f"{chip.capacity_mb} MB of HBM, {size} MB {whose}", observed=observed)
    is_sold = generation(view) is Generation.A5 and chip.capacity_mb in ratings.rated_hbm_mb(chip.name)
    return failed(
        chip.subject,
        f"{chip.capacity_mb} MB of HBM, and {size} MB {'on its siblings' if is_sold else whose}",
        expected=f"at least {limits.min_pct_of_rated:g} % of {size} MB",
        remedies=[COMPARE if is_sold else remedies.REPLACE],
        observed=observed,
        quotes=view.quote(usages.SOURCE, chip.target, CAPACITY),
        status=Status.WARN if is_sold else Status.FAIL,
    )


CHECK = Check(
    id="npu.hbm-capacity",
    reads=(usages.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
    generations=HBM,
    metric="npu_hbm_capacity_megabytes",
)
