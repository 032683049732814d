"""`metrics.prom`: the numbers of the node as the probe saw them last, for the uplink to serve.

It is written after the verdict and counts only as long as that does: see `verdict_file`.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from ascend_doctor.probe.files import NotAFileError, read_capped, replace

FILE_NAME = "metrics.prom"
MAX_BYTES = 16 * 1024 * 1024


def write(folder: Path, page: str) -> None:
    """Put the page in place at once. Where that fails there is none: an old one would pass for new."""
    try:
        replace(folder / FILE_NAME, page.encode())
    except OSError:
        with contextlib.suppress(OSError):
            (folder / FILE_NAME).unlink()


def read(folder: Path) -> bytes:
    """Return the page, empty when there is none."""
    try:
        return read_capped(folder / FILE_NAME, MAX_BYTES)[0]
    except (OSError, NotAFileError):
        return b""
