"""Where the vendor's tools are, and whether it is safe to run them."""

from __future__ import annotations

import errno
import os
import stat
from typing import Iterator, Mapping, Optional, Tuple

import attrs

DEFAULT_TOOLS: Mapping[str, Tuple[str, ...]] = {
    "npu-smi": ("/usr/local/sbin/npu-smi", "/usr/local/bin/npu-smi"),
    "hccn_tool": ("/usr/local/Ascend/driver/tools/hccn_tool",),
    "ipmitool": ("/usr/bin/ipmitool", "/usr/sbin/ipmitool"),
    "python3": (),  # only where somebody says which: there are many, and few have torch_npu
}
MAX_LINKS = 40

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class UnsafeToolError(Exception):
    """A tool that the doctor will not run; the text names the path that is the reason, and the remedy."""


@attrs.frozen
class ToolPaths:
    """Absolute paths of the tools, by their names.

    `candidates` are tried in order. `folders` are searched before them; they come from configuration and, only where
    the operator asks for it, from a PATH (`with_path`): a tool found through PATH is whatever the caller's environment
    says it is. `trusted` are folders that the operator vouches for: they, and what lies above them, are not examined,
    only what lies below.
    """

    candidates: Mapping[str, Tuple[str, ...]] = attrs.field(factory=lambda: DEFAULT_TOOLS)
    folders: Tuple[str, ...] = ()
    trusted: Tuple[str, ...] = ()

    def with_path(self, path: str) -> ToolPaths:
        """Return the same with the absolute folders of a PATH searched first."""
        found = tuple(folder for folder in path.split(os.pathsep) if folder.startswith("/"))
        return attrs.evolve(self, folders=(*found, *self.folders))

    def find(self, tool: str) -> Optional[str]:
        """Return the path of a tool, None when there is none at any of its places. A name with a `/` is never found."""
        return next((place for place in self.places(tool) if os.path.lexists(place)), None)

    def places(self, tool: str) -> Tuple[str, ...]:
        """Return where a tool is looked for, in order."""
        if os.sep in tool:
            return ()
        return (*(f"{folder}/{tool}" for folder in self.folders), *self.candidates.get(tool, ()))

    def examine(self, path: str) -> None:
        """Raise `UnsafeToolError` when anybody but root and the current user could put something else at this path.

        Every folder, link and file that the kernel passes on its way to the program counts. A folder with the sticky
        bit that others may write to (`/tmp`) is refused too, unless it is trusted. Raises `OSError` when the way ends.
        """
        if not path.startswith("/"):
            raise UnsafeToolError(f"{path} is no absolute path: configure the full path of the tool")
        owners = (0, os.geteuid())
        trusted = [os.path.realpath(folder) for folder in self.trusted]
        for place, status in _passed(path):
            if any(_within(folder, place) for folder in trusted):
                continue
            if status.st_uid not in owners:
                raise UnsafeToolError(
                    f"{place} belongs to user {status.st_uid}, neither root nor the doctor's user: "
                    f"give it to root (chown root {place}), or name its folder as trusted in the configuration"
                )
            if not stat.S_ISLNK(status.st_mode) and status.st_mode & _OTHERS_MAY_WRITE:
                raise UnsafeToolError(
                    f"{place} can be changed by others (mode {stat.S_IMODE(status.st_mode):04o}): "
                    f"chmod go-w {place}, or name its folder as trusted in the configuration"
                )


def _within(path: str, folder: str) -> bool:
    return f"{path}/".startswith(folder if folder == "/" else f"{folder}/")


def _passed(path: str) -> Iterator[Tuple[str, os.stat_result]]:
    """Yield everything that the kernel passes when it follows an absolute path, links resolved step by step.

    Paths are plain text here: this runs before every start of a tool, and `pathlib` takes several times as long.
    """
    here = "/"
    ahead = [part for part in path.split("/") if part]
    links = 0
    yield here, os.lstat(here)
    while ahead:
        part = ahead.pop(0)
        if part in (".", ".."):
            here = here if part == "." else os.path.dirname(here)  # noqa: PTH120
            continue
        place = os.path.join(here, part)  # noqa: PTH118
        status = os.lstat(place)
        yield place, status
        if not stat.S_ISLNK(status.st_mode):
            here = place
            continue
        links += 1
        if links > MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        target = os.readlink(place)  # noqa: PTH115
        here = "/" if target.startswith("/") else here
        ahead = [step for step in target.split("/") if step] + ahead
