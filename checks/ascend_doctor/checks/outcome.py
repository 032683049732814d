"""How a check says what it found. The engine adds the check's id and severity."""

from __future__ import annotations

import functools
from typing import Optional, Sequence, Tuple, Union

import attrs

from ascend_doctor.facts.npu_smi.answers import TYPES
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Confidence, Status
from ascend_doctor.model.subject import Subject

Observed = Union[None, int, float, str, Quantity]

_IS_UNKNOWN = " is unknown: "


def passed(subject: Subject, summary: str, *, observed: Observed = None, quotes: Tuple[Quote, ...] = ()) -> Finding:
    """Say that the rule holds."""
    return Finding("", subject, Status.PASS, summary, observed=_quantity(observed), quotes=quotes)


def failed(
    subject: Subject,
    summary: str,
    *,
    expected: str,
    remedies: Sequence[Remedy],
    observed: Observed = None,
    quotes: Tuple[Quote, ...] = (),
    confidence: Confidence = Confidence.DIRECT,
    affected: Sequence[Subject] = (),
    candidates: Sequence[str] = (),
    status: Status = Status.FAIL,
) -> Finding:
    """Say that the rule does not hold. A failure always says what would have passed and what to do."""
    return Finding(
        "",
        subject,
        status,
        summary,
        observed=_quantity(observed),
        expected=expected,
        quotes=quotes,
        remedies=tuple(remedies),
        confidence=confidence,
        affected=tuple(dict.fromkeys(affected)),
        candidates=tuple(candidates),
    )


warned = functools.partial(failed, status=Status.WARN)
"""Say that it works, and somebody should look at it; takes what `failed` takes."""


def skipped(subject: Subject, why: str) -> Finding:
    """There is nothing to judge here."""
    return Finding("", subject, Status.SKIP, why)


def unknown(subject: Subject, what: str, gap: Missing, quotes: Tuple[Quote, ...] = ()) -> Finding:
    """Say that the check could not look. `what` names the thing that is not known, such as `the state of the link`."""
    return Finding("", subject, Status.UNKNOWN, f"{what}{_IS_UNKNOWN}{gap}", quotes=quotes)


def outdated(finding: Finding, why: str) -> Finding:
    """Put a stale finding in the place of one that is no longer current. `why` is a sentence without a colon."""
    return attrs.evolve(finding, status=Status.STALE, summary=f"{why}: {finding.summary}", remedies=())


def reason(finding: Finding) -> str:
    """Return why something could not be seen, without what it is: a part of what `unknown` or `outdated` wrote.

    The report folds equal reasons. A sentence of another form is returned whole.
    """
    if finding.status is Status.STALE:
        return finding.summary.partition(": ")[0]
    what, _, why = finding.summary.partition(_IS_UNKNOWN)
    return why or what


def missing(subject: Subject, what: str, gap: Missing, quotes: Tuple[Quote, ...] = ()) -> Finding:
    """Say that a value is not there: nothing to judge where product or tool do not have it, else unknown."""
    if gap.why is Absence.NOT_SUPPORTED and TYPES in gap.detail:
        return skipped(subject, f"{what} cannot be asked: the npu-smi of this driver does not know the question")
    if gap.why is Absence.NOT_SUPPORTED:
        return skipped(subject, f"{what} does not exist on this product: {gap.detail or 'not supported'}")
    return unknown(subject, what, gap, quotes)


def _quantity(observed: Observed) -> Optional[Quantity]:
    return observed if observed is None or isinstance(observed, Quantity) else Quantity(observed)
