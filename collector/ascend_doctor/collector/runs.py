"""What several changes of a node come to, and whether they follow what a store has: the same for every store."""

from __future__ import annotations

import enum
from typing import Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.collector.store import ROW_BYTES, Entry, Standing
from ascend_doctor.model.transition import Transition


class Fit(enum.Enum):
    """How a run of changes lies to what the store has of the node."""

    FOLLOWS = "follows"
    THERE = "there"
    """The store has all of it already."""
    VOID = "void"
    """Something is missing between, or the store is in another epoch."""


@attrs.frozen
class Told:
    """A transition, and with which change it came. Two are equal whenever they were received."""

    epoch: str
    sequence: int
    transition: Transition
    received_at: float = attrs.field(eq=False)


@attrs.frozen
class Run:
    """The changes of one node in a batch as one change, from `base` to the sequence where it stands then.

    `whole` as in `Entry`, then `base` says nothing. `broken` when the changes do not follow each other.
    """

    node: str
    standing: Standing
    whole: bool
    base: int
    sections: Mapping[str, bytes]
    removed: FrozenSet[str]
    times: Mapping[str, float]
    told: Tuple[Told, ...]
    broken: bool = False

    def then(self, entry: Entry) -> Run:
        """Return the run with one more change at its end."""
        told = self.told + tuple(item for item in _told(entry) if item not in self.told)
        if entry.whole:
            return attrs.evolve(_begin(entry), told=told)
        if entry.standing.epoch != self.standing.epoch or entry.standing.sequence > self.standing.sequence + 1:
            return attrs.evolve(self, broken=True, told=told)
        if entry.standing.sequence <= self.standing.sequence:
            return attrs.evolve(self, told=told)
        return attrs.evolve(
            self,
            standing=entry.standing,
            sections={
                **{name: content for name, content in self.sections.items() if name not in entry.removed},
                **entry.sections,
            },
            removed=(self.removed | entry.removed) - entry.sections.keys(),
            times=entry.times,
            told=told,
        )

    def fit(self, present: Optional[Tuple[str, int]]) -> Fit:
        """Tell how the run lies to the epoch and sequence that the store has, None for a node that it does not have."""
        if self.broken:
            return Fit.VOID
        if self.whole:
            return Fit.FOLLOWS
        if present is None or present[0] != self.standing.epoch or present[1] < self.base:
            return Fit.VOID
        return Fit.THERE if present[1] >= self.standing.sequence else Fit.FOLLOWS

    def untold(self, present: Optional[Tuple[str, int]]) -> List[Told]:
        """Return the transitions that a store which has that epoch and sequence does not have."""
        if present is None:
            return list(self.told)
        epoch, sequence = present
        return [item for item in self.told if item.epoch != epoch or item.sequence > sequence]


def fold(entries: Sequence[Entry]) -> Mapping[str, Run]:
    """Return one run for each node of a batch.

    Where a node changes its epoch within a batch that is tried again although it was written after all, transitions of
    the epochs before the last are kept twice.
    """
    runs: Dict[str, Run] = {}
    for entry in entries:
        run = runs.get(entry.node)
        runs[entry.node] = _begin(entry) if run is None else run.then(entry)
    return runs


def _begin(entry: Entry) -> Run:
    return Run(
        entry.node,
        entry.standing,
        entry.whole,
        entry.standing.sequence - 1,
        entry.sections,
        entry.removed,
        entry.times,
        _told(entry),
    )


def _told(entry: Entry) -> Tuple[Told, ...]:
    standing = entry.standing
    return tuple(Told(standing.epoch, number, item, standing.received_at) for number, item in entry.transitions)


def row_bytes(transition: Transition) -> int:
    """Return what a transition counts against `Retention.max_bytes`."""
    return ROW_BYTES + len(transition.check) + len(transition.subject) + len(transition.summary)


def storable(text: str) -> str:
    """Return a text that every database takes: what nodes send may hold NUL, or half of a pair of surrogates."""
    return text if text.isprintable() else text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
