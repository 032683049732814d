"""Limits of processes, and those of the kernel for connections that wait."""

from __future__ import annotations

import re
from typing import Any, Dict, Mapping, Optional, Union

from ascend_doctor.facts.host.limits import UNLIMITED
from ascend_doctor.probe.host.numbers import whole
from ascend_doctor.probe.host.tree import Tree

_SOFT = re.compile(r"^Max (open files|locked memory) +(unlimited|[0-9]{1,18}) ", re.MULTILINE)
_NAMES = {"open files": "open_files", "locked memory": "locked_bytes"}
_LOGIN = re.compile(r"/user\.slice/|/session-[^/]+\.scope")


def gather(tree: Tree) -> Mapping[str, Any]:
    """Return the limits of the doctor's own process and of the kernel."""
    group = tree.text("/proc/self/cgroup")
    return {
        "own": of_process(tree, "self"),
        "from_a_login": None if group is None else bool(_LOGIN.search(group)),
        "somaxconn": whole(tree, "/proc/sys/net/core/somaxconn"),
        "tcp_max_syn_backlog": whole(tree, "/proc/sys/net/ipv4/tcp_max_syn_backlog"),
    }


def of_process(tree: Tree, process: Union[int, str]) -> Optional[Dict[str, int]]:
    """Return the soft limits of a process, None where they cannot be read."""
    text = tree.text(f"/proc/{process}/limits")
    if text is None:
        return None
    return {_NAMES[name]: UNLIMITED if size == "unlimited" else int(size) for name, size in _SOFT.findall(text)}
