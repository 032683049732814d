"""A whole node."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Tuple

import attrs

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware.board import Board
from ascend_doctor.simulator.hardware.chip import Chip
from ascend_doctor.simulator.hardware.host import Host
from ascend_doctor.simulator.hardware.interconnect import Regulator, SuperPod, Topology
from ascend_doctor.simulator.hardware.port import Port
from ascend_doctor.simulator.hardware.settings import NodeSettings
from ascend_doctor.simulator.hardware.software import Cann, Python
from ascend_doctor.simulator.hardware.system import System
from ascend_doctor.simulator.hardware.ub import UbDevice


@attrs.define
class Machine:
    """A whole node: its chips, the port of each by phy-id, and the versions its tools and files show.

    `tool_generation` is the generation that the installed `npu-smi` was built for. `init_failure` is the driver's code
    of the start-up call that fails, None when all succeed. `install_status` is `Driver_Install_Status` of
    `/etc/ascend_install.info`, None without that file. With `independent_dies` the loss of one die of an A3 leaves the
    other. `all_commands` is False for the published build of `hccn_tool`, which lacks some commands.
    """

    name: str
    generation: Generation
    board: Board
    tool_version: str = "25.5.0"
    tool_generation: Optional[Generation] = None
    driver_version: str = "25.5.1"
    running_driver_version: str = "25.5.1"
    firmware_version: str = "7.8.0.3.220"
    running_firmware_version: str = "7.8.0.3.220"
    compatibility: str = "OK"
    chips: List[Chip] = attrs.field(factory=list)
    ports: Dict[int, Port] = attrs.field(factory=dict)
    ub: Dict[int, UbDevice] = attrs.field(factory=dict)
    """The network side of each NPU of a 950, by its number for `hccn_tool -i`."""
    ub_files: List[str] = attrs.field(factory=list)
    """The files that tell how the NPUs of a 950 server are wired, by path."""
    hccn_conf: Dict[int, Dict[str, str]] = attrs.field(factory=dict)
    """What `/etc/hccn.conf` says, by phy-id: settings by their names without the suffix, in the order of the file."""
    install_status: Optional[str] = "complete"
    root: bool = True
    home: Optional[str] = None
    """A home of the caller that is no folder, of which `hccn_tool` warns; None when there is nothing to warn of."""
    in_container: bool = False
    in_vm: bool = False
    init_failure: Optional[int] = None
    independent_dies: bool = False
    all_commands: bool = True
    boot_time: float = 1_766_966_400.0
    device_time: float = 1_767_225_600.0
    """What the clocks of the devices say, in epoch seconds."""
    machine: str = "aarch64"
    kernel: str = "5.10.0-216.0.0.115.oe2203sp4.aarch64"
    absent_tools: Tuple[str, ...] = ()
    """Tools that are not installed."""
    cann: Optional[Cann] = None
    """The CANN that is installed, None without any, as on most hosts."""
    python: Python = attrs.field(factory=Python)
    system: System = attrs.field(factory=System)
    host: Host = attrs.field(factory=Host)
    topology: Topology = attrs.field(factory=Topology)
    super_pod: SuperPod = attrs.field(factory=SuperPod)
    settings: NodeSettings = attrs.field(factory=NodeSettings)
    mcu_versions: Dict[int, str] = attrs.field(factory=dict)
    """The controller's firmware of cards that have another one than their board."""
    regulators: Dict[int, Tuple[Regulator, ...]] = attrs.field(factory=dict)
    """The voltage regulators of each card, none where the board does not tell of any."""
    fault_texts: Mapping[int, str] = attrs.field(factory=dict)
    """The descriptions that the driver has of fault codes."""

    def chip(self, phy_id: int) -> Chip:
        """Return the chip with this phy-id. Raises KeyError when there is none."""
        for chip in self.chips:
            if chip.phy_id == phy_id:
                return chip
        raise KeyError(phy_id)

    def cards(self) -> List[int]:
        """Return the card ids, each once, in order."""
        return list(dict.fromkeys(chip.npu for chip in self.chips))

    def chips_of(self, npu: int) -> List[Chip]:
        """Return the chips of one card."""
        return [chip for chip in self.chips if chip.npu == npu]
