"""Puts the fake tools and the files of a simulated node into a folder.

FOLDER/socket                    where the server listens
FOLDER/NODE/bin/npu-smi          the fake tools
FOLDER/NODE/bin/hccn_tool
FOLDER/NODE/root/etc/hccn.conf   the files that the node shows, each below `root` at its own path
FOLDER/NODE/root/proc/stat       the boot time, as the kernel shows it; `dev/davinciN` and the kernel's release likewise
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Mapping

from ascend_doctor.simulator import shim
from ascend_doctor.simulator.commands import TOOLS


def socket_path(folder: Path) -> Path:
    """Return where the server of a folder listens."""
    return folder / "socket"


def bin_folder(folder: Path, node: str) -> Path:
    """Return where the tools of a node are: the folder to put on PATH."""
    return folder / node / "bin"


def root_folder(folder: Path, node: str) -> Path:
    """Return what stands for `/` on a node."""
    return folder / node / "root"


def make_private(folder: Path) -> None:
    """Make a folder that only its user can enter. Raises OSError when there is one that belongs to somebody else."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise PermissionError(f"the folder {folder} belongs to somebody else: choose another")
    folder.chmod(0o700)


def install_tools(folder: Path, node: str) -> Path:
    """Write `npu-smi` and `hccn_tool` of one node. Returns the folder to put on PATH."""
    target = bin_folder(folder, node)
    for each in (folder / node, target):
        make_private(each)
    for tool in TOOLS:
        words = [sys.executable, "-I", "-S", shim.__file__, str(socket_path(folder)), node, tool]
        _replace(target / tool, f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n'.encode(), 0o755)
    return target


def write_files(
    folder: Path,
    node: str,
    files: Mapping[str, bytes],
    times: Mapping[str, float],
    links: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write the files that a node shows now, and remove those that it no longer shows.

    `times` are when files were changed, by path, for those where it matters. `links` are symbolic links by path; they
    lead nowhere, and are to be read and not to be followed.
    """
    root = root_folder(folder, node)
    make_private(root)
    wanted = {root / path.lstrip("/"): content for path, content in files.items()}
    linked = {root / path.lstrip("/"): target for path, target in links.items()}
    there = [path for path in root.rglob("*") if path.is_symlink() or path.is_file()]
    for path in there:
        if path not in wanted and path not in linked:
            path.unlink()
            _remove_empty(path.parent, root)
    for path, target in linked.items():
        if path not in there:
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            path.symlink_to(target)
    for path, content in wanted.items():
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        _replace(path, content, 0o644)
    for name, changed_at in times.items():
        if name in files:
            os.utime(root / name.lstrip("/"), (changed_at, changed_at))


def _remove_empty(folder: Path, root: Path) -> None:
    """Remove a folder in which nothing is left, and those above it: that a folder is there says something, too."""
    while folder != root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole: a reader sees the old content or the new one. Nothing is done when it is already there."""
    try:
        if path.read_bytes() == content:
            return
    except FileNotFoundError:
        pass
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    fresh.chmod(mode)
    fresh.replace(path)
