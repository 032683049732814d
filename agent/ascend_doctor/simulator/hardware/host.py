"""The server around the NPUs: its operating system, its memory, its disks and the processes on it."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

import attrs

UNLIMITED = None
"""A limit that is none."""


@attrs.define
class Disk:
    """A file system on a disk of the node, sizes in GB of 1024 * 1024 * 1024 bytes."""

    path: str
    device: str
    kind: str
    size_gb: int
    free_gb: int


@attrs.define
class Service:
    """A process that has NPUs open, by their phy-ids. `libraries` are files that it finds besides the usual ones.

    `open_files` and `locked_bytes` are its soft limits.
    """

    pid: int
    name: str
    devices: Tuple[int, ...]
    environment: Dict[str, str] = attrs.field(factory=dict)
    libraries: List[str] = attrs.field(factory=list)
    open_files: Optional[int] = 1_048_576
    locked_bytes: Optional[int] = UNLIMITED


@attrs.define
class Host:
    """The server as a vendor's guide wants it. Memory in MB of 1024 * 1024 bytes.

    `vendor` and `model` are the words of the firmware. `governor` is None where the kernel does not set frequencies.
    `migration_cost_ns` is None for a kernel without that setting. `shm_mb` is None where `/dev/shm` has the kernel's
    size. `from_a_login` tells whether the doctor was started by somebody who logged in; `open_files` and `locked_bytes`
    are its limits. `entropy_daemon` is the name of a service, empty without one.
    """

    distribution: Tuple[str, str, str] = ("openEuler", "22.03", "openEuler 22.03 (LTS-SP4)")
    vendor: str = "Huawei"
    model: str = "Atlas server"
    page_size: int = 4096
    cpus: int = 192
    numa_nodes: int = 2
    governor: Optional[str] = "performance"
    transparent_hugepage: str = "always"
    swappiness: int = 0
    numa_balancing: int = 0
    migration_cost_ns: Optional[int] = 50_000
    overcommit_memory: int = 0
    memory_mb: int = 1_572_864
    available_mb: int = 1_488_000
    swap_mb: int = 4_096
    shm_mb: Optional[int] = None
    disks: List[Disk] = attrs.field(
        factory=lambda: [
            Disk("/", "/dev/sda3", "ext4", 439, 361),
            Disk("/boot/efi", "/dev/sda1", "vfat", 1, 1),
            Disk("/data", "/dev/nvme0n1", "xfs", 7_153, 4_920),
        ]
    )
    from_a_login: bool = True
    open_files: Optional[int] = 1_048_576
    locked_bytes: Optional[int] = UNLIMITED
    somaxconn: int = 65_535
    tcp_max_syn_backlog: int = 65_535
    entropy_daemon: str = ""
    services: List[Service] = attrs.field(factory=list)
