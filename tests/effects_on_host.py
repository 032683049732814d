"""Which answers about the host each fault of the server changes: cases of `tests/simulator/test_faults.py`."""

from __future__ import annotations

from typing import Dict, FrozenSet, Tuple

A2 = "nodes:\n  - {name: 'n[1-2]', product: atlas-800t-a2}\n"
A5_ON_X86 = "nodes:\n  - {name: 'n[1-2]', product: ascend-950-x86}\n"

_SECTIONS = {
    "system-unlisted": ("system",),
    "kernel-old": ("facts", "kernel-modules"),
    "pages-large": ("system",),
    "governor-slow": ("tuning",),
    "machine-virtual": ("system", "tuning"),
    "huge-pages-off": ("tuning",),
    "swaps-readily": ("tuning",),
    "numa-balancing-on": ("tuning",),
    "migration-cost-default": ("tuning",),
    "overcommit-strict": ("tuning",),
    "memory-low": ("memory",),
    "shared-memory-small": ("memory",),
    "disk-full": ("disks",),
    "open-files-few": ("limits",),
    "backlog-short": ("limits",),
    "preload-absent": ("npu-processes",),
    "cpus-offline": ("system",),
    "logs-debug": ("npu-processes",),
    "entropy-low": ("system",),
}

EFFECTS: Dict[str, Tuple[str, str, FrozenSet[Tuple[str, str]]]] = {
    fault: (
        A5_ON_X86 if fault == "entropy-low" else A2,
        f"{{fault: {fault}, node: n1}}",
        frozenset(("n1", f"host/{section}") for section in sections),
    )
    for fault, sections in _SECTIONS.items()
}
