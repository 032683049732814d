"""The middle of some numbers. That of `statistics` loads exact fractions, which every check would wait for."""

from __future__ import annotations

from typing import Sequence


def median(values: Sequence[float]) -> float:
    """Return the number in the middle, for an even count that between the two. Raises IndexError for none."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
