"""Who the node is."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional

from ascend_doctor.facts.files import version_info
from ascend_doctor.probe.host.tree import Tree

DATED_FILES = (version_info.DRIVER_PATH, version_info.FIRMWARE_PATH)
"""Files of which the doctor notes when they were changed: newer than the boot, and a reboot is pending."""

_CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")
_CONTAINER_GROUPS = re.compile(r"/(docker|kubepods|containerd|lxc|libpod)[-./:]")
_DAVINCI = re.compile(r"davinci([0-9]{1,4})\Z")
_BOOT_TIME = re.compile(r"^btime ([0-9]{1,12})$", re.MULTILINE)


def gather(tree: Tree) -> Mapping[str, Any]:
    """Return when the node was started, which devices it shows, and as whom the doctor looks at it."""
    return {
        "boot_time": _boot_time(tree),
        "davinci": _davinci(tree),
        "euid": tree.user_id(),
        "has_passwd_entry": tree.has_user_name(tree.user_id()),
        "container": _in_container(tree),
        "machine": tree.machine(),
        "kernel": (tree.text("/proc/sys/kernel/osrelease") or "").strip() or None,
        "file_times": _file_times(tree),
    }


def _boot_time(tree: Tree) -> Optional[float]:
    found = _BOOT_TIME.search(tree.text("/proc/stat") or "")
    return float(found.group(1)) if found else None


def _davinci(tree: Tree) -> Optional[List[int]]:
    names = tree.names("/dev")
    if names is None:
        return None
    return sorted(int(match.group(1)) for match in map(_DAVINCI.match, names) if match)


def _in_container(tree: Tree) -> bool:
    return any(map(tree.exists, _CONTAINER_MARKS)) or bool(_CONTAINER_GROUPS.search(tree.text("/proc/1/cgroup") or ""))


def _file_times(tree: Tree) -> Dict[str, float]:
    times = {path: tree.modified_at(path) for path in DATED_FILES}
    return {path: time for path, time in times.items() if time is not None}
