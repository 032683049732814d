"""An NPU under load runs below its clock.

What it reads: the rated and the present AICore clock, the load, the temperature and the power of
    `npu-smi info -t common`.

Why it matters: one slow rank slows down all others: they wait for it in every step.

What to do: look at the cooling of the chip and at the power mode and power cap of the server.

Disruption: none.

Limits: an idle chip slows down on purpose: only one with at least `busy_pct` of AICore use is judged.
    `min_pct_of_rated` is how much of the rated clock it has to run at then. Both are our own policy.

Sources: Ascend/mind-cluster, ascend-faultdiag, collecting logs (rated_freq against freq).
"""

from __future__ import annotations

from typing import Iterator

import attrs

from ascend_doctor.checks import chips
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import missing, passed, skipped, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.npu_smi import common
from ascend_doctor.facts.npu_smi.common import ChipCommon
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Severity
from ascend_doctor.model.subject import Subject

COOL = Remedy("Look at the chip's cooling, and at the power mode and the power cap of the server.")


@attrs.frozen
class Limits:
    """In percent. `busy_pct`: AICore use from which a chip is under load. `min_pct_of_rated`: of the rated clock."""

    busy_pct: int = 80
    min_pct_of_rated: float = 95.0


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the clock of every chip under load."""
    for target, subject, facts in view.each(common.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the clock", facts, view.quote(common.SOURCE, target))
            continue
        for item in facts.chips:
            yield _judge(view, target, chips.npu(view, facts.npu, item.chip, subject), item, limits)


def _judge(view: NodeView, target: Target, subject: Subject, chip: ChipCommon, limits: Limits) -> Finding:
    load, rated, present = chip.aicore_usage_pct, chip.aicore_freq_mhz, chip.aicore_cur_freq_mhz
    if load is None or rated is None or present is None:
        return skipped(subject, "this npu-smi prints no clocks")
    quotes = view.quote(common.SOURCE, target, "Freq", "Aicore Usage", "Power", "Temperature")
    if isinstance(load, Missing) or isinstance(rated, Missing) or isinstance(present, Missing):
        gap = next(reading for reading in (load, rated, present) if isinstance(reading, Missing))
        return unknown(subject, "the clock", gap, quotes)
    if load < limits.busy_pct:
        return skipped(subject, f"{load} % load: an idle chip slows down on purpose")
    observed = Quantity(present, "MHz")
    if 100 * present >= limits.min_pct_of_rated * rated:
        return passed(subject, f"{present} of {rated} MHz at {load} % load", observed=observed)
    return warned(
        subject,
        f"{present} of {rated} MHz at {load} % load",
        expected=f"at least {limits.min_pct_of_rated:g} % of {rated} MHz under load",
        remedies=[COOL],
        observed=observed,
        quotes=quotes,
    )


CHECK = Check(
    id="npu.throttle",
    reads=(common.SOURCE,),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
    own_limits=("busy_pct", "min_pct_of_rated"),
    metric="npu_aicore_megahertz",
)
