"""Entries for tests of the stores."""

from __future__ import annotations

import math
from typing import Mapping, Sequence, Tuple

from ascend_doctor.collector.store import Entry, Retention, Standing
from ascend_doctor.model.transition import Transition

NOW = 1_790_000_000.0


def forever() -> Retention:
    """Return a retention that drops nothing."""
    return Retention(math.inf, 1 << 60, 1 << 60)


def first(
    node: str = "node-1",
    sections: Mapping[str, bytes] = {"npu.ecc": b"all well", "roce.link": b"up"},
    *,
    epoch: str = "e",
    at: float = NOW,
    told: Sequence[Transition] = (),
) -> Entry:
    """Return the first change of a node: all of it."""
    return after(Entry(node, Standing(epoch, 0, at), True, {}, frozenset(), {}), sections, whole=True, at=at, told=told)


def after(
    before: Entry,
    sections: Mapping[str, bytes],
    *,
    removed: Sequence[str] = (),
    whole: bool = False,
    at: float = NOW,
    told: Sequence[Transition] = (),
) -> Entry:
    """Return the change that follows another one of the node."""
    sequence = before.standing.sequence + 1
    names = ({*before.times} - {*removed}) | {*sections}
    numbered: Tuple[Tuple[int, Transition], ...] = tuple((sequence, item) for item in told)
    return Entry(
        before.node,
        Standing(before.standing.epoch, sequence, at, 90.0, "1.0"),
        whole,
        sections,
        frozenset(removed),
        dict.fromkeys(names, at),
        numbered,
    )
