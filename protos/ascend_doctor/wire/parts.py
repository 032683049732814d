"""Long lists spread over messages of moderate size, one at a time, so that a big answer never lies in memory twice."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Iterator, Tuple, TypeVar

M = TypeVar("M")

PART_BYTES = 64 << 10
"""About so big is a part: it is made within some milliseconds, so that others in the event loop have their turn."""


def in_parts(first: M, new: Callable[[], M], items: Iterable[Tuple[str, Any]]) -> Iterator[M]:
    """Yield the first message and as many new ones as it takes to hold the items, each in the list that it names.

    An item is a message or a text.
    """
    part, size = first, 0
    for place, item in items:
        own = len(item) if isinstance(item, str) else item.ByteSize()
        if size and size + own > PART_BYTES:
            yield part
            part, size = new(), 0
        size += own
        getattr(part, place).append(item)
    yield part
