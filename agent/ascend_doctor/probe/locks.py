"""One doctor at a time drives an NPU: a lock file for each, below a folder that only its owner may write to."""

from __future__ import annotations

import asyncio
import fcntl
import os
import stat
import time
from pathlib import Path
from typing import Optional

DEFAULT_FOLDER = "/run/ascend-doctor"
POLL_S = 0.05


class NpuLocks:
    """Lock files `npu-N.lock` in a folder, taken with flock, so that they are free again when their holder dies.

    Where the folder cannot be used, there are no locks, and `remark` says why; it is empty otherwise. That is so for an
    ordinary user beside an agent that runs as root, and no reason to refuse the look.
    """

    def __init__(self, folder: str = DEFAULT_FOLDER) -> None:
        self._folder = Path(folder)
        self.remark = _prepare(self._folder)

    async def take(self, phy_id: int, within_s: float) -> Optional[NpuLock]:
        """Return the lock of an NPU, None when another doctor holds it for longer than one is ready to wait."""
        if self.remark:
            return NpuLock(None)
        try:
            handle = os.open(
                self._folder / f"npu-{phy_id}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            self.remark = f"no locks: {self._folder}: {error.strerror}"
            return NpuLock(None)
        until = time.monotonic() + within_s
        lock = NpuLock(handle)
        try:
            while not _locked(handle):
                if time.monotonic() >= until:
                    lock.release()
                    return None
                await asyncio.sleep(POLL_S)
        except BaseException:
            lock.release()
            raise
        return lock


class NpuLock:
    """A lock that is held until it is released; without a file it locks nothing."""

    def __init__(self, handle: Optional[int]) -> None:
        self._handle = handle

    def release(self) -> None:
        """Let the next one in. Doing it twice does no harm."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _prepare(folder: Path) -> str:
    """Make the folder where there is none. Return why it cannot be used, nothing when it can."""
    try:
        folder.mkdir(mode=0o755, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        return f"no locks against a second doctor: {folder}: {error.strerror}"
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"no locks against a second doctor: {folder} is not this user's own"
    return ""
