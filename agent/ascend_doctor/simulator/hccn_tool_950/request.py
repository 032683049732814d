"""A question to `hccn_tool` in the form of the 950, and the commands that answer one."""

from __future__ import annotations

from typing import Callable, FrozenSet, Optional, Sequence, Tuple

import attrs

from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.hardware.ub import UbDevice, UbPort
from ascend_doctor.simulator.hccn_tool.outcome import Outcome

OF_NPU = ("-i",)
OF_PORT = ("-i", "-u", "-p")


@attrs.frozen
class Question:
    """What is asked: the NPU, the port for a command about one, the further words, and the device's time."""

    machine: Machine
    device: UbDevice
    port: Optional[UbPort]
    words: Sequence[str]
    now: float

    @property
    def place(self) -> Tuple[int, int, int]:
        """The NPU, the die and the number of the port, as the tables begin; the port is there for such a command."""
        port = self.the_port
        return self.device.npu, port.udie, port.port

    @property
    def the_port(self) -> UbPort:
        """The port of a question about one. Raises LookupError for any other."""
        if self.port is None:
            raise LookupError("the question is about a whole NPU")
        return self.port


@attrs.frozen
class Command:
    """A command: what it is about, its answer, and the words that may follow. Some words have values."""

    get: Callable[[Question], Outcome]
    places: Tuple[str, ...] = OF_PORT
    options: FrozenSet[str] = frozenset()
    takes_values: bool = False
