"""Numbers in sentences, for what findings and reports say."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun: `1 node`, `2 nodes`."""
    return f"{count} {one if count == 1 else many or one + 's'}"
