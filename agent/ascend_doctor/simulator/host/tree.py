"""A simulated node from the inside: everything that gathering host facts looks at, from a few files in memory."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Set

from ascend_doctor.probe.host.tree import Permissions, Space
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.host.kernel import kernel_files, kernel_links
from ascend_doctor.simulator.host.system import DRIVER_GROUP

_GB = 1024**3


class SimulatedTree:
    """The files of a machine. `times` are the times of change of those that have one, by path."""

    def __init__(self, machine: Machine, files: Mapping[str, bytes], times: Mapping[str, float]) -> None:
        self._machine = machine
        self._files: Dict[str, bytes] = {**files, **kernel_files(machine)}
        self._links = kernel_links(machine)
        self._folders: Dict[str, Set[str]] = {}
        for path in (*self._files, *self._links):
            self._place(path)
        self._times = times

    def _place(self, path: str) -> None:
        """Put a path into its folder, and that into its own."""
        while path:
            folder, _, name = path.rpartition("/")
            inside = self._folders.setdefault(folder, set())
            if name in inside:
                return
            inside.add(name)
            path = folder

    def text(self, path: str) -> Optional[str]:
        """Return the content of a file."""
        content = self._files.get(path)
        return None if content is None else content.decode("utf-8", "replace")

    def data(self, path: str) -> Optional[bytes]:
        """Return the content of a file that is no text."""
        return self._files.get(path)

    def link(self, path: str) -> Optional[str]:
        """Return what a symbolic link says."""
        return self._links.get(path)

    def space(self, path: str) -> Optional[Space]:
        """Return how large the file system mounted at a path is."""
        disk = next((disk for disk in self._machine.host.disks if disk.path == path), None)
        return None if disk is None else Space((disk.size_gb - disk.free_gb) * _GB, disk.free_gb * _GB)

    def names(self, path: str) -> Optional[List[str]]:
        """Return the names of what is in a folder."""
        inside = self._folders.get(path.rstrip("/"))
        return None if inside is None else sorted(inside)

    def exists(self, path: str) -> bool:
        """Tell whether there is anything at a path."""
        return path in self._files or path in self._links or path.rstrip("/") in self._folders

    def modified_at(self, path: str) -> Optional[float]:
        """Return when a file was changed."""
        return self._times.get(path) if path in self._files else None

    def machine(self) -> str:
        """Return the architecture."""
        return self._machine.machine

    def user_id(self) -> int:
        """Return the effective user id."""
        return 0 if self._machine.root else 1000

    def has_user_name(self, _user_id: int) -> bool:
        """Tell whether a user id has a name."""
        return True

    def permissions(self, path: str) -> Optional[Permissions]:
        """Return who may do what: the driver's group with its device nodes, everybody may read the rest."""
        if not self.exists(path):
            return None
        return Permissions(0o660, DRIVER_GROUP) if path.startswith("/dev/") else Permissions(0o644, 0)

    def is_usable(self, path: str) -> bool:
        """Tell whether the doctor's user may read and write: root may all."""
        return self._machine.root and self.exists(path)

    def kernel_log(self) -> Optional[List[str]]:
        """Return the records of the kernel's log."""
        log = self.text("/dev/kmsg")
        return None if log is None else log.splitlines()

    def clock_is_synchronised(self) -> Optional[bool]:
        """Return whether somebody keeps the clock right."""
        return self._machine.system.clock_synchronised
