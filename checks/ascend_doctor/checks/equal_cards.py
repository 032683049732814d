"""Versions that should be the same on all cards of a node."""

from __future__ import annotations

from collections import Counter
from typing import Callable, Dict, Hashable, Iterator, Sequence, TypeVar

from ascend_doctor.checks.outcome import missing, passed, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.source import Source, Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, Reading

F = TypeVar("F")


def compare(
    view: NodeView,
    source: Source[F],
    what: str,
    value: Callable[[F], Reading[Hashable]],
    remedies: Sequence[Remedy],
) -> Iterator[Finding]:
    """Warn of each card of which the version is not that of most; `what` names it (`the firmware of the MCU`)."""
    found: Dict[Target, Hashable] = {}
    for target, subject, facts in view.each(source):
        reading = facts if isinstance(facts, Missing) else value(facts)
        if isinstance(reading, Missing):
            yield missing(subject, what, reading, view.quote(source, target))
        else:
            found[target] = reading
    counts = Counter(found.values())
    usual = max(counts, key=lambda version: counts[version], default=None)
    for target, version in found.items():
        subject = view.subject_of(source, target)
        if version == usual:
            yield passed(subject, f"{what} is {version}", observed=str(version))
        else:
            yield warned(
                subject,
                f"{what} is {version}, and {usual} on most cards",
                expected=str(usual),
                remedies=remedies,
                observed=str(version),
                quotes=view.quote(source, target),
            )
