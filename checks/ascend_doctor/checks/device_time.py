"""Times as the device prints them."""

from __future__ import annotations

import datetime as dt
from typing import Optional

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def seconds(text: str) -> Optional[float]:
    """Return a time as the tool prints it (`Tue Aug  1 14:43:40 2022`) in seconds since the epoch.

    None for any other text. Read by hand, because the names of the months must not follow the locale of the reader.
    """
    words = text.split()
    try:
        _, month, day, clock, year = words
        hour, minute, second = clock.split(":")
        moment = dt.datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=dt.timezone.utc
        )
    except ValueError:
        return None
    return moment.timestamp()
