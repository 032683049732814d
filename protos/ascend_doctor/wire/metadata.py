"""What stands in the metadata of calls, beside their messages."""

from __future__ import annotations

RETRY_AFTER = "retry-after-s"
"""Trailing: in how many seconds the collector wants to see the peer again."""
SERVER_TIME = "server-time-s"
"""Trailing: the collector's clock when the call came in, in seconds since the epoch."""
