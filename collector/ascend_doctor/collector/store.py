"""What a collector keeps on disk, whatever keeps it."""

from __future__ import annotations

from typing import Optional, Protocol, Sequence, Tuple

import attrs

from ascend_doctor.model.state import NodeState
from ascend_doctor.model.status import Status
from ascend_doctor.wire.effects import Commit


class StoreError(Exception):
    """The store cannot be used. The text names the place and the remedy."""


@attrs.frozen
class StoredNode:
    """A node as the store knows it: its state at `sequence` of `epoch`.

    `received_at` is when that came, in epoch seconds by the collector's clock.
    """

    node: str
    epoch: str
    sequence: int
    state: NodeState
    received_at: float


@attrs.frozen
class Transition:
    """A result that changed: from which status to which, when the collector learnt of it (epoch seconds).

    `before` is None for a result that is new, `after` None for one that is gone.
    """

    node: str
    finding: str
    check: str
    before: Optional[Status]
    after: Optional[Status]
    at: float
    summary: str = ""


@attrs.frozen
class Entry:
    """One change to keep, with the transitions it means and when it was received."""

    commit: Commit
    transitions: Tuple[Transition, ...]
    received_at: float


class Store(Protocol):
    """Keeps the latest state of every node and the history of transitions. Called from one thread at a time."""

    def load(self) -> Sequence[StoredNode]:
        """Return every node. Raises `StoreError` when the store cannot be read."""
        ...

    def commit(self, entries: Sequence[Entry]) -> None:
        """Keep the changes, all or none, so that they outlive a crash. What is there already is left as it is."""
        ...

    def forget(self, node: str) -> bool:
        """Drop a node and its state; its history stays. Returns whether it was there."""
        ...

    def history(
        self, *, node: Optional[str] = None, check: Optional[str] = None, since: float = 0.0, limit: int = 1000
    ) -> Sequence[Transition]:
        """Return transitions, newest first."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...
