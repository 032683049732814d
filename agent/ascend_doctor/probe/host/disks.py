"""The space on the node's own disks."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from ascend_doctor.probe.host.mounts import mounts
from ascend_doctor.probe.host.tree import Tree

MAX_FILE_SYSTEMS = 64
_ON_DISKS = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "bcachefs"})
_ELSEWHERE = frozenset({"nfs", "nfs4", "cifs", "smb3", "lustre", "ceph", "glusterfs", "gpfs", "beegfs", "9p", "dpc"})
_MB = 1024**2
_FIRST_PROCESS = "/proc/1/root"
"""The machine as its first process sees it: a service is shown an empty folder in place of /home, and its own /tmp."""


def gather(tree: Tree) -> Mapping[str, Any]:
    """Return the file systems on disks of the node, each once, and the places of those on other machines.

    Only the former are asked for their size: one on another machine may keep whoever asks waiting without end.
    """
    table = mounts(tree)
    if table is None:
        return {}
    found: List[Dict[str, Any]] = []
    devices = set()
    for mount in table:
        # The layers of containers are mounts by the dozen; below `/` they make up the root of the doctor's own.
        on_disk = mount.kind in _ON_DISKS or (mount.kind == "overlay" and mount.path == "/")
        if not on_disk or mount.device in devices or len(found) == MAX_FILE_SYSTEMS:
            continue
        space = tree.space(_FIRST_PROCESS + mount.path) or tree.space(mount.path)
        if space is not None:
            devices.add(mount.device)
            total = space.used + space.free
            found.append(
                {"mount": mount.path, "kind": mount.kind, "total_mb": total // _MB, "free_mb": space.free // _MB}
            )
    elsewhere = [mount.path for mount in table if mount.kind in _ELSEWHERE or mount.kind.startswith("fuse.")]
    return {"file_systems": found, "elsewhere": elsewhere[:MAX_FILE_SYSTEMS]}
