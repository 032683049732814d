"""What counters did between answers: only that means anything, for they live since the start of the device."""

from __future__ import annotations

from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple, TypeVar

import attrs

from ascend_doctor.checks.outcome import skipped
from ascend_doctor.checks.view import Earlier
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.subject import Subject

F = TypeVar("F")
LEAST_S = 50.0
"""Answers closer together than this are not compared; rounds a minute apart drift by a little."""


@attrs.frozen
class Window:
    """The time between two answers: how long it was, and by how much each counter grew."""

    seconds: float
    growth: Mapping[str, float]

    def total(self, *names: str) -> float:
        """Return the growth of several counters together; one that the tool does not know counts nothing."""
        return sum(self.growth.get(name, 0) for name in names)


def windows(
    present: F, earlier: Sequence[Earlier[F]], counters: Callable[[F], Mapping[str, float]]
) -> Tuple[Window, ...]:
    """Return the windows between one answer and the next older one, newest first.

    A counter that went down tells that the device has started in between: nothing before that can be compared.
    """
    found: List[Window] = []
    newer, newer_age = counters(present), 0.0
    for item in earlier:
        older, seconds = counters(item.facts), item.age_s - newer_age
        if seconds < LEAST_S:
            continue
        growth: Dict[str, float] = {name: newer[name] - older[name] for name in newer if name in older}
        if any(value < 0 for value in growth.values()):
            break
        found.append(Window(seconds, growth))
        newer, newer_age = older, item.age_s
    return tuple(found)


def newest(found: Sequence[Window]) -> Optional[Window]:
    """Return the newest window, None where there is nothing to compare."""
    return found[0] if found else None


def nothing_to_compare(subject: Subject) -> Finding:
    """Say that this is the first answer, or the first one since the device has started."""
    return skipped(subject, "counts since the start of the device mean nothing: there is no earlier answer to compare")
