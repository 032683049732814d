"""What the operating system says of the node, as the JSON that `ascend_doctor.facts.host` reads."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import pwd
import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

from ascend_doctor.facts.files import version_info
from ascend_doctor.probe.files import rooted

DATED_FILES = (version_info.DRIVER_PATH, version_info.FIRMWARE_PATH)
"""Files of which the doctor notes when they were changed: newer than the boot, and a reboot is pending."""

_CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")
_CONTAINER_GROUPS = re.compile(r"/(docker|kubepods|containerd|lxc|libpod)[-./:]")
_DAVINCI = re.compile(r"davinci([0-9]{1,4})\Z")
_BOOT_TIME = re.compile(r"^btime ([0-9]{1,12})$", re.MULTILINE)


def host_facts(root: str = "/") -> bytes:
    """Return the facts. What cannot be found out is left out. `root` is where the host's file system is seen."""
    facts: Dict[str, Any] = {
        "boot_time": _boot_time(root),
        "davinci": _davinci(root),
        "euid": os.geteuid(),
        "has_passwd_entry": _has_passwd_entry(os.geteuid()),
        "container": _in_container(root),
        "machine": platform.machine(),
        "kernel": (_text(rooted("/proc/sys/kernel/osrelease", root)) or platform.release()).strip(),
        "file_times": _file_times(root),
    }
    known: Mapping[str, Any] = {name: value for name, value in facts.items() if value is not None}
    return (json.dumps(known, sort_keys=True) + "\n").encode()


def _boot_time(root: str) -> Optional[float]:
    found = _BOOT_TIME.search(_text(rooted("/proc/stat", root)) or "")
    return float(found.group(1)) if found else None


def _davinci(root: str) -> Optional[List[int]]:
    try:
        names = [entry.name for entry in rooted("/dev", root).iterdir()]
    except OSError:
        return None
    return sorted(int(match.group(1)) for match in map(_DAVINCI.match, names) if match)


def _has_passwd_entry(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _in_container(root: str) -> bool:
    if any(rooted(mark, root).exists() for mark in _CONTAINER_MARKS):
        return True
    return bool(_CONTAINER_GROUPS.search(_text(rooted("/proc/1/cgroup", root)) or ""))


def _file_times(root: str) -> Dict[str, float]:
    times: Dict[str, float] = {}
    for path in DATED_FILES:
        with contextlib.suppress(OSError):
            times[path] = rooted(path, root).stat().st_mtime
    return times


def _text(path: Path) -> Optional[str]:
    """Return the start of a file of the kernel's, None when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(1024 * 1024).decode("utf-8", "replace")
    except OSError:
        return None
