"""A simulated node from the inside: everything that gathering host facts looks at, from a few files in memory."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional

from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.host.kernel import kernel_files


class SimulatedTree:
    """The files of a machine. `times` are the times of change of those that have one, by path."""

    def __init__(self, machine: Machine, files: Mapping[str, bytes], times: Mapping[str, float]) -> None:
        self._machine = machine
        self._files: Dict[str, bytes] = {**files, **kernel_files(machine)}
        self._times = times

    def text(self, path: str) -> Optional[str]:
        """Return the content of a file."""
        content = self._files.get(path)
        return None if content is None else content.decode()

    def names(self, path: str) -> Optional[List[str]]:
        """Return the names of what is in a folder."""
        inside = f"{path.rstrip('/')}/"
        return sorted({name[len(inside) :].partition("/")[0] for name in self._files if name.startswith(inside)})

    def exists(self, path: str) -> bool:
        """Tell whether there is anything at a path."""
        return path in self._files or bool(self.names(path))

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
