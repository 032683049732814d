"""How much of one peer is taken in: what it may send at once, and how fast it may go on."""

from __future__ import annotations

import attrs


@attrs.frozen
class Pace:
    """`burst` may come at once; `per_s` is what comes back to that in a second."""

    burst: float
    per_s: float


class Bucket:
    """What one peer has left. `now` is any clock that never goes back, in seconds."""

    __slots__ = ("_at", "_left", "_pace")

    def __init__(self, pace: Pace, now: float) -> None:
        self._pace = pace
        self._left = pace.burst
        self._at = now

    def take(self, amount: float, now: float) -> float:
        """Take so much, and return after how many seconds it will have been paid for: 0.0 within the burst."""
        self._left = min(self._pace.burst, self._left + (now - self._at) * self._pace.per_s) - amount
        self._at = now
        return max(0.0, -self._left / self._pace.per_s)

    def is_full(self, now: float) -> bool:
        """Tell whether nothing is missing: then a new one is as good."""
        return self._left + (now - self._at) * self._pace.per_s >= self._pace.burst
