"""What collectors keep, whatever keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Collection, FrozenSet, Mapping, Optional, Protocol, Sequence, Tuple

import attrs

from ascend_doctor.model.transition import Transition


class StoreError(Exception):
    """The store cannot be used. The text names the place and the remedy."""


@attrs.frozen
class Standing:
    """Where a node stands: `sequence` of `epoch`, and when that was received (epoch seconds, the collector's clock).

    `current_s` is how long results stay current when nothing more comes, 0.0 when the node did not say.
    """

    epoch: str
    sequence: int
    received_at: float
    current_s: float = 0.0
    agent_version: str = ""


@attrs.frozen
class StoredNode:
    """A node as the store knows it: its sections by name as they came (`Section.content`), and their times."""

    node: str
    standing: Standing
    sections: Mapping[str, bytes]
    times: Mapping[str, float]


@attrs.frozen
class Entry:
    """One change to keep, and where the node stands after it.

    With `whole` it replaces whatever the store has of the node, of any epoch and sequence. Otherwise it follows
    `standing.sequence - 1` of the same epoch; a store that already has `standing.sequence` of it leaves all as it is.
    `times` are the times of all sections after it, by their names. `transitions` come with the sequence number at which
    each happened: those are kept that are above the sequence which the store has of the same epoch.
    """

    node: str
    standing: Standing
    whole: bool
    sections: Mapping[str, bytes]
    removed: FrozenSet[str]
    times: Mapping[str, float]
    transitions: Tuple[Tuple[int, Transition], ...] = ()


@attrs.frozen
class Recorded:
    """One transition in the history. `id` rises in the order in which the store learnt of them; `node` had it."""

    id: int
    node: str
    received_at: float
    transition: Transition


@attrs.frozen
class HistoryQuery:
    """Which transitions: of nodes (all when empty), checks (all when empty), and times (epoch seconds, of the evidence).

    `before_id` asks for what is older in the store than that; `limit` for so many at most.
    """

    nodes: Tuple[str, ...] = ()
    checks: Tuple[str, ...] = ()
    since: float = 0.0
    until: Optional[float] = None
    before_id: Optional[int] = None
    limit: int = 1000


@attrs.frozen
class Retention:
    """How much history is kept: so old at most, so many bytes in all, and so many transitions of one node.

    The last keeps a node that flaps from driving out what the others have to tell.
    """

    max_age_s: float = 90 * 86_400.0
    max_bytes: int = 1 << 30
    max_per_node: int = 20_000


DEFAULT_RETENTION = Retention()


class Store(Protocol):
    """Keeps the latest sections of every node and the history. Called from one thread at a time; each call may block."""

    def load(self) -> Sequence[StoredNode]:
        """Return every node. Raises `StoreError` when the store cannot be read."""
        ...

    def claim(self, nodes: Collection[str]) -> None:
        """Note that these nodes speak to this collector from now on: what another one has still to commit is void."""
        ...

    def commit(self, entries: Sequence[Entry]) -> FrozenSet[str]:
        """Keep the changes, all or none, so that they outlive a crash.

        Returns the nodes of which nothing was kept, because another collector has claimed them since or because a
        change does not follow what the store has. Raises `StoreError` when nothing could be written.
        """
        ...

    def news(self) -> Sequence[StoredNode]:
        """Return the nodes that other collectors committed since the last call, whole. Empty when nobody shares."""
        ...

    def forget(self, node: str) -> bool:
        """Drop a node and its sections; its history stays. Returns whether it was there."""
        ...

    def history(self, query: HistoryQuery) -> Sequence[Recorded]:
        """Return transitions, newest in the store first."""
        ...

    def prune(self, retention: Retention, now: float) -> int:
        """Drop history beyond what is to be kept, in steps that do not hold up commits. Returns how much was dropped."""
        ...

    def backup(self, path: Path) -> None:
        """Write a copy that a collector can be started with, while this one runs. Raises `StoreError`."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...
