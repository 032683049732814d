"""The knowledge of the site, put in force once when a verb that judges or explains starts."""

from __future__ import annotations

import os
from pathlib import Path

from ascend_doctor.knowledge import tables


def use_site(knowledge_dir: str) -> None:
    """Let the files in the configured folder count. Raises `DocumentError` with every mistake in them."""
    folder = Path(knowledge_dir)
    if not os.path.lexists(folder):
        tables.use_site({})
        return
    from ascend_doctor.knowledge import site  # noqa: PLC0415 - most nodes have no such folder

    tables.use_site(site.load(folder))
