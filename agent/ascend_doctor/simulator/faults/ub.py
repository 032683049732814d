"""Faults of the ports of a 950, and of what its software should have brought."""

from __future__ import annotations

from typing import ClassVar, Literal, Optional, Sequence, Tuple, Union

from pydantic import Field

from ascend_doctor.simulator.faults.place import FaultOfNode, FaultOfNpu
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.hardware.ub import End, UbPort


class UbPortFault(FaultOfNpu):
    """What the faults of one port share. `udie` is the die and `port` the number for `hccn_tool -u` and `-p`."""

    needs_ub: ClassVar[bool] = True
    udie: int = Field(default=0, ge=0, le=1)
    port: int = Field(default=4, ge=0, le=9)

    @property
    def end(self) -> End:
        """The port that has the fault."""
        return (self.npu, self.udie, self.port)

    @property
    def wrong_frames_per_s(self) -> float:
        """How many frames each second cannot be corrected while the fault is there."""
        return 0.0

    def apply(self, machine: Machine) -> None:
        """Change the port."""
        self.change(machine.ub[self.npu].ports_by_place[self.udie, self.port])

    def change(self, port: UbPort) -> None:
        """Change the values of the port."""


class UbPortDown(UbPortFault):
    """The port has no link, and so has none the port at the other end."""

    found_by = ("ub.ports", "ub.connect")
    fault: Literal["ub-port-down"] = "ub-port-down"

    @property
    def darkens(self) -> bool:
        """Nothing passes through a port without link."""
        return True

    def change(self, port: UbPort) -> None:
        """Let no light in."""
        for light in port.light:
            light.rx_dbm, light.rx_los = None, True


class UbLanesReduced(UbPortFault):
    """The link came up with fewer lanes than the port is set up for, at both ends."""

    found_by = ("ub.ports", "ub.connect")
    fault: Literal["ub-lanes-reduced"] = "ub-lanes-reduced"
    lanes: int = Field(default=2, ge=1, le=2)

    def apply(self, machine: Machine) -> None:
        """Take lanes away."""
        port = machine.ub[self.npu].ports_by_place[self.udie, self.port]
        for npu, udie, number in (self.end,) if port.peer is None else (self.end, port.peer):
            machine.ub[npu].ports_by_place[udie, number].lanes_now = self.lanes


class UbFlapping(UbPortFault):
    """The link goes down and comes back: `times` within the first minutes of the fault, five seconds each."""

    found_by = ("ub.flap",)
    fault: Literal["ub-flapping"] = "ub-flapping"
    times: int = Field(default=3, ge=1, le=20)

    def interruptions(self, since: float, until: float) -> Sequence[Tuple[float, float]]:
        """Return the interruptions so far, one in twenty seconds."""
        starts = [since + 20.0 * number for number in range(self.times)]
        return [(start, start + 5.0) for start in starts if start + 5.0 <= until]


class UbBitErrors(UbPortFault):
    """Frames arrive that cannot be corrected: `frames_per_s` each second."""

    found_by = ("ub.errors",)
    fault: Literal["ub-bit-errors"] = "ub-bit-errors"
    frames_per_s: float = Field(default=0.5, gt=0, le=1e6)

    @property
    def wrong_frames_per_s(self) -> float:
        """So many frames each second."""
        return self.frames_per_s


class UbWeakLight(UbPortFault):
    """The light that comes in at one lane of an optical port has become weak: `dbm` is what is left of it."""

    found_by = ("ub.optical",)
    fault: Literal["ub-weak-light"] = "ub-weak-light"
    lane: int = Field(default=0, ge=0, le=3)
    dbm: float = Field(default=-11.5, ge=-40, le=7)

    def change(self, port: UbPort) -> None:
        """Take light away from the lane, where the port is an optical one."""
        for light in port.light[self.lane : self.lane + 1]:
            light.rx_dbm = self.dbm
            light.media_snr_db -= 1.0


class UbPeerSilent(FaultOfNpu):
    """Packets from and to the UB addresses of the NPU get lost, although its links are up."""

    found_by = ("ub.ping",)
    needs_ub: ClassVar[bool] = True
    fault: Literal["ub-peer-silent"] = "ub-peer-silent"

    def apply(self, machine: Machine) -> None:
        """Lose the packets."""
        machine.ub[self.npu].silent = True


class UbTlsOdd(FaultOfNpu):
    """The TLS switch of the NPU is the other way round than on the rest of the node."""

    found_by = ("ub.tls",)
    needs_ub: ClassVar[bool] = True
    fault: Literal["ub-tls-odd"] = "ub-tls-odd"

    def apply(self, machine: Machine) -> None:
        """Turn the switch."""
        device = machine.ub[self.npu]
        device.tls_switch = 1 - device.tls_switch


class UbFilesMissing(FaultOfNode):
    """A file that tells how the NPUs of a server are wired is not there; all of them when `path` is left out."""

    found_by = ("ub.files",)
    needs_ub: ClassVar[bool] = True
    fault: Literal["ub-files-missing"] = "ub-files-missing"
    path: Optional[str] = Field(default=None, max_length=200)

    def apply(self, machine: Machine) -> None:
        """Remove the files."""
        machine.ub_files = [path for path in machine.ub_files if self.path not in (None, path)]


UbFault = Union[
    UbPortDown,
    UbLanesReduced,
    UbFlapping,
    UbBitErrors,
    UbWeakLight,
    UbPeerSilent,
    UbTlsOdd,
    UbFilesMissing,
]
