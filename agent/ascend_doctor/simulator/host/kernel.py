"""The files by which the kernel of a node tells of itself."""

from __future__ import annotations

from typing import Dict

from ascend_doctor.simulator.hardware import Machine


def kernel_files(machine: Machine) -> Dict[str, bytes]:
    """Return the files of the kernel by path: boot time, release, device nodes, and the mark of a container."""
    files = {
        "/proc/stat": f"btime {machine.boot_time:.0f}\n".encode(),
        "/proc/sys/kernel/osrelease": f"{machine.kernel}\n".encode(),
        **{f"/dev/davinci{chip.phy_id}": b"" for chip in machine.chips},
    }
    if machine.in_container:
        files["/.dockerenv"] = b""
    return files
