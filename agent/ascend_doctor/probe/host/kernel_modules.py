"""The driver's kernel modules."""

from __future__ import annotations

from typing import Any, Mapping

from ascend_doctor.facts.host.kernel_modules import OF_THE_DRIVER
from ascend_doctor.probe.host.tree import Tree

MODULES = "/lib/modules"


def gather(tree: Tree) -> Mapping[str, Any]:
    """Return the running kernel, the driver's modules in it, and the kernels for which there are such modules."""
    loaded = tree.text("/proc/modules")
    releases = tree.names(MODULES)
    return {
        "release": (tree.text("/proc/sys/kernel/osrelease") or "").strip() or None,
        # An empty list of modules is that of a kernel that hides it (gVisor), not of one that could drive an NPU.
        "loaded": sorted(filter(OF_THE_DRIVER.match, map(_first_word, loaded.splitlines()))) if loaded else None,
        "built_for": None if releases is None else [release for release in releases if _has_modules(tree, release)],
    }


def _first_word(line: str) -> str:
    return line.partition(" ")[0]


def _has_modules(tree: Tree, release: str) -> bool:
    return any(map(OF_THE_DRIVER.match, tree.names(f"{MODULES}/{release}/updates") or ()))
