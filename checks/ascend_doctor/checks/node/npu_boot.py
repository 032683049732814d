"""An NPU has not finished starting.

What it reads: the health of `npu-smi info -t health`, the Health column of `npu-smi info`, and when the node started.

Why it matters: a chip that is not ready answers nothing: every other question about it fails or shows zeros.

What to do: within the first minutes, wait. Later the chip has dropped: reset it, and if that does not bring it back,
    power-cycle the node.

Disruption: a reset stops every job on the NPU, on boards with an HCCS ring on the whole ring.

Limits: `grace_s` is how long after the start of the node a chip may take (ten minutes: so long the vendor's own
    components wait). Where the start of the node is not known, a chip that is not ready is unknown.

Sources: Ascend/mind-cluster, device plugin (waits up to ten minutes) and faultCode.json (8C2FA009: the start is
    complete); hicann/driver, DCMI return codes (-8012: not ready).
"""

from __future__ import annotations

from typing import Any, Iterator

import attrs

from ascend_doctor.checks import alarms, chips, resets
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, passed, skipped, unknown
from ascend_doctor.checks.surroundings import booted_since_s
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import health, info
from ascend_doctor.facts.source import WHOLE_NODE, Source, Target
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.subject import Subject

UNKNOWN = "UNKNOWN"
"""The health of a chip that is not ready."""


@attrs.frozen
class Limits:
    """`grace_s`: how long after the start of the node an NPU may not be ready, in seconds."""

    grace_s: float = 600.0


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge every NPU of which the health is known, or of which the tool says that it is not ready."""
    table = view.read(info.SOURCE)
    rows = () if isinstance(table, Missing) else table.chips
    words = {chips.subject(view, row): row.health for row in rows}
    waiting = {subject for subject, said in words.items() if said == UNKNOWN}
    for target, subject, item in alarms.of_chips(view):
        word = item if isinstance(item, Missing) else item.health
        if subject in waiting:
            yield _not_ready(view, subject, info.SOURCE, WHOLE_NODE, limits)
        elif isinstance(word, str):
            yield (
                _not_ready(view, subject, health.SOURCE, target, limits)
                if word.upper() == UNKNOWN
                else passed(subject, "it has started")
            )
        elif word.why is Absence.NOT_SUPPORTED and subject in words:
            yield passed(subject, "it has started")
        elif word.why is Absence.NOT_READY:
            yield _not_ready(view, subject, health.SOURCE, target, limits)
        else:
            yield unknown(subject, "whether it has started", word, view.quote(health.SOURCE, target))


def _not_ready(view: NodeView, subject: Subject, source: Source[Any], target: Target, limits: Limits) -> Finding:
    age_s = booted_since_s(view, view.evidence.get(source.about(target).key))
    quotes = view.quote(source, target, UNKNOWN)
    if age_s is None:
        gap = Missing(Absence.NOT_READY, "it is not ready, and when the node started is not known")
        return unknown(subject, "whether it is starting", gap, quotes)
    if age_s < limits.grace_s:
        return skipped(subject, f"starting: the node is up for {_span(age_s)}")
    return failed(
        subject,
        f"not ready {_span(age_s)} after the start of the node: it has dropped",
        expected=f"ready within {limits.grace_s / 60:.0f} minutes",
        remedies=resets.steps(view, subject),
        observed=UNKNOWN,
        quotes=quotes,
    )


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds < 2 * 3600 else f"{seconds / 3600:.0f} hours"


CHECK = Check(
    id="npu.boot",
    reads=(health.SOURCE, info.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
)
