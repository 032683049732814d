"""What the kernel tells by other ways than a plain file: its log, and whether it holds the clock for right."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import List, Optional

MAX_LOG = 4 * 1024 * 1024
MAX_RECORDS = 100_000
_RECORD_SIZE = 8192
"""The kernel gives one record at a time, and refuses a reader with less room than this."""
_TIMEX_SIZE = 512
"""More than `struct timex` has on any architecture; all zeros ask and change nothing."""
_CLOCK_IS_OFF = 5
"""What adjtimex returns while nobody keeps the clock right (TIME_ERROR)."""


def read_log(path: Path) -> Optional[List[str]]:
    """Return the newest records of the kernel's log, about `MAX_LOG` bytes; None when nobody may. Never waits."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError:
        return None
    try:
        return _records(handle).decode("utf-8", "replace").split("\n")
    finally:
        os.close(handle)


def _records(handle: int) -> bytes:
    whole = bytearray()
    for _ in range(MAX_RECORDS):
        try:
            record = os.read(handle, _RECORD_SIZE)
        except BrokenPipeError:
            continue  # Records were overwritten before they were read; reading goes on with the oldest that is left.
        except OSError:
            break  # Most often there is no further record now.
        if not record:
            break
        whole += record
        if len(whole) > 2 * MAX_LOG:
            del whole[: whole.index(b"\n", MAX_LOG) + 1]
    return bytes(whole)


def clock_is_synchronised() -> Optional[bool]:
    """Return whether somebody keeps the clock right, None where the kernel does not tell."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_SIZE))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _CLOCK_IS_OFF
