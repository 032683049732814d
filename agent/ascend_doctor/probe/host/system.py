"""What does not change while the node is up."""

from __future__ import annotations

import re
import struct
from typing import Any, Dict, List, Mapping, Optional

from ascend_doctor.facts.host.system import BARE_METAL
from ascend_doctor.probe.host.numbers import listed
from ascend_doctor.probe.host.services import CONTROL_GROUPS
from ascend_doctor.probe.host.tree import Tree

_OS_RELEASES = ("/etc/os-release", "/usr/lib/os-release")
_SETTING = re.compile(r"""^([A-Z_]+)=["']?([^"'\n]{0,200})["']?$""", re.MULTILINE)

_AUXILIARY_PAIR = struct.Struct("=QQ")
_AT_PAGESZ = 6
"""The entry of the auxiliary vector that holds the page size, as `getconf PAGESIZE` prints it."""

_FIRMWARE = ("/sys/class/dmi/id/sys_vendor", "/sys/class/dmi/id/product_name")
_HYPERVISORS = (
    "QEMU",
    "KVM",
    "VMware",
    "VirtualBox",
    "Xen",
    "Bochs",
    "Parallels",
    "OpenStack",
    "RHEV",
    "oVirt",
    "Virtual Machine",
    "Google Compute Engine",
    "Alibaba Cloud ECS",
)

_ENTROPY_DAEMONS = ("haveged", "rngd", "rng-tools", "rng-tools-debian", "jitterentropy")

_LIBRARY_FOLDERS = (
    "/usr/lib64",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/local/lib",
    "/usr/local/lib64",
)
_ALLOCATORS = ("libjemalloc.so.2", "libtcmalloc.so.4", "libtcmalloc_minimal.so.4")


def gather(tree: Tree) -> Mapping[str, Any]:
    """Return the operating system, the page size, the processors, and what the machine runs on."""
    release = _release(tree)
    return {
        "os_id": release.get("ID"),
        "os_version": release.get("VERSION_ID"),
        "os_name": release.get("PRETTY_NAME"),
        "page_size": _page_size(tree.data("/proc/self/auxv")),
        "hypervisor": _hypervisor(tree),
        "cpus": listed(tree.text("/sys/devices/system/cpu/online")),
        "numa_nodes": listed(tree.text("/sys/devices/system/node/online")),
        "entropy_daemon": _entropy_daemon(tree),
        "allocators": _allocators(tree),
    }


def _release(tree: Tree) -> Dict[str, str]:
    return dict(_SETTING.findall(next(filter(None, map(tree.text, _OS_RELEASES)), "")))


def _page_size(vector: Optional[bytes]) -> Optional[int]:
    whole = (vector or b"")[: len(vector or b"") // _AUXILIARY_PAIR.size * _AUXILIARY_PAIR.size]
    return next((value for key, value in _AUXILIARY_PAIR.iter_unpack(whole) if key == _AT_PAGESZ), None)


def _hypervisor(tree: Tree) -> Optional[str]:
    """Return the name by which the firmware or the kernel knows the hypervisor, `none` without one."""
    kind = (tree.text("/sys/hypervisor/type") or "").strip()
    if kind:
        return kind
    if tree.exists("/proc/device-tree/hypervisor"):
        return "a hypervisor in the device tree"
    words = [text.strip() for text in map(tree.text, _FIRMWARE) if text]
    names = [name for name in _HYPERVISORS if name.lower() in " ".join(words).lower()]
    return names[0] if names else BARE_METAL if words else None


def _entropy_daemon(tree: Tree) -> Optional[str]:
    """Return the name of a service that feeds random numbers to the kernel, empty without one."""
    for folder in CONTROL_GROUPS:
        running = tree.names(folder)
        if running:
            return next((name for name in _ENTROPY_DAEMONS if f"{name}.service" in running), "")
    return None


def _allocators(tree: Tree) -> List[str]:
    return [
        path for folder in _LIBRARY_FOLDERS for path in map(f"{folder}/{{}}".format, _ALLOCATORS) if tree.exists(path)
    ]
