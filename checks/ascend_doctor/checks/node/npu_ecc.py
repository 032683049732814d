"""An NPU's memory has errors that cannot be corrected.

What it reads: the double-bit error counts of `npu-smi info -t ecc`, which start at zero with each start of the chip.

Why it matters: a double-bit error stops the step that meets it, or leaves wrong numbers behind.

What to do: reset the NPU before the next job; the reset takes the bad rows out of use. If the count grows again,
    stress the memory and have the module replaced.

Disruption: a reset stops every job on the NPU, on boards with an HCCS ring on the whole ring.

Limits: `max_double_bit` is how many are accepted since the start of the chip. None is the rule before a job starts;
    during a long job the vendor's scheduler tolerates one in a day.

Sources: hicann/driver, documentation of dcmi_get_device_ecc_info; Ascend/mind-cluster, device plugin,
    faultCustomization.json.
"""

from __future__ import annotations

from typing import Iterator

import attrs

from ascend_doctor.checks import chips, remedies
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed, unknown
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.npu_smi import ecc
from ascend_doctor.facts.npu_smi.ecc import ChipEcc
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import HBM
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading
from ascend_doctor.model.subject import Subject
from ascend_doctor.model.wording import counted

COUNT = "Double Bit Error Count"


@attrs.frozen
class Limits:
    """`max_double_bit`: double-bit errors that are accepted since the start of the chip."""

    max_double_bit: int = 0


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the double-bit errors of every chip."""
    for target, subject, facts in view.each(ecc.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the count of memory errors", facts, view.quote(ecc.SOURCE, target))
            continue
        for chip in facts.chips:
            who = subject if target.npu is None else chips.npu(view, target.npu, chip.chip, subject)
            yield _judge(view, target, who, chip, limits)


def _judge(view: NodeView, target: Target, subject: Subject, chip: ChipEcc, limits: Limits) -> Finding:
    quotes = view.quote(ecc.SOURCE, target, COUNT)
    count = _double_bit(chip)
    if isinstance(count, Missing):
        return unknown(subject, "the count of double-bit errors", count, quotes)
    if count <= limits.max_double_bit:
        return passed(
            subject, f"{counted(count, 'double-bit error')} since the start of the chip", observed=count, quotes=quotes
        )
    number = 0 if isinstance(chip.chip, Missing) else chip.chip
    return failed(
        subject,
        f"{counted(count, 'double-bit memory error')} since the start of the chip",
        expected=f"at most {limits.max_double_bit}",
        remedies=[remedies.reset("N" if target.npu is None else target.npu, number), remedies.REPLACE],
        observed=count,
        quotes=quotes,
    )


def _double_bit(chip: ChipEcc) -> Reading[int]:
    """Return the errors of both kinds of memory together, or why one of them is not known."""
    counts = [count for count in (chip.hbm_double_bit, chip.ddr_double_bit) if count is not None]
    gaps = [count for count in counts if isinstance(count, Missing)]
    if gaps or not counts:
        return gaps[0] if gaps else NOT_REPORTED
    return sum(count for count in counts if isinstance(count, int))


CHECK = Check(
    id="npu.ecc", reads=(ecc.SOURCE,), judge=judge, limits=Limits(), generations=HBM, metric="npu_double_bit_errors"
)
