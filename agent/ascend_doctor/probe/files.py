"""Files: read with a cap and without being caught by what is no file; written so that nobody ever sees half of one."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import BinaryIO, Tuple


class NotAFileError(Exception):
    """There is something at the path that is no regular file; the text says what."""


_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def rooted(path: str, root: str) -> Path:
    """Return where an absolute path of the node is found when the node's file system is seen below `root`."""
    return Path(root, path.lstrip("/"))


def read_capped(path: Path, limit: int) -> Tuple[bytes, bool]:
    """Return the content of a regular file, at most `limit` bytes of it, and whether there was more.

    Raises `OSError`, and `NotAFileError` for a directory, a device, a pipe or a socket: opening those may wait or act.
    """
    with open_regular(path) as file:
        data = file.read(limit + 1)
    return data[:limit], len(data) > limit


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file to be read. Raises `OSError`, and `NotAFileError` as `read_capped` does."""
    _regular(path.stat().st_mode)
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY), "rb")
    try:
        _regular(os.fstat(file.fileno()).st_mode)
    except NotAFileError:
        file.close()
        raise
    return file


def _regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise NotAFileError(next((name for matches, name in _KINDS if matches(mode)), "no regular file"))


def write_new(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file that must not be there yet, and see it onto the disk. Raises `OSError`."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(handle)


def replace(path: Path, data: bytes, mode: int = 0o640) -> None:
    """Put a file in place at once: a reader sees the old one or the new one, also after a crash. Raises `OSError`."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            file.write(data)
            file.flush()
            os.fsync(handle)
        temporary.rename(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def sweep(folder: Path, name: str) -> None:
    """Drop what a process that was killed in `replace` left behind. Only for the one that writes the file."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f".{name}.*"):
            path.unlink()


def sync_folder(folder: Path) -> None:
    """See the names in a folder onto the disk. Raises `OSError`."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
