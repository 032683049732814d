"""How the kernel is tuned."""

from __future__ import annotations

import re
from typing import Any, Dict, Mapping, Optional

from ascend_doctor.probe.host.numbers import whole
from ascend_doctor.probe.host.tree import Tree

_POLICIES = "/sys/devices/system/cpu/cpufreq"
_HUGE_PAGES = "/sys/kernel/mm/transparent_hugepage/enabled"
# Linux 5.13 moved it from the sysctls to debugfs, which only root may read.
_MIGRATION_COSTS = ("/proc/sys/kernel/sched_migration_cost_ns", "/sys/kernel/debug/sched/migration_cost_ns")
_CHOSEN = re.compile(r"\[([a-z]{1,20})\]")


def gather(tree: Tree) -> Mapping[str, Any]:
    """Return the settings that cost speed."""
    costs = [whole(tree, path) for path in _MIGRATION_COSTS]
    chosen = _CHOSEN.search(tree.text(_HUGE_PAGES) or "")
    return {
        "swappiness": whole(tree, "/proc/sys/vm/swappiness"),
        "numa_balancing": whole(tree, "/proc/sys/kernel/numa_balancing"),
        "sched_migration_cost_ns": next((cost for cost in costs if cost is not None), None),
        "overcommit_memory": whole(tree, "/proc/sys/vm/overcommit_memory"),
        "transparent_hugepage": chosen.group(1) if chosen else None,
        "governors": _governors(tree),
    }


def _governors(tree: Tree) -> Optional[Dict[str, int]]:
    """Count the groups of processors by governor; none where the kernel does not set the frequency."""
    if not tree.exists("/sys/devices/system/cpu"):
        return None
    found: Dict[str, int] = {}
    for policy in tree.names(_POLICIES) or ():
        governor = (tree.text(f"{_POLICIES}/{policy}/scaling_governor") or "").strip()
        if governor:
            found[governor] = found.get(governor, 0) + 1
    return found
