"""The memory of the host."""

from __future__ import annotations

import re
from typing import Any, Mapping, Optional

from ascend_doctor.probe.host.mounts import mounts
from ascend_doctor.probe.host.numbers import memory_mb
from ascend_doctor.probe.host.tree import Tree

SHARED_MEMORY = "/dev/shm"  # noqa: S108 - looked at, never written to
_SIZE = re.compile(r"(?:^|,)size=([0-9]{1,18})([kmg%]?)(?:,|\Z)")
_BYTES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def gather(tree: Tree) -> Mapping[str, Any]:
    """Return how much memory there is, how much of it is available, and how large /dev/shm may become."""
    found = memory_mb(tree)
    return {
        "total_mb": found.get("MemTotal"),
        "available_mb": found.get("MemAvailable"),
        "swap_mb": found.get("SwapTotal"),
        "shm_mb": _shared_mb(tree, found.get("MemTotal")),
    }


def _shared_mb(tree: Tree, total_mb: Optional[int]) -> Optional[int]:
    """Return the size of /dev/shm by its mount options; without an option it is half of the memory (Linux, tmpfs)."""
    options = [mount.options for mount in mounts(tree) or () if mount.path == SHARED_MEMORY]
    if not options:
        return None
    size = _SIZE.search(options[-1])
    share = 50 if size is None else int(size.group(1))
    if size is None or size.group(2) == "%":
        return None if total_mb is None else total_mb * share // 100
    return share * _BYTES[size.group(2)] // 1024**2
