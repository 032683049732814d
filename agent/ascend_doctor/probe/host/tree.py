"""The node's own files and what else its kernel tells, as the gathering of host facts sees them."""

from __future__ import annotations

import os
import platform
import pwd
from typing import List, Optional, Protocol

from ascend_doctor.probe.files import rooted

MAX_TEXT = 1024 * 1024


class Tree(Protocol):
    """A node from the inside. Paths are absolute; None stands for what is not there or cannot be read."""

    def text(self, path: str) -> Optional[str]:
        """Return the content of a file, at most `MAX_TEXT` bytes of it; bytes that are no UTF-8 are replaced."""

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


class LocalTree:
    """The node that the doctor runs on. `root` is where its file system is seen, such as a mount in a container."""

    def __init__(self, root: str = "/") -> None:
        self._root = root

    def text(self, path: str) -> Optional[str]:
        """Return the content of a file."""
        try:
            with rooted(path, self._root).open("rb") as file:
                return file.read(MAX_TEXT).decode("utf-8", "replace")
        except OSError:
            return None

    def names(self, path: str) -> Optional[List[str]]:
        """Return the names of what is in a folder."""
        try:
            return sorted(entry.name for entry in rooted(path, self._root).iterdir())
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
