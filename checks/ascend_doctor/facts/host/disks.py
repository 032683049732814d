"""The space on the node's own disks."""

from __future__ import annotations

from typing import Optional, Tuple, Union

import attrs

from ascend_doctor.facts.host.section import source_of
from ascend_doctor.model.reading import NOT_REPORTED, Reading


@attrs.frozen
class FileSystem:
    """A file system on a disk of the node. Sizes are in MB of 1024 * 1024 bytes.

    `free_mb` is what any user may still write, `total_mb` that and what is used.
    """

    mount: str
    kind: str
    total_mb: int
    free_mb: int

    @property
    def free_pct(self) -> float:
        """The free part in percent; of nothing, all is free."""
        return 100.0 * self.free_mb / self.total_mb if self.total_mb else 100.0


@attrs.frozen
class DiskFacts:
    """`elsewhere` are the mounts that are not on a disk of the node, such as NFS: asking about them may never end."""

    file_systems: Reading[Tuple[FileSystem, ...]] = NOT_REPORTED
    elsewhere: Tuple[str, ...] = ()

    def holding(self, path: str) -> Optional[Union[FileSystem, str]]:
        """Return the file system that holds a path, or the mount elsewhere that does; None when nobody knows."""
        here = {} if not isinstance(self.file_systems, tuple) else {each.mount: each for each in self.file_systems}
        mounts = [mount for mount in (*here, *self.elsewhere) if _inside(path, mount)]
        if not mounts:
            return None
        deepest = max(mounts, key=len)
        return here.get(deepest, deepest)


def _inside(path: str, mount: str) -> bool:
    return path == mount or path.startswith(mount if mount.endswith("/") else f"{mount}/")


SOURCE = source_of("disks", DiskFacts)
