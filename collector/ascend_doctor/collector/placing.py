"""Files that are replaced together, so that nobody ever finds a new one beside an old one."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from pathlib import Path
from typing import Iterable, Mapping

from ascend_doctor.wire.credentials import CredentialError

CURRENT = ".current"
"""A link to the folder with the set of files that is in force; the files of the holder's folder lead through it."""
_SET = ".set-"


def replace_together(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace files of a folder, all at one moment; owner and mode stay as they are.

    The files become links that lead through one link to a folder, and that one is turned around: at every moment, and
    after a crash at any moment, all files are of one set. Raises `CredentialError` when something cannot be written;
    then everything is as it was.
    """
    try:
        if not all(_is_placed(folder, name) for name in files):
            _place(folder, {name: (folder / name).read_bytes() for name in files}, like=folder)
            for name in files:
                _link(f"{CURRENT}/{name}", folder / name)
        _place(folder, files, like=folder)
    except OSError as error:
        raise CredentialError(f"{folder}: {error.strerror}; run this as the owner of the folder") from None


def _is_placed(folder: Path, name: str) -> bool:
    path = folder / name
    return path.is_symlink() and path.readlink() == Path(CURRENT, name)


def _place(folder: Path, files: Mapping[str, bytes], *, like: Path) -> None:
    """Write a set of files and bring it into force; `like` has files of the same names with the owners to take over."""
    fresh = folder / f"{_SET}{secrets.token_hex(8)}"
    try:
        fresh.mkdir(mode=0o700)
        for name, data in files.items():
            _write(fresh / name, data, (like / name).stat())
        _take_over(fresh, folder.stat())
        _sync(fresh)
        _link(fresh.name, folder / CURRENT)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    _sync(folder)
    _remove(entry for entry in folder.glob(f"{_SET}*") if entry.name != fresh.name)


def _write(path: Path, data: bytes, like: os.stat_result) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    _take_over(path, like)


def _take_over(path: Path, like: os.stat_result) -> None:
    os.chown(path, like.st_uid, like.st_gid)
    path.chmod(stat.S_IMODE(like.st_mode))


def _link(target: str, path: Path) -> None:
    """Let a path be a link to the target, at one moment."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    beside.symlink_to(target)
    try:
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(sets: Iterable[Path]) -> None:
    for entry in tuple(sets):
        shutil.rmtree(entry, ignore_errors=True)
