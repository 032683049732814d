"""When each source is due. Pure: time is passed in, in seconds of a clock that never jumps."""

from __future__ import annotations

import math
from typing import Any, Dict, FrozenSet, Iterable, Mapping, Optional, Sequence, Tuple

from ascend_doctor.facts.source import Cost, Source

SLACK_S = 1.0
"""A source that is due within this time is asked in the present round, so that rounds do not drift apart."""

BACK_OFF = 2.0
"""While somebody else holds a device, what occupies it is asked so many times more seldom. Results grow stale after
three intervals, so that it must stay below that."""


class Schedule:
    """Which sources are due when. `intervals_s` overrides the interval of single sources by name."""

    def __init__(self, sources: Sequence[Source[Any]], intervals_s: Optional[Mapping[str, float]] = None) -> None:
        self._sources = tuple(sources)
        self._intervals_s = dict(intervals_s or {})
        self._next: Dict[str, float] = {source.name: -math.inf for source in sources}

    def due(self, now: float) -> Tuple[Source[Any], ...]:
        """Return the sources to ask now and count them as asked."""
        found = tuple(source for source in self._sources if self._next[source.name] <= now + SLACK_S)
        for source in found:
            self._next[source.name] = now + self.interval_s(source)
        return found

    def interval_s(self, source: Source[Any]) -> float:
        """Return how often a source is asked."""
        return self._intervals_s.get(source.name, source.interval_s)

    def next_at(self) -> float:
        """Return when the next source is due; -inf when one is due already."""
        return min(self._next.values(), default=math.inf)

    def due_at(self, source: Source[Any]) -> float:
        """Return when a source on the schedule is due."""
        return self._next[source.name]

    def renew(self, names: Iterable[str]) -> None:
        """Make sources due at once, as far as they are on the schedule."""
        self._next.update({name: -math.inf for name in names if name in self._next})

    def renew_static(self) -> None:
        """Make everything due that changes only with a boot or an installation."""
        self.renew(source.name for source in self._sources if source.cost is Cost.STATIC)

    def back_off(self, busy: FrozenSet[str], asked_at: float) -> None:
        """Ask sources by name later than usual, of which a device was busy with somebody else when they were asked."""
        for source in self._sources:
            if source.name in busy:
                self._next[source.name] = asked_at + BACK_OFF * self.interval_s(source)
