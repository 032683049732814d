"""Faults of the server around the NPUs: its system, its settings, its memory and disks, and how services are set up."""

from __future__ import annotations

from typing import Literal, Union

from pydantic import Field

from ascend_doctor.simulator.faults.place import FaultOfNode
from ascend_doctor.simulator.hardware import Machine, Service

_PID = 31_415


class SystemUnlisted(FaultOfNode):
    """Somebody installed an operating system that the vendor does not list."""

    found_by = ("host.os",)
    fault: Literal["system-unlisted"] = "system-unlisted"

    def apply(self, machine: Machine) -> None:
        """Install it."""
        machine.host.distribution = ("fedora", "41", "Fedora Linux 41 (Server Edition)")


class KernelOld(FaultOfNode):
    """The node was started with an old kernel. `release` is what `uname -r` prints."""

    found_by = ("host.kernel",)
    fault: Literal["kernel-old"] = "kernel-old"
    release: str = Field(default="4.19.90-2112.8.0.0131.oe1", max_length=64, pattern=r"^[0-9]+\.[0-9]+[0-9A-Za-z._-]*$")

    def apply(self, machine: Machine) -> None:
        """Start it; its modules are there too."""
        machine.kernel = f"{self.release}.{machine.machine}"


class PagesLarge(FaultOfNode):
    """The kernel has large pages. Only an A2 minds."""

    found_by = ("host.page-size",)
    fault: Literal["pages-large"] = "pages-large"
    kb: Literal[16, 64] = 64

    def apply(self, machine: Machine) -> None:
        """Set the size."""
        machine.host.page_size = self.kb * 1024


class GovernorSlow(FaultOfNode):
    """The processors save power."""

    found_by = ("host.cpu-governor",)
    fault: Literal["governor-slow"] = "governor-slow"
    governor: Literal["powersave", "ondemand", "conservative", "schedutil"] = "powersave"

    def apply(self, machine: Machine) -> None:
        """Set the governor of all processors."""
        machine.host.governor = self.governor


class MachineVirtual(FaultOfNode):
    """The node is a virtual machine."""

    found_by = ("host.virtual",)
    fault: Literal["machine-virtual"] = "machine-virtual"

    def apply(self, machine: Machine) -> None:
        """Let the firmware say so; no frequencies are set in it."""
        machine.host.vendor, machine.host.model, machine.host.governor = "QEMU", "KVM Virtual Machine", None


class HugePagesOff(FaultOfNode):
    """Nobody gets transparent huge pages."""

    found_by = ("host.thp",)
    fault: Literal["huge-pages-off"] = "huge-pages-off"

    def apply(self, machine: Machine) -> None:
        """Set the word."""
        machine.host.transparent_hugepage = "never"


class SwapsReadily(FaultOfNode):
    """The kernel swaps as a desktop does."""

    found_by = ("host.swappiness",)
    fault: Literal["swaps-readily"] = "swaps-readily"
    swappiness: int = Field(default=60, ge=11, le=200)

    def apply(self, machine: Machine) -> None:
        """Set it, on a node with swap."""
        machine.host.swappiness = self.swappiness
        machine.host.swap_mb = machine.host.swap_mb or 4096


class NumaBalancingOn(FaultOfNode):
    """The kernel balances memory between NUMA nodes."""

    found_by = ("host.numa-balancing",)
    fault: Literal["numa-balancing-on"] = "numa-balancing-on"

    def apply(self, machine: Machine) -> None:
        """Turn it on."""
        machine.host.numa_balancing = 1


class MigrationCostDefault(FaultOfNode):
    """The scheduler has the kernel's own migration cost."""

    found_by = ("host.sched-migration",)
    fault: Literal["migration-cost-default"] = "migration-cost-default"

    def apply(self, machine: Machine) -> None:
        """Set it."""
        machine.host.migration_cost_ns = 500_000


class OvercommitStrict(FaultOfNode):
    """The kernel counts every reservation of memory."""

    found_by = ("host.overcommit",)
    fault: Literal["overcommit-strict"] = "overcommit-strict"

    def apply(self, machine: Machine) -> None:
        """Set it."""
        machine.host.overcommit_memory = 2


class MemoryLow(FaultOfNode):
    """Something took the host's memory. `available_mb` is what is left."""

    found_by = ("host.memory",)
    fault: Literal["memory-low"] = "memory-low"
    available_mb: int = Field(default=12_000, ge=0, le=200_000)

    def apply(self, machine: Machine) -> None:
        """Take it."""
        machine.host.available_mb = self.available_mb


class SharedMemorySmall(FaultOfNode):
    """`/dev/shm` has the size that a container engine gives it."""

    found_by = ("host.shm",)
    fault: Literal["shared-memory-small"] = "shared-memory-small"
    mb: int = Field(default=64, ge=1, le=16_383)

    def apply(self, machine: Machine) -> None:
        """Mount it with that size."""
        machine.host.shm_mb = self.mb


class DiskFull(FaultOfNode):
    """The disk of the system is full of logs. `free_gb` is what is left."""

    found_by = ("host.disk",)
    fault: Literal["disk-full"] = "disk-full"
    free_gb: int = Field(default=2, ge=0, le=40)

    def apply(self, machine: Machine) -> None:
        """Fill it."""
        for disk in machine.host.disks:
            if disk.path == "/":
                disk.free_gb = self.free_gb


class OpenFilesFew(FaultOfNode):
    """Who logs in may open few files, and so may every job that is started from there."""

    found_by = ("host.ulimit",)
    fault: Literal["open-files-few"] = "open-files-few"
    open_files: int = Field(default=1024, ge=64, le=65_534)

    def apply(self, machine: Machine) -> None:
        """Lower the limit, for those who run already too."""
        machine.host.open_files = self.open_files
        for service in machine.host.services:
            service.open_files = self.open_files


class BacklogShort(FaultOfNode):
    """Few connections may wait to be accepted."""

    found_by = ("host.tcp-backlog",)
    fault: Literal["backlog-short"] = "backlog-short"
    connections: int = Field(default=128, ge=1, le=1023)

    def apply(self, machine: Machine) -> None:
        """Set both lengths."""
        machine.host.somaxconn = machine.host.tcp_max_syn_backlog = self.connections


class PreloadAbsent(FaultOfNode):
    """A service on the first NPU preloads an allocator by the path of another distribution."""

    found_by = ("host.malloc",)
    fault: Literal["preload-absent"] = "preload-absent"

    def apply(self, machine: Machine) -> None:
        """Start the service. It holds no memory of the NPU yet."""
        library = "/usr/lib/aarch64-linux-gnu/libjemalloc.so.2"
        machine.host.services.append(_service(machine, _PID, LD_PRELOAD=library))


class CpusOffline(FaultOfNode):
    """Most processors are offline. `online` is how many are left. Only machines with Arm processors mind."""

    found_by = ("host.cpu-binding",)
    fault: Literal["cpus-offline"] = "cpus-offline"
    online: int = Field(default=16, ge=1, le=1024)

    def apply(self, machine: Machine) -> None:
        """Take the others offline."""
        machine.host.cpus = self.online


class LogsDebug(FaultOfNode):
    """A service on the first NPU logs at debug level."""

    found_by = ("host.log-level",)
    fault: Literal["logs-debug"] = "logs-debug"

    def apply(self, machine: Machine) -> None:
        """Start the service. It holds no memory of the NPU yet."""
        machine.host.services.append(_service(machine, _PID + 1, ASCEND_GLOBAL_LOG_LEVEL="0"))


class EntropyLow(FaultOfNode):
    """No service gathers entropy. Only an x86 machine with Ascend 950 minds."""

    found_by = ("host.entropy",)
    fault: Literal["entropy-low"] = "entropy-low"

    def apply(self, machine: Machine) -> None:
        """Stop the service."""
        machine.host.entropy_daemon = ""


def _service(machine: Machine, pid: int, **environment: str) -> Service:
    host = machine.host
    return Service(pid, "vllm", (machine.chips[0].phy_id,), environment, [], host.open_files, host.locked_bytes)


HostTuningFault = Union[
    SystemUnlisted,
    KernelOld,
    PagesLarge,
    GovernorSlow,
    MachineVirtual,
    HugePagesOff,
    SwapsReadily,
    NumaBalancingOn,
    MigrationCostDefault,
    OvercommitStrict,
    MemoryLow,
    SharedMemorySmall,
    DiskFull,
    OpenFilesFew,
    BacklogShort,
    PreloadAbsent,
    CpusOffline,
    LogsDebug,
    EntropyLow,
]
