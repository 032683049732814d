"""The files by which the kernel of a node tells of itself."""

from __future__ import annotations

from typing import Dict

from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.host.linux import linux_files
from ascend_doctor.simulator.host.processes import process_files, process_links
from ascend_doctor.simulator.host.system import system_files


def kernel_files(machine: Machine) -> Dict[str, bytes]:
    """Return the files of the kernel by path: boot time, release, the mark of a container, and the rest."""
    files = {
        **linux_files(machine),
        **process_files(machine),
        "/proc/stat": f"btime {machine.boot_time:.0f}\n".encode(),
        "/proc/sys/kernel/osrelease": f"{machine.kernel}\n".encode(),
        **system_files(machine),
    }
    if machine.in_container:
        files["/.dockerenv"] = b""
    return files


def kernel_links(machine: Machine) -> Dict[str, str]:
    """Return the symbolic links of the kernel, by path."""
    return process_links(machine)
