"""What several changes of a node come to, beside what a store has of it: the same for every store."""

from __future__ import annotations

from typing import Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.collector.store import Entry, Standing
from ascend_doctor.model.transition import Transition

Present = Optional[Tuple[str, int]]
"""The epoch and sequence that a store has of a node, None for a node that it does not have."""


@attrs.frozen
class Run:
    """The changes of one node in a batch as one change: what there is to keep of them.

    `standing` is None when the store has all of it already. `whole`, `sections`, `removed` and `times` as in `Entry`.
    `told` are the transitions that the store does not have, each with when it was received.
    """

    node: str
    standing: Optional[Standing]
    whole: bool
    sections: Mapping[str, bytes]
    removed: FrozenSet[str]
    times: Mapping[str, float]
    told: Tuple[Tuple[float, Transition], ...]


def by_node(entries: Sequence[Entry]) -> Mapping[str, Sequence[Entry]]:
    """Return the changes of a batch for each node, in their order."""
    found: Dict[str, List[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.node, []).append(entry)
    return found


def settle(entries: Sequence[Entry], present: Present) -> Optional[Run]:
    """Return what the changes of one node come to, None when they do not follow what the store has.

    A whole state makes good what was missing before it. Where a node changes its epoch within a batch that is tried
    again although it was written after all, transitions of the epochs before the last are told twice.
    """
    run = Run(entries[0].node, None, False, {}, frozenset(), {}, ())
    told: Dict[Tuple[str, int, Transition], float] = {}
    at, void = present, False
    for entry in entries:
        epoch, sequence = entry.standing.epoch, entry.standing.sequence
        for number, transition in entry.transitions:
            if _is_new(epoch, number, present):
                told.setdefault((epoch, number, transition), entry.standing.received_at)
        if entry.whole:
            void = False
        elif at is None or epoch != at[0] or sequence > at[1] + 1:
            void = True
            continue
        elif sequence <= at[1]:
            continue
        if entry.compared == at and _is_new(epoch, sequence, present):
            told.update(((epoch, sequence, item), entry.standing.received_at) for item in entry.untold)
        at = (epoch, sequence)
        run = _followed(run, entry)
    if void:
        return None
    return attrs.evolve(run, told=tuple((received_at, item) for (_, _, item), received_at in told.items()))


def _is_new(epoch: str, sequence: int, present: Present) -> bool:
    """Tell whether what happened then is above what the store has."""
    return present is None or epoch != present[0] or sequence > present[1]


def _followed(run: Run, entry: Entry) -> Run:
    """Return the run with one more change at its end."""
    if entry.whole or run.standing is None:
        return Run(entry.node, entry.standing, entry.whole, entry.sections, entry.removed, entry.times, ())
    kept = {name: content for name, content in run.sections.items() if name not in entry.removed}
    removed = (run.removed | entry.removed) - entry.sections.keys()
    return Run(entry.node, entry.standing, run.whole, {**kept, **entry.sections}, removed, entry.times, ())
