"""How results change: what history is made of."""

from __future__ import annotations

from typing import Optional

import attrs

from ascend_doctor.model.status import Status


@attrs.frozen
class Transition:
    """A result of a check that changed from one status to another.

    `subject` is the key of the subject. `before` is None for a result that is new, `after` None for one that is gone.
    `at` is when the evidence was collected that showed it, in epoch seconds by the clock of the node. `summary` is the
    sentence of the new finding, of the old one where it is gone.
    """

    check: str
    subject: str
    before: Optional[Status]
    after: Optional[Status]
    at: float = 0.0
    summary: str = ""


@attrs.frozen
class Recorded:
    """One transition in the history of a cluster.

    `id` rises in the order in which the store of the history learnt of them. `node` told it, and `received_at` is when
    the collector learnt of it (epoch seconds, its own clock).
    """

    id: int
    node: str
    received_at: float
    transition: Transition


def is_news(before: Optional[Status], after: Optional[Status]) -> bool:
    """Tell whether a change of status belongs into history: not that what is good came, went, or is good otherwise."""
    return before is not after and not {before, after} <= {None, Status.PASS, Status.SKIP}
