"""A transition as a row: the same columns, and the same size, in every store."""

from __future__ import annotations

from typing import Any, Sequence, Tuple

from ascend_doctor.collector.store import ROW_BYTES
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Recorded, Transition

COLUMNS = "node, received_at, at, check_id, subject, before, after, summary"
SIZE = f"{ROW_BYTES} + length(check_id) + length(subject) + length(summary)"
"""The expression for what `row_bytes` says."""

FEW = 20_000
"""So many rows are soon read and sorted, wherever they are; of more it is better to look at the newest first."""

_STATUSES = {status.value: status for status in Status}


def row_of(node: str, received_at: float, item: Transition) -> Tuple[object, ...]:
    """Return the values of the columns."""
    return (
        node,
        received_at,
        item.at,
        storable(item.check),
        storable(item.subject),
        None if item.before is None else item.before.value,
        None if item.after is None else item.after.value,
        storable(item.summary),
    )


def read_row(row: Sequence[Any], ahead_s: float = 0.0) -> Recorded:
    """Read the number of a row and its columns; `ahead_s` is how far the clock that it was written by is ahead."""
    number, node, received_at, at, check, subject, before, after, summary = row
    transition = Transition(check, subject, _STATUSES.get(before), _STATUSES.get(after), at, summary)
    return Recorded(number, node, received_at - ahead_s, transition)


def row_bytes(item: Transition) -> int:
    """Return what a transition counts against `Retention.max_bytes`."""
    return ROW_BYTES + len(item.check) + len(item.subject) + len(item.summary)


def storable(text: str) -> str:
    """Return a text that every database takes: what nodes send may hold NUL, or half of a pair of surrogates."""
    return text if text.isprintable() else text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
