"""What several checks ask about the event codes of an NPU: how severe one is, and on which chips it is up."""

from __future__ import annotations

from typing import Collection, Iterator, Tuple

from ascend_doctor.checks import chips
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.npu_smi import health
from ascend_doctor.facts.npu_smi.health import ChipHealth
from ascend_doctor.facts.source import Target
from ascend_doctor.knowledge import fault_codes
from ascend_doctor.knowledge.fault_codes import Level
from ascend_doctor.model.reading import Missing, Reading
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import Subject


def status_of(code: str, otherwise: Status, warn_codes: Collection[str]) -> Status:
    """Return what one code means by the vendor's level of it; `otherwise` where it has none, but no pass.

    `warn_codes` are codes without effect on a job that still deserve a warning.
    """
    found = fault_codes.lookup(code)
    level = None if found is None else found.level
    if level is None:
        return Status.WARN if otherwise is Status.PASS else otherwise
    if level is Level.NOT_HANDLE:
        return Status.WARN if fault_codes.normal(code) in warn_codes else Status.PASS
    return Status.FAIL if level.needs_reset or level.needs_separation else Status.WARN


def worst(statuses: Collection[Status]) -> Status:
    """Return the worst of some outcomes, a pass for none."""
    return next((status for status in (Status.FAIL, Status.WARN) if status in statuses), Status.PASS)


def of_chips(view: NodeView) -> Iterator[Tuple[Target, Subject, Reading[ChipHealth]]]:
    """Yield the health of every chip that computes: where it was read, which NPU it is, and what the tool says."""
    for target, subject, facts in view.each(health.SOURCE):
        if isinstance(facts, Missing):
            yield target, subject, facts
            continue
        for item in facts.compute_chips:
            npu = facts.npu if target.npu is None else target.npu
            number = item.chip if target.chip is None else target.chip
            yield target, subject if npu is None else chips.npu(view, npu, number, subject), item


def codes_of(item: ChipHealth) -> Tuple[str, ...]:
    """Return the codes of a chip in the form of the table of codes; none where the tool prints no such line."""
    return () if isinstance(item.error_codes, Missing) else tuple(map(fault_codes.normal, item.error_codes))
