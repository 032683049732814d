"""Faults of the host around the NPUs: bus, driver modules, network, services, logs."""

from __future__ import annotations

from typing import Dict, Literal, Tuple, Union

from pydantic import Field

from ascend_doctor.simulator.faults.place import FaultOfNode, FaultOfNpu
from ascend_doctor.simulator.hardware import Machine, Presence
from ascend_doctor.simulator.hardware.system import BmcEvent, LogRecord

DRIVER_INNER_ERROR = 7
"""What the driver's start-up call returns to a tool that does not reach it."""
CALL_FAILS = -1
"""What a call to a device returns then."""


def _cut_off(machine: Machine) -> None:
    """Let no tool reach the driver."""
    machine.init_failure = DRIVER_INNER_ERROR
    for port in machine.ports.values():
        port.call_failures["*"] = CALL_FAILS


class PcieDown(FaultOfNpu):
    """The PCIe link of the NPU came up with fewer lanes. `width` is how many, of 16."""

    found_by = ("npu.pcie",)
    needs_pci = True
    fault: Literal["pcie-down"] = "pcie-down"
    width: int = Field(default=8, ge=1, le=8)

    def apply(self, machine: Machine) -> None:
        """Take lanes away."""
        machine.system.slot(self.npu).width = self.width


class DriverUnbound(FaultOfNpu):
    """Somebody took the NPU from its driver: the bus shows it, and the driver no longer has it."""

    found_by = ("npu.dropped",)
    needs_pci = True
    fault: Literal["driver-unbound"] = "driver-unbound"

    def apply(self, machine: Machine) -> None:
        """Let the driver forget the device."""
        machine.system.slot(self.npu).driver = ""
        machine.chip(self.npu).presence = Presence.NOT_EXIST


class NumaUnknown(FaultOfNode):
    """The firmware of the server does not tell at which NUMA node the NPUs are."""

    found_by = ("npu.numa",)
    needs_pci = True
    fault: Literal["numa-unknown"] = "numa-unknown"

    def apply(self, machine: Machine) -> None:
        """Take the place of every NPU away."""
        for chip in machine.chips:
            machine.system.slot(chip.phy_id).numa_node = -1


class DeviceNodeMissing(FaultOfNode):
    """A device node of the driver is gone from /dev. `device` is its name.

    Without the manager or the channel no tool reaches the driver; without the shared memory only programs that compute
    notice.
    """

    found_by = ("npu.device-nodes",)
    fault: Literal["device-node-missing"] = "device-node-missing"
    device: Literal["davinci_manager", "devmm_svm", "hisi_hdc"] = "hisi_hdc"

    def apply(self, machine: Machine) -> None:
        """Remove the node."""
        machine.system.device_nodes.remove(self.device)
        if self.device != "devmm_svm":
            _cut_off(machine)


class KernelUpgraded(FaultOfNode):
    """The node was started with another kernel, for which the driver has no modules. `kernel` is its release."""

    found_by = ("version.kernel-module",)
    fault: Literal["kernel-upgraded"] = "kernel-upgraded"
    kernel: str = Field(default="5.10.0-999.0.0.oe2203sp4", min_length=1, max_length=64, pattern=r"^[0-9][\w.+-]*$")

    def apply(self, machine: Machine) -> None:
        """Start the other kernel, without the driver."""
        machine.system.modules_built_for = machine.kernel
        machine.kernel = f"{self.kernel}.{machine.machine}"
        _cut_off(machine)


class PortTaken(FaultOfNode):
    """A program of somebody else listens on a port that HCCL needs."""

    found_by = ("host.ports",)
    fault: Literal["port-taken"] = "port-taken"
    port: int = Field(default=60_003, ge=60_000, le=60_031)

    def apply(self, machine: Machine) -> None:
        """Listen."""
        machine.system.listening.append(self.port)


class FirewallOn(FaultOfNode):
    """Somebody started firewalld."""

    found_by = ("host.firewall",)
    fault: Literal["firewall-on"] = "firewall-on"

    def apply(self, machine: Machine) -> None:
        """Start the service, now and at boot."""
        machine.system.running.append("firewalld")
        machine.system.enabled.append("firewalld")


class InterfaceDown(FaultOfNode):
    """The host's network interface is down."""

    found_by = ("host.nic",)
    fault: Literal["nic-down"] = "nic-down"

    def apply(self, machine: Machine) -> None:
        """Take the interface down."""
        for interface in machine.system.interfaces.values():
            interface.state = "down"


class HostnameOnLoopback(FaultOfNode):
    """/etc/hosts leads the node's own name to the loopback, as some installers leave it."""

    found_by = ("host.hostname",)
    fault: Literal["hostname-on-loopback"] = "hostname-on-loopback"

    def apply(self, machine: Machine) -> None:
        """Write the line."""
        machine.system.hostname_address = "127.0.1.1"


class ClockUnsynchronised(FaultOfNode):
    """The time service has stopped, and the kernel no longer holds its clock for right."""

    found_by = ("host.time",)
    fault: Literal["clock-unsynchronised"] = "clock-unsynchronised"

    def apply(self, machine: Machine) -> None:
        """Stop the service."""
        machine.system.running.remove("chronyd")
        machine.system.clock_synchronised = False


_LOGGED: Dict[str, Tuple[int, int, str]] = {
    # How often, at which level of the kernel, and what.
    "machine-check": (1, 3, "{1}[Hardware Error]: event severity: recoverable"),
    "aer": (1, 3, "pcieport 0000:c0:00.0: AER: Uncorrected (Fatal) error received: 0000:c1:00.0"),
    "out-of-memory": (1, 3, "Out of memory: Killed process 4711 (python3) total-vm:98304000kB, anon-rss:65536000kB"),
    "hung-task": (1, 3, "INFO: task python3:4711 blocked for more than 120 seconds."),
    "driver-error": (12, 3, "[ascend] [hdc] [hdcdrv_send 2210] session send failed"),
}


class KernelTrouble(FaultOfNode):
    """The kernel has logged trouble. `kind` is what it was."""

    found_by = ("host.dmesg",)
    fault: Literal["kernel-trouble"] = "kernel-trouble"
    kind: Literal["machine-check", "aer", "out-of-memory", "hung-task", "driver-error"] = "machine-check"

    def apply(self, machine: Machine) -> None:
        """Log it, at the time when the fault begins."""
        times, level, text = _LOGGED[self.kind]
        machine.system.kernel_log += [LogRecord(machine.system.up_s + self.at, level, text)] * times


class ControllerEvent(FaultOfNode):
    """The management controller of the server has logged the failure of a power supply."""

    found_by = ("host.bmc",)
    fault: Literal["bmc-event"] = "bmc-event"

    def apply(self, machine: Machine) -> None:
        """Log it, at the time when the fault begins."""
        at_s = machine.system.up_s + self.at
        machine.system.bmc_events.append(BmcEvent(at_s, "Power Supply #0x51", "Failure detected"))


class EngineDown(FaultOfNode):
    """The container engine should run and does not."""

    found_by = ("host.docker",)
    fault: Literal["docker-down"] = "docker-down"

    def apply(self, machine: Machine) -> None:
        """Stop docker."""
        machine.system.running.remove("docker")


class NotRoot(FaultOfNode):
    """Somebody runs the doctor as a plain user of the driver's group."""

    found_by = ("tool.permission",)
    fault: Literal["not-root"] = "not-root"

    def apply(self, machine: Machine) -> None:
        """Change the user."""
        machine.root = False


class SshKeyMissing(FaultOfNode):
    """Root has no key, and none may log in as root."""

    found_by = ("host.ssh",)
    fault: Literal["ssh-key-missing"] = "ssh-key-missing"

    def apply(self, machine: Machine) -> None:
        """Remove the keys."""
        machine.system.root_has_ssh_key = False


HostServicesFault = Union[
    PcieDown,
    DriverUnbound,
    NumaUnknown,
    DeviceNodeMissing,
    KernelUpgraded,
    PortTaken,
    FirewallOn,
    InterfaceDown,
    HostnameOnLoopback,
    ClockUnsynchronised,
    KernelTrouble,
    ControllerEvent,
    EngineDown,
    NotRoot,
    SshKeyMissing,
]
