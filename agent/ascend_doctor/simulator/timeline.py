"""When which fault is there."""

from __future__ import annotations

import math
from typing import List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.simulator.clock import Clock
from ascend_doctor.simulator.faults import Fault
from ascend_doctor.simulator.faults.place import FaultOfNode
from ascend_doctor.simulator.history import Interval


@attrs.frozen
class Drill:
    """A fault with its times in epoch seconds. `number` identifies it; `ends_at` is infinite while nobody mends it."""

    number: int
    fault: FaultOfNode
    starts_at: float
    ends_at: float = math.inf

    def is_active(self, now: float) -> bool:
        """Whether the fault is there at a moment."""
        return self.starts_at <= now < self.ends_at


class Timeline:
    """All faults of a cluster: past, present, and those that are still to come."""

    def __init__(self, clock: Clock, planned: Sequence[Fault]) -> None:
        self._clock = clock
        self.started_at = clock.now()
        self._drills: List[Drill] = []
        self._valid: Interval = (math.inf, -math.inf)
        self._active: Tuple[Drill, ...] = ()
        for fault in planned:
            self._add(fault, self.started_at + fault.at)

    def all(self) -> Sequence[Drill]:
        """Return every fault, in the order in which they were added."""
        return self._drills

    def active(self) -> Tuple[Drill, ...]:
        """Return the faults of this moment; the same object until one begins or ends."""
        now = self._clock.now()
        if not self._valid[0] <= now < self._valid[1]:
            moments = [moment for drill in self._drills for moment in (drill.starts_at, drill.ends_at)]
            begun = max((moment for moment in moments if moment <= now), default=-math.inf)
            ahead = min((moment for moment in moments if moment > now), default=math.inf)
            self._valid = (begun, ahead)
            self._active = tuple(drill for drill in self._drills if drill.is_active(now))
        return self._active

    def next_change(self) -> float:
        """Return when a fault begins or ends next by itself, in epoch seconds; infinite when none does."""
        self.active()
        return self._valid[1]

    def inject(self, fault: FaultOfNode) -> Drill:
        """Let a fault begin now. It lasts as long as it would from its `at` to its `until`."""
        drill = self._add(fault, self._clock.now())
        self._valid = (math.inf, -math.inf)
        return drill

    def repair(self, number: Optional[int] = None) -> Tuple[Drill, ...]:
        """End one fault of this moment, or all, now. Returns those that ended."""
        now = self._clock.now()
        ended = tuple(
            attrs.evolve(drill, ends_at=now) for drill in self.active() if number is None or drill.number == number
        )
        for drill in ended:
            self._drills[drill.number] = drill
        self._valid = (math.inf, -math.inf)
        return ended

    def _add(self, fault: FaultOfNode, starts_at: float) -> Drill:
        ends_at = math.inf if fault.until is None else starts_at + fault.until - fault.at
        drill = Drill(len(self._drills), fault, starts_at, ends_at)
        self._drills.append(drill)
        return drill
