"""An NPU's memory has errors that cannot be corrected.

What it reads: the double-bit error counts of `npu-smi info -t ecc`: since the start of the chip, and over its life.

Why it matters: a double-bit error stops the step that meets it, or leaves wrong numbers behind.

What to do: reset the NPU before the next job; the reset takes the bad rows out of use. If the count grows again,
    stress the memory and have the module replaced.

Disruption: a reset stops every job on the NPU, on boards with an HCCS ring on the whole ring.

Limits: `max_double_bit` is how many are accepted since the start of the chip: none, before a job starts. With
    `during_a_job` the rule is that of the vendor's scheduler while a job runs: a single error is a warning, and
    `fail_during_a_job` (2) a failure; the scheduler counts them within a day, the chip since its start. A count over
    the life of the chip that has grown since an earlier look, while the other one stands at nothing, is a warning: the
    chip has been reset in between. Errors of single bits are corrected and no finding.

Sources: hicann/driver, documentation of dcmi_get_device_ecc_info; Ascend/mind-cluster, device plugin,
    faultCustomization.json.
"""

from __future__ import annotations

from typing import Iterator

import attrs

from ascend_doctor.checks import chips, remedies, resets
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.npu_smi import ecc
from ascend_doctor.facts.npu_smi.ecc import ChipEcc
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import HBM
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import Subject
from ascend_doctor.model.wording import counted

COUNT = "Double Bit Error Count"
LIFETIME = "Double Bit Aggregate Total Err Cnt"


@attrs.frozen
class Limits:
    """Double-bit errors since the start of the chip.

    `max_double_bit`: how many are accepted. `during_a_job`: judge as while a job runs. `fail_during_a_job`: from how
    many on that is a failure then.
    """

    max_double_bit: int = 0
    during_a_job: bool = False
    fail_during_a_job: int = 2


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
    reset = resets.advice(view, target.npu, chip.chip)
    if count <= limits.max_double_bit:
        grown = 0 if count else _grown(view, target, chip)
        if grown:
            return warned(
                subject,
                f"{counted(grown, 'double-bit memory error')} since an earlier look, before the chip was reset",
                expected="no new errors over the life of the chip",
                remedies=[remedies.REPLACE],
                observed=grown,
                quotes=view.quote(ecc.SOURCE, target, LIFETIME),
            )
        words = f"{counted(count, 'double-bit error')} since the start of the chip"
        return passed(subject, words, observed=count, quotes=quotes)
    tolerated = limits.during_a_job and count < limits.fail_during_a_job
    return failed(
        subject,
        f"{counted(count, 'double-bit memory error')} since the start of the chip",
        expected=f"at most {limits.max_double_bit}",
        remedies=[reset, remedies.REPLACE],
        observed=count,
        quotes=quotes,
        status=Status.WARN if tolerated else Status.FAIL,
    )


def _grown(view: NodeView, target: Target, chip: ChipEcc) -> int:
    """Return by how much the count over the life of the chip has grown since the oldest look that is kept."""
    now = chip.hbm_double_bit_aggregate
    before = [
        other.hbm_double_bit_aggregate
        for look in view.earlier(ecc.SOURCE, target)[-1:]
        for other in look.facts.chips
        if other.chip == chip.chip
    ]
    if not isinstance(now, int):
        return 0
    return max((now - count for count in before if isinstance(count, int)), default=0)


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
