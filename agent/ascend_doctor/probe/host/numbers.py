"""Numbers in the small files by which a kernel tells of itself."""

from __future__ import annotations

import re
from typing import Dict, Optional

from ascend_doctor.probe.host.tree import Tree

KIB_PER_MB = 1024

_WHOLE = re.compile(r"\s*(-?[0-9]{1,18})\s*\Z")
_KIB = re.compile(r"^(\w+):\s+([0-9]{1,15}) kB$", re.MULTILINE)


def whole(tree: Tree, path: str) -> Optional[int]:
    """Return the number that a file holds, None where it holds none."""
    found = _WHOLE.match(tree.text(path) or "")
    return int(found.group(1)) if found else None


def listed(text: Optional[str]) -> Optional[int]:
    """Return how many numbers a list such as `0-47,96-143` names, None for anything else."""
    total = 0
    for part in (text or "").strip().split(","):
        found = re.fullmatch(r"([0-9]{1,6})(?:-([0-9]{1,6}))?", part)
        if not found:
            return None
        first = int(found.group(1))
        total += int(found.group(2) or first) - first + 1
    return total


def memory_mb(tree: Tree) -> Dict[str, int]:
    """Return the lines of /proc/meminfo in MB, by their names."""
    return {name: int(kib) // KIB_PER_MB for name, kib in _KIB.findall(tree.text("/proc/meminfo") or "")}
