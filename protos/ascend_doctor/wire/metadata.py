"""What stands in the metadata of calls, beside their messages."""

from __future__ import annotations

from typing import Any, Optional

RETRY_AFTER = "retry-after-s"
"""Trailing: in how many seconds the collector wants to see the peer again."""
SERVER_TIME = "server-time-s"
"""Trailing: the collector's clock when the call came in, in seconds since the epoch."""


def number(metadata: Any, key: str) -> Optional[float]:
    """Return the number that stands under a key in the metadata of a call, None where there is none."""
    for name, value in metadata or ():
        if name == key:
            try:
                return float(value)
            except ValueError:
                return None
    return None
