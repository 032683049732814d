"""The signal at a port's module is too noisy.

What it reads: `Host SNR Lane` (between NPU and module) and `Media SNR Lane` (on the fibre) of
    `hccn_tool -i N -optical -g`, in dB.

Why it matters: a noisy signal gives bit errors, then frames that have to be sent again.

What to do: media: clean the fibre's ends, then replace the module at the other end or the fibre. Host: replace this
    module; if it stays, the NPU's side is broken.

Disruption: replacing modules or fibres interrupts the network of the NPU.

Limits: less than `min_db` fails, less than `low_db` warns, and so do lanes of one side that differ by more than
    `max_spread_db` (the vendor's toolkit; the numbers of its code, not those of the samples in its documents). A side
    on which no lane is measured is not judged.

Sources: Ascend/mind-cluster, threshold_config.py and optical_fault_check.py.
"""

from __future__ import annotations

from typing import Iterator, List, Optional, Tuple

import attrs

from ascend_doctor.checks import modules
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, passed, skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import optical
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.status import Disruption, Status
from ascend_doctor.model.subject import Subject

FIBRE = Remedy(
    "Clean the fibre's ends; then replace the module at the other end, or the fibre.", "", Disruption.TRAFFIC
)


@attrs.frozen
class Limits:
    """Signal-to-noise ratios in dB."""

    min_db: float = 18.0
    low_db: float = 20.0
    max_spread_db: float = 3.0


@attrs.frozen
class Side:
    """One side of a module: the ratio of each lane that measures it, and what to do about it."""

    name: str
    ratios: Tuple[Tuple[int, float], ...]
    remedy: Remedy


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the signal on both sides of every module."""
    for item in modules.each(view, "the signal-to-noise ratio"):
        if isinstance(item, Finding):
            yield item
            continue
        target, subject, facts = item
        sides = [
            Side("Media", _measured(modules.lanes(facts.media_snr_db)), FIBRE),
            Side("Host", _measured(modules.lanes(facts.host_snr_db)), modules.REPLACE),
        ]
        yield _judge(view, target, subject, sides, limits)


def _measured(ratios: Tuple[Tuple[int, float], ...]) -> Tuple[Tuple[int, float], ...]:
    """Return the ratios, none where all are 0: then the module does not measure them."""
    return ratios if any(ratio > 0 for _, ratio in ratios) else ()


def _judge(view: NodeView, target: Target, subject: Subject, sides: List[Side], limits: Limits) -> Finding:
    measured = [side for side in sides if side.ratios]
    if not measured:
        return skipped(subject, "the module does not measure its signal")
    for status, words, limit in (
        (Status.FAIL, "too noisy", limits.min_db),
        (Status.WARN, "noisy", limits.low_db),
        (Status.WARN, "uneven", None),
    ):
        for side in measured:
            lanes = _odd(side, limit, limits)
            if lanes:
                worst = min(ratio for lane, ratio in side.ratios if lane in lanes)
                return failed(
                    subject,
                    f"{side.name.lower()} side, {modules.named(lanes)}: the signal is {words}, {worst:.2f} dB",
                    expected=f"at least {limits.low_db:g} dB, lanes within {limits.max_spread_db:g} dB",
                    remedies=[side.remedy],
                    observed=Quantity(worst, "dB"),
                    quotes=view.quote(optical.SOURCE, target, f"{side.name} SNR"),
                    status=status,
                )
    lowest = min(ratio for side in measured for _, ratio in side.ratios)
    return passed(subject, "the signal of every lane is clear", observed=Quantity(lowest, "dB"))


def _odd(side: Side, limit: Optional[float], limits: Limits) -> List[int]:
    """Return the lanes below a limit, or all of them where they differ too much and no limit is given."""
    if limit is not None:
        return [lane for lane, ratio in side.ratios if ratio < limit]
    ratios = [ratio for _, ratio in side.ratios]
    return [lane for lane, _ in side.ratios] if max(ratios) - min(ratios) > limits.max_spread_db else []


CHECK = Check(
    id="roce.optical.snr",
    reads=modules.USE,
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    metric="npu_optical_snr_decibels",
)
