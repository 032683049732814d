"""The processes that have an NPU open."""

from __future__ import annotations

import posixpath
import re
from typing import Any, Dict, FrozenSet, List, Mapping, Optional

from ascend_doctor.facts.host.network import selects
from ascend_doctor.probe.host.limits import of_process
from ascend_doctor.probe.host.network import INTERFACES
from ascend_doctor.probe.host.tree import Tree

MAX_FOUND = 128
MAX_OPEN = 1024
"""How many open files of a process are looked at. The driver's library opens the device before anything else."""

MAX_NICS = 32
"""More interfaces than this are not a choice: with `^docker` a busy node may have hundreds."""
MAX_VALUE = 500
"""How much of a variable is looked at, in characters."""

_DEVICE = re.compile(r"/dev/davinci([0-9]{1,4})\Z")
_SYSTEM_FOLDERS = ("/usr/", "/lib/", "/lib64/")
"""Below these the doctor looks for a library. Elsewhere may be a network, where a look can hang."""
_MIGRATEPAGES = ("/usr/bin/migratepages", "/bin/migratepages")


def gather(tree: Tree) -> Mapping[str, Any]:
    """Return the processes that have /dev/davinciN open, with their limits and the settings that matter."""
    names = tree.names("/proc")
    if names is None:
        return {}
    kernel = _threads_of_the_kernel(tree)
    found: List[Dict[str, Any]] = []
    unseen = 0
    for pid in sorted(int(name) for name in names if name.isascii() and name.isdecimal() and name not in kernel):
        devices = _devices(tree, pid)
        if devices is None:
            # A process that has ended meanwhile is not one that cannot be seen.
            unseen += tree.exists(f"/proc/{pid}/stat")
        elif devices and len(found) < MAX_FOUND:
            found.append(_process(tree, pid, devices))
    return {"processes": found, "unseen": unseen}


def _threads_of_the_kernel(tree: Tree) -> FrozenSet[str]:
    """Return the numbers of the kernel's own threads, which are most of all on a large machine and open nothing."""
    if (tree.text("/proc/2/comm") or "").strip() != "kthreadd":
        return frozenset()
    return frozenset({"2", *(tree.text("/proc/2/task/2/children") or "").split()})


def _devices(tree: Tree, pid: int) -> Optional[List[int]]:
    """Return the NPUs that a process has open, None where it cannot be seen."""
    files = tree.names(f"/proc/{pid}/fd")
    if files is None:
        return None
    targets = (tree.link(f"/proc/{pid}/fd/{name}") for name in files[:MAX_OPEN])
    return sorted({int(match.group(1)) for match in (_DEVICE.match(target or "") for target in targets) if match})


def _process(tree: Tree, pid: int, devices: List[int]) -> Dict[str, Any]:
    environment = _environment(tree, pid)
    preloads = None if environment is None else _preloads(environment.get("LD_PRELOAD", ""))
    inside = f"/proc/{pid}/root"
    return {
        "pid": pid,
        "name": (tree.text(f"/proc/{pid}/comm") or "?").strip(),
        "devices": devices,
        "limits": of_process(tree, pid),
        "log_level": None if environment is None else environment.get("ASCEND_GLOBAL_LOG_LEVEL", "")[:20],
        "preloads": preloads,
        "absent_preloads": None
        if preloads is None
        else [path for path in preloads if not _is_there(tree, inside + path)],
        "hccl_nics": None if environment is None else _hccl_nics(tree, pid, environment),
        "migratepages": any(_is_there(tree, inside + path) for path in _MIGRATEPAGES),
    }


def _environment(tree: Tree, pid: int) -> Optional[Dict[str, str]]:
    """Return the environment with which a process was started; only the settings that are asked for leave the node."""
    text = tree.text(f"/proc/{pid}/environ")
    return None if text is None else dict(entry.partition("=")[::2] for entry in text.split("\0"))


def _hccl_nics(tree: Tree, pid: int, environment: Mapping[str, str]) -> Optional[List[str]]:
    """Return which interfaces of the doctor's network a process allows HCCL to take. The variable stays here.

    None where that tells nothing: the process names none, or an address instead, or its network is another one.
    """
    text = environment.get("HCCL_SOCKET_IFNAME", "")[:MAX_VALUE]
    here = tree.link("/proc/self/ns/net")
    if not text or environment.get("HCCL_IF_IP") or here is None or here != tree.link(f"/proc/{pid}/ns/net"):
        return None
    chosen = [name for name in tree.names(INTERFACES) or () if selects(text, name)]
    return chosen if len(chosen) <= MAX_NICS else None


def _is_there(tree: Tree, path: str) -> bool:
    """Tell whether a process finds a file. A link counts: it leads on inside of the process's own root, not ours."""
    return tree.link(path) is not None or tree.exists(path)


def _preloads(value: str) -> List[str]:
    return [
        path
        for path in re.split(r"[:\s]+", value)
        if path.startswith(_SYSTEM_FOLDERS) and posixpath.normpath(path) == path
    ]
