"""Points in time as people write them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Optional

ADVICE = "write a span such as 90s, 10m, 2h or 3d before now, or a time such as 2026-03-01T08:00:00Z"

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_AGO = re.compile(r"([0-9]{1,9})([smhd])")
_SECONDS = re.compile(r"[0-9]{9,11}(?:\.[0-9]{1,9})?")
_CALENDAR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}.*)?")


def read_moment(text: str, now: float, *, local: bool = False) -> Optional[float]:
    """Return a point in time in seconds since the epoch; None for a text that is none.

    `2h` is two hours before `now`; a number is seconds since the epoch; all else is ISO 8601. A time without a zone is
    in UTC, with `local` in the zone of this machine.
    """
    span = _AGO.fullmatch(text)
    if span is not None:
        return now - int(span.group(1)) * _UNITS_S[span.group(2)]
    if _SECONDS.fullmatch(text):
        return float(text)
    if not _CALENDAR.fullmatch(text):
        return None
    try:
        moment = dt.datetime.fromisoformat(text[:-1] + "+00:00" if text[-1] in "zZ" else text)
        if moment.tzinfo is None:
            moment = moment.astimezone() if local else moment.replace(tzinfo=dt.timezone.utc)
        return moment.timestamp()
    except (ValueError, OverflowError, OSError):
        return None
