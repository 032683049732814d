"""An NPU's memory runs out of spare rows.

What it reads: the isolated and next-isolated pages of `npu-smi info -t ecc`.

Why it matters: each row of memory with an error that cannot be corrected is taken out of use and replaced by a spare
    one. When the spare rows are used up, the next error stays.

What to do: rows that wait are taken out by the next reset. With all spare rows used, have the module replaced.

Disruption: a reset stops every job on the NPU, on boards with an HCCS ring on the whole ring.

Limits: `warn_pages` (16) and `fail_pages` (64) are the vendor's: at these counts the chip raises the events 80E18401
    and 80E18402. A few isolated pages are how the memory is meant to heal. The count of single-bit errors is reserved
    and always 0. Where the tool prints an impossible count of waiting pages (it subtracts without a sign), that one is
    left out of the judgement.

Sources: hicann/driver, npu-smi manual (querying the ECC error count); Ascend/mind-cluster, device plugin,
    faultCode.json and the diagnosis items of ascend-faultdiag (80E18402).
"""

from __future__ import annotations

from typing import Iterator, Optional

import attrs

from ascend_doctor.checks import chips, remedies, resets
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed, skipped, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.npu_smi import ecc
from ascend_doctor.facts.npu_smi.ecc import ChipEcc
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import HBM
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.subject import Subject
from ascend_doctor.model.wording import counted

COUNT = "Double Bit Isolated Pages Count"
WAITING = "Double Bit Next-Isolated Pages Count"


@attrs.frozen
class Limits:
    """Isolated pages since the chip was made. `warn_pages`: many. `fail_pages`: all spare rows are used."""

    warn_pages: int = 16
    fail_pages: int = 64


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the isolated pages of every chip."""
    for target, subject, facts in view.each(ecc.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the count of isolated pages", facts, view.quote(ecc.SOURCE, target))
            continue
        for chip in facts.chips:
            who = subject if target.npu is None else chips.npu(view, target.npu, chip.chip, subject)
            yield _judge(view, target, who, chip, limits)


def _judge(view: NodeView, target: Target, subject: Subject, chip: ChipEcc, limits: Limits) -> Finding:
    quotes = view.quote(ecc.SOURCE, target, COUNT, WAITING)
    pages = chip.hbm_double_bit_isolated_pages
    if pages is None:
        return skipped(subject, "this npu-smi prints no count of isolated pages")
    if isinstance(pages, Missing):
        return unknown(subject, "the count of isolated pages", pages, quotes)
    waiting = _waiting(chip)
    if pages >= limits.fail_pages:
        return failed(
            subject,
            f"{pages} pages of its memory are isolated: all spare rows are used",
            expected=f"fewer than {limits.warn_pages} isolated pages",
            remedies=[remedies.REPLACE],
            observed=pages,
            quotes=quotes,
        )
    said = [f"{counted(pages, 'page')} of its memory isolated"] if pages >= limits.warn_pages else []
    said += [f"{counted(waiting, 'page')} to be isolated with the next reset"] if waiting else []
    if not said:
        return passed(subject, f"{counted(pages, 'isolated page')}, none waits for a reset", observed=pages)
    watch = Remedy("Watch the count: at 64 the module has to be replaced.")
    return warned(
        subject,
        ", ".join(said),
        expected=f"fewer than {limits.warn_pages} isolated pages, and none that waits",
        remedies=[resets.advice(view, target.npu, chip.chip)] if waiting else [watch],
        observed=pages,
        quotes=quotes,
    )


def _waiting(chip: ChipEcc) -> Optional[int]:
    waiting = chip.hbm_double_bit_next_isolated_pages
    return None if isinstance(waiting, Missing) else waiting


CHECK = Check(
    id="npu.ecc-isolation",
    reads=(ecc.SOURCE,),
    judge=judge,
    limits=Limits(),
    generations=HBM,
    metric="npu_isolated_pages",
)
