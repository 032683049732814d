"""The operating system around the NPUs: bus, modules, network, services and logs."""

from __future__ import annotations

from typing import Dict, List, Optional

import attrs


@attrs.define
class Slot:
    """Where an NPU sits on the PCI bus. Speeds in GT/s per lane; `driver` is empty when no driver has it.

    `numa_node` is None for the node that follows from its place. The error counts are those since the start.
    """

    width: int = 16
    max_width: int = 16
    speed_gts: float = 32.0
    max_speed_gts: float = 32.0
    numa_node: Optional[int] = None
    driver: str = "devdrv_device_driver"
    present: bool = True
    fatal_errors: int = 0
    nonfatal_errors: int = 0


@attrs.define
class Interface:
    """A network interface with at most one IPv4 address, empty when it has none, and the width of its network."""

    state: str = "up"
    address: str = ""
    prefix: int = 24


@attrs.define
class LogRecord:
    """A line of the kernel's log: seconds after the start, the kernel's level (3 is an error), and the text."""

    at_s: float
    level: int
    text: str


@attrs.define
class BmcEvent:
    """An entry in the event log of the server's management controller, `at_s` seconds after the start of the node."""

    at_s: float
    sensor: str
    description: str
    asserted: bool = True


def _services() -> List[str]:
    return ["chronyd", "containerd", "docker"]


@attrs.define
class System:
    """What the host's own files say. `slots` hold what differs from a healthy slot, by phy-id.

    `modules_built_for` is the kernel that the driver's modules were built for, None for the running one; then they are
    loaded too. `hostname_address` is what /etc/hosts has for the node's name, empty for the address of its interface.
    `up_s` is how long the node had been up when its scenario began.
    """

    slots: Dict[int, Slot] = attrs.field(factory=dict)
    device_nodes: List[str] = attrs.field(factory=lambda: ["davinci_manager", "devmm_svm", "hisi_hdc"])
    modules_built_for: Optional[str] = None
    interfaces: Dict[str, Interface] = attrs.field(factory=lambda: {"enp189s0f0": Interface(address="10.10.0.10")})
    listening: List[int] = attrs.field(factory=lambda: [22])
    reserved_ports: str = "60000-60031"
    hostname_address: str = ""
    running: List[str] = attrs.field(factory=_services)
    enabled: List[str] = attrs.field(factory=_services)
    clock_synchronised: bool = True
    kernel_log: List[LogRecord] = attrs.field(factory=list)
    bmc_events: List[BmcEvent] = attrs.field(factory=list)
    root_has_ssh_key: bool = True
    up_s: float = 0.0

    def slot(self, phy_id: int) -> Slot:
        """Return the slot of an NPU, to be changed by a fault."""
        return self.slots.setdefault(phy_id, Slot())
