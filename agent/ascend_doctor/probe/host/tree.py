"""The node's own files and what else its kernel tells, as the gathering of host facts sees them."""

from __future__ import annotations

import os
import platform
import pwd
import stat
from typing import List, Optional, Protocol

import attrs

from ascend_doctor.probe.files import NotAFileError, read_capped, rooted
from ascend_doctor.probe.host import kernel

MAX_TEXT = 1024 * 1024


@attrs.frozen
class Space:
    """The size of a file system in bytes: what is used, and what any user may still write."""

    used: int
    free: int


@attrs.frozen
class Permissions:
    """Who may do what: the permission bits `mode`, and the number of the group."""

    mode: int
    group_id: int


class Tree(Protocol):
    """A node from the inside. Paths are absolute; None stands for what is not there or cannot be read."""

    def text(self, path: str) -> Optional[str]:
        """Return the content of a file, at most `MAX_TEXT` bytes of it; bytes that are no UTF-8 are replaced."""

    def data(self, path: str) -> Optional[bytes]:
        """Return the content of a file that is no text, at most `MAX_TEXT` bytes of it."""

    def link(self, path: str) -> Optional[str]:
        """Return what a symbolic link says, None for anything else."""

    def space(self, path: str) -> Optional[Space]:
        """Return how large the file system mounted at a path is. Never for one on another machine: that may hang."""

    def names(self, path: str) -> Optional[List[str]]:
        """Return the names of what is in a folder, sorted."""

    def exists(self, path: str) -> bool:
        """Tell whether there is anything at a path."""

    def modified_at(self, path: str) -> Optional[float]:
        """Return when a file was changed, in seconds since the epoch."""

    def machine(self) -> str:
        """Return the architecture: `aarch64` or `x86_64`."""

    def user_id(self) -> int:
        """Return the effective user id of the doctor."""

    def has_user_name(self, user_id: int) -> bool:
        """Tell whether a user id has an entry in the password file."""

    def permissions(self, path: str) -> Optional[Permissions]:
        """Return who may do what with what is at a path."""

    def is_usable(self, path: str) -> bool:
        """Tell whether the doctor's user may read and write what is at a path; it is not opened."""

    def kernel_log(self) -> Optional[List[str]]:
        """Return the records of the kernel's log, oldest first, as /dev/kmsg gives them; what is there, no waiting."""

    def clock_is_synchronised(self) -> Optional[bool]:
        """Return whether somebody keeps the clock right, by the word of the kernel."""


class LocalTree:
    """The node that the doctor runs on. `root` is where its file system is seen, such as a mount in a container."""

    def __init__(self, root: str = "/") -> None:
        self._root = root
        self._prefix = root.rstrip("/")

    def text(self, path: str) -> Optional[str]:
        """Return the content of a file."""
        content = self.data(path)
        return None if content is None else content.decode("utf-8", "replace")

    def data(self, path: str) -> Optional[bytes]:
        """Return the content of a regular file; whatever else lies there is not opened."""
        try:
            return read_capped(rooted(path, self._root), MAX_TEXT)[0]
        except (OSError, NotAFileError):
            return None

    def link(self, path: str) -> Optional[str]:
        """Return what a symbolic link says."""
        try:
            return os.readlink(self._prefix + path)  # noqa: PTH115 - asked thousands of times, and a Path costs more
        except OSError:
            return None

    def space(self, path: str) -> Optional[Space]:
        """Return how large the file system mounted at a path is."""
        try:
            found = os.statvfs(rooted(path, self._root))
        except OSError:
            return None
        return Space((found.f_blocks - found.f_bfree) * found.f_frsize, found.f_bavail * found.f_frsize)

    def names(self, path: str) -> Optional[List[str]]:
        """Return the names of what is in a folder."""
        try:
            return sorted(os.listdir(self._prefix + path))  # noqa: PTH208 - as above
        except OSError:
            return None

    def exists(self, path: str) -> bool:
        """Tell whether there is anything at a path."""
        try:
            return rooted(path, self._root).exists()
        except OSError:
            return False

    def modified_at(self, path: str) -> Optional[float]:
        """Return when a file was changed."""
        try:
            return rooted(path, self._root).stat().st_mtime
        except OSError:
            return None

    def machine(self) -> str:
        """Return the architecture."""
        return platform.machine()

    def user_id(self) -> int:
        """Return the effective user id."""
        return os.geteuid()

    def has_user_name(self, user_id: int) -> bool:
        """Tell whether a user id has a name."""
        try:
            pwd.getpwuid(user_id)
        except KeyError:
            return False
        return True

    def permissions(self, path: str) -> Optional[Permissions]:
        """Return who may do what with what is at a path."""
        try:
            found = rooted(path, self._root).stat()
        except OSError:
            return None
        return Permissions(stat.S_IMODE(found.st_mode), found.st_gid)

    def is_usable(self, path: str) -> bool:
        """Tell whether the doctor's user may read and write what is at a path."""
        return os.access(rooted(path, self._root), os.R_OK | os.W_OK)

    def kernel_log(self) -> Optional[List[str]]:
        """Return the records of the kernel's log."""
        return kernel.read_log(rooted("/dev/kmsg", self._root))

    def clock_is_synchronised(self) -> Optional[bool]:
        """Return whether somebody keeps the clock right."""
        return kernel.clock_is_synchronised()
