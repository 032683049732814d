"""The fold of all findings into one word."""

from __future__ import annotations

import enum
from typing import Iterable

from ascend_doctor.model.finding import Finding
from ascend_doctor.model.status import Severity, Status


class Verdict(enum.Enum):
    """Whether a job may be started."""

    READY = "ready"
    DEGRADED = "degraded"
    """Ready, with a warning that somebody should look at."""
    INCOMPLETE = "incomplete"
    """No verdict: something that decides could not be seen, or is too old."""
    NOT_READY = "not-ready"


WORST_FIRST = (Verdict.NOT_READY, Verdict.INCOMPLETE, Verdict.DEGRADED, Verdict.READY)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of the verdicts, `INCOMPLETE` when there is none: no answer is not a good answer."""
    found = set(verdicts)
    return next((verdict for verdict in WORST_FIRST if verdict in found), Verdict.INCOMPLETE)


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """Fold findings into a verdict.

    NOT_READY if a blocking check fails; else INCOMPLETE if a blocking check is unknown or stale; else DEGRADED on any
    warning or failed advisory check; else READY. Failures and warnings that another finding explains do not count:
    their cause does. What could not be seen counts whatever explains it: a warning about a busy tool makes nobody
    ready.
    No findings at all give INCOMPLETE, because nothing was looked at.
    """
    # A consequence that does not count by itself weighs as little as a pass.
    return worst(
        Verdict.READY if finding.is_consequence and not finding.status.is_blind else _weight(finding)
        for finding in findings
    )


def _weight(finding: Finding) -> Verdict:
    blocking = finding.severity is Severity.BLOCKING
    if finding.status is Status.FAIL:
        return Verdict.NOT_READY if blocking else Verdict.DEGRADED
    if finding.status.is_blind:
        return Verdict.INCOMPLETE if blocking else Verdict.READY
    if finding.status is Status.WARN:
        return Verdict.DEGRADED
    return Verdict.READY
