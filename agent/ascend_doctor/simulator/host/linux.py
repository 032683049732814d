"""The files by which the kernel tells how it is set up: its system, its settings, its memory, its mounts."""

from __future__ import annotations

import struct
from typing import Dict, Optional

from ascend_doctor.simulator.hardware import Host, Machine

_CONTROL_GROUPS = "/sys/fs/cgroup/system.slice"
_HUGE_PAGE_WORDS = ("always", "madvise", "never")
_CPUS = "/sys/devices/system/cpu"
_AUXILIARY = ((33, 0xFFFF_8000_0000), (6, 0), (17, 100), (0, 0))
"""Entries of the auxiliary vector: where the kernel's own code lies, the page size, ticks a second, the end."""
_AT_PAGESZ = 6
_LOGIN = "/user.slice/user-0.slice/session-3.scope"
_SERVICE = "/system.slice/ascend-doctor-probe.service"


def linux_files(machine: Machine) -> Dict[str, bytes]:
    """Return the files of the kernel by path, without those of single processes."""
    host = machine.host
    text = {
        "/etc/os-release": _os_release(host),
        "/sys/class/dmi/id/sys_vendor": host.vendor,
        "/sys/class/dmi/id/product_name": host.model,
        f"{_CPUS}/online": f"0-{host.cpus - 1}",
        "/sys/devices/system/node/online": "0" if host.numa_nodes == 1 else f"0-{host.numa_nodes - 1}",
        "/sys/kernel/mm/transparent_hugepage/enabled": _huge_pages(host),
        "/proc/sys/vm/swappiness": str(host.swappiness),
        "/proc/sys/vm/overcommit_memory": str(host.overcommit_memory),
        "/proc/sys/kernel/numa_balancing": str(host.numa_balancing),
        "/proc/sys/net/core/somaxconn": str(host.somaxconn),
        "/proc/sys/net/ipv4/tcp_max_syn_backlog": str(host.tcp_max_syn_backlog),
        "/proc/meminfo": _memory(host),
        "/proc/mounts": _mounts(host),
        "/proc/self/limits": limits(host.open_files, host.locked_bytes),
        "/proc/self/cgroup": f"0::{_LOGIN if host.from_a_login else _SERVICE}",
    }
    if not machine.in_container:
        text[f"{_CONTROL_GROUPS}/sshd.service/cgroup.procs"] = "1402"
    if host.migration_cost_ns is not None:
        text["/proc/sys/kernel/sched_migration_cost_ns"] = str(host.migration_cost_ns)
    if host.governor is not None:
        for node in range(host.numa_nodes):
            first = node * host.cpus // host.numa_nodes
            text[f"{_CPUS}/cpufreq/policy{first}/scaling_governor"] = host.governor
    if host.entropy_daemon:
        text[f"{_CONTROL_GROUPS}/{host.entropy_daemon}.service/cgroup.procs"] = "1377"
    return {
        "/proc/self/auxv": _auxiliary_vector(host),
        **{path: f"{content}\n".encode() for path, content in text.items()},
    }


def limits(open_files: Optional[int], locked_bytes: Optional[int]) -> str:
    """Return the limits of a process as /proc shows them, None for no limit."""
    rows = [
        ("Limit", "Soft Limit", "Hard Limit", "Units"),
        ("Max cpu time", "unlimited", "unlimited", "seconds"),
        ("Max processes", "6190000", "6190000", "processes"),
        ("Max open files", _limit(open_files), _limit(open_files), "files"),
        ("Max locked memory", _limit(locked_bytes), _limit(locked_bytes), "bytes"),
        ("Max realtime timeout", "unlimited", "unlimited", "us"),
    ]
    return "\n".join(f"{name:<25} {soft:<20} {hard:<20} {unit:<10}" for name, soft, hard, unit in rows)


def _limit(number: Optional[int]) -> str:
    return "unlimited" if number is None else str(number)


def _os_release(host: Host) -> str:
    os_id, version, name = host.distribution
    return f'NAME="{os_id}"\nVERSION_ID="{version}"\nID="{os_id}"\nPRETTY_NAME="{name}"'


def _huge_pages(host: Host) -> str:
    return " ".join(f"[{word}]" if word == host.transparent_hugepage else word for word in _HUGE_PAGE_WORDS)


def _memory(host: Host) -> str:
    rows = (
        ("MemTotal", host.memory_mb),
        ("MemFree", host.available_mb * 9 // 10),
        ("MemAvailable", host.available_mb),
        ("SwapTotal", host.swap_mb),
        ("SwapFree", host.swap_mb),
    )
    return "\n".join(f"{name + ':':<16}{size_mb * 1024:>10} kB" for name, size_mb in rows)


def _mounts(host: Host) -> str:
    size = "" if host.shm_mb is None else f",size={host.shm_mb * 1024}k"
    rows = [
        "sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime",
        "proc /proc proc rw,nosuid,nodev,noexec,relatime",
        f"tmpfs /dev/shm tmpfs rw,nosuid,nodev{size},inode64",
        *(f"{disk.device} {disk.path} {disk.kind} rw,relatime" for disk in host.disks),
    ]
    return "\n".join(f"{row} 0 0" for row in rows)


def _auxiliary_vector(host: Host) -> bytes:
    return b"".join(
        struct.pack("=QQ", key, host.page_size if key == _AT_PAGESZ else value) for key, value in _AUXILIARY
    )
