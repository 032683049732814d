"""The retimer between an NPU and its module sees a noisy signal.

What it reads: `hccn_tool -i N -scdr -t 5`, over I2C, which is slow and occupies the module.

Why it matters: what the retimer cannot tell apart are bit errors at both ends.

What to do: host side: the NPU's board; media side: replace the module.

Disruption: replacing the module interrupts the network of the NPU.

Limits: less than `min_db` fails; retimers that give a linear measure fail below `min_linear` (the vendor's toolkit).
    A lane that measures nothing while the others do is noisy; where no lane does, nothing is judged.

Sources: Ascend/mind-cluster, threshold_config.py; hicann/driver, tool_scdr.c.
"""

from __future__ import annotations

from typing import Iterator

import attrs

from ascend_doctor.checks import modules, ports
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed, skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import scdr
from ascend_doctor.model.finding import Finding, Quantity
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing

SIDES = {"host": "Cdr Host SNR", "media": "Cdr Media SNR"}


@attrs.frozen
class Limits:
    """The least ratio, in dB and as the linear measure of the other kind of retimer."""

    min_db: float = 20.0
    min_linear: float = 400_000.0


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the signal in every retimer."""
    for target, subject, facts in view.each(scdr.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the signal in the retimer", facts, view.quote(scdr.SOURCE, target))
            continue
        if ports.unused(view, target):
            yield skipped(subject, ports.UNUSED)
            continue
        least, unit = (limits.min_db, "dB") if facts.in_db else (limits.min_linear, "")
        ratios = {"host": modules.lanes(facts.host_snr), "media": modules.lanes(facts.media_snr)}
        noisy = {side: [lane for lane, ratio in found if ratio < least] for side, found in ratios.items()}
        lowest = min((ratio for found in ratios.values() for _, ratio in found), default=0.0)
        if not any(ratio for found in ratios.values() for _, ratio in found):
            yield skipped(subject, "there is no retimer that measures its signal")
        elif not any(noisy.values()):
            yield passed(subject, "the retimer sees a clear signal", observed=Quantity(lowest, unit))
        else:
            side = next(side for side, lanes in noisy.items() if lanes)
            yield failed(
                subject,
                f"the {side} side of the retimer is noisy on {modules.named(noisy[side])}: {Quantity(lowest, unit)}",
                expected=f"at least {Quantity(least, unit)}",
                remedies=[modules.REPLACE],
                observed=Quantity(lowest, unit),
                quotes=view.quote(scdr.SOURCE, target, SIDES[side]),
            )


CHECK = Check(
    id="roce.cdr",
    reads=(scdr.SOURCE, *ports.USE),
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    opt_in="it reads over I2C for a second or more, and occupies the module meanwhile",
)
