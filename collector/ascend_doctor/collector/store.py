"""What collectors keep, whatever keeps it."""

from __future__ import annotations

from typing import FrozenSet, Mapping, Optional, Protocol, Sequence, Tuple

import attrs

from ascend_doctor.model.transition import Recorded, Transition


class StoreError(Exception):
    """The store cannot be used. The text names the place and the remedy."""


QUESTION_S = 3.0
"""So long it is looked for the answer to a question about the history."""


class TooWideError(Exception):
    """A question needs more time than `QUESTION_S`. The store is well; the text tells how to ask instead."""

    def __init__(self) -> None:
        super().__init__("there is too much to look through; ask for a shorter time, or name nodes or checks")


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
    each happened: those are kept that are above the sequence which the store has of the same epoch. What the node did
    not tell and yet is so is `untold`, found beside where the node stood then (`compared`: epoch and sequence, None for
    nowhere). It is kept where the store has the node just there; else another collector has heard more, and told it.
    """

    node: str
    standing: Standing
    whole: bool
    sections: Mapping[str, bytes]
    removed: FrozenSet[str]
    times: Mapping[str, float]
    transitions: Tuple[Tuple[int, Transition], ...] = ()
    untold: Tuple[Transition, ...] = ()
    compared: Optional[Tuple[str, int]] = None

    @property
    def is_news(self) -> bool:
        """Whether somebody may wait for it: it is more than a round in which hardly anything changed."""
        return self.whole or bool(self.transitions or self.untold)

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory; good enough to bound a queue."""
        contents = sum(map(len, self.sections.values()))
        return contents + ITEM_BYTES * (1 + len(self.times) + len(self.transitions) + len(self.untold))


ITEM_BYTES = 150
"""What an object takes beside the bytes in it, about."""


@attrs.frozen
class News:
    """What other collectors did: nodes that they committed or claimed, whole, and nodes that they forgot."""

    nodes: Tuple[StoredNode, ...] = ()
    forgotten: FrozenSet[str] = frozenset()


NO_NEWS = News()


@attrs.frozen
class HistoryQuery:
    """Which transitions: of nodes (all when empty), of checks (all when empty), times of the evidence (epoch seconds).

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

    The age counts from when the collector learnt of it. The bytes are those of the texts, and `ROW_BYTES` for the rest
    of each row and its place in the indexes. The last keeps a node that flaps from driving out what the others tell.
    """

    max_age_s: float = 90 * 86_400.0
    max_bytes: int = 1 << 30
    max_per_node: int = 20_000


DEFAULT_RETENTION = Retention()

ROW_BYTES = 200
"""What a transition takes in a store beside its texts, with all indexes: 100 in SQLite, 260 in PostgreSQL."""


class Store(Protocol):
    """Keeps the latest sections of every node and the history.

    Called from one thread at a time, but for `history`. Each call may block, though not for ever.
    """

    @property
    def shared(self) -> bool:
        """Whether other collectors may write to it, so that there may be news."""
        ...

    def load(self) -> Sequence[StoredNode]:
        """Return every node. Raises `StoreError` when the store cannot be read."""
        ...

    def claim(self, nodes: Mapping[str, float]) -> None:
        """Note that these nodes speak to this collector since those times (epoch seconds, its own clock).

        What another collector that claimed one of them earlier has still to commit is void from now on. A claim that
        comes late, after another collector's of a later time, is none. A store that is shared takes changes of claimed
        nodes only. Raises `StoreError`.
        """
        ...

    def commit(self, entries: Sequence[Entry]) -> FrozenSet[str]:
        """Keep the changes in their order, so that they outlive a crash.

        Returns the nodes of which nothing was kept: another collector has claimed them since, or a change does not
        follow what the store has. Raises `StoreError` when nothing at all could be written; the same may be tried
        again, even when it was written after all.
        """
        ...

    def news(self) -> News:
        """Return what other collectors did since the last call, or since `load`. Nothing when nobody shares.

        Nodes that this collector has claimed last are left out: nobody else may change them. Raises `StoreError`, and
        then the next call tells the same.
        """
        ...

    def forget(self, node: str) -> bool:
        """Drop a node and its sections; its history stays. Returns whether it was there. Raises `StoreError`."""
        ...

    def history(self, query: HistoryQuery) -> Sequence[Recorded]:
        """Return transitions, newest in the store first. Raises `StoreError` and `TooWideError`.

        May be called from any thread, also while another call goes on: neither waits for the other.
        """
        ...

    def prune(self, retention: Retention, now: float) -> int:
        """Drop some of the history beyond what is to be kept, and contents that no node has any more.

        One call takes one step that does not hold up commits for long. Returns how many rows it dropped: 0 when there
        is nothing left to do. `now` is in epoch seconds. Raises `StoreError`.
        """
        ...

    def close(self) -> None:
        """Let go of the store; what is being asked about the history is broken off."""
        ...


def shown(place: str) -> str:
    """Return where a store is as it may be logged: of a URL neither user, password nor options."""
    scheme, colon, rest = place.partition("://")
    if not colon:
        return place
    # As libpq reads it: what stands before an `@` that is before the first slash is the user's.
    user, at, after = rest.partition("@")
    hosts = (after if at and "/" not in user else rest).partition("?")[0]
    return f"{scheme}://{'...' if '@' in hosts else hosts}"
