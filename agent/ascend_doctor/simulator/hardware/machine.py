"""A whole node."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional

import attrs

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware.board import Board
from ascend_doctor.simulator.hardware.chip import Chip
from ascend_doctor.simulator.hardware.port import Port


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
    hccn_conf: Dict[int, Dict[str, str]] = attrs.field(factory=dict)
    """What `/etc/hccn.conf` says, by phy-id: settings by their names without the suffix, in the order of the file."""
    install_status: Optional[str] = "complete"
    root: bool = True
    home: Optional[str] = None
    """A home of the caller that is no folder, of which `hccn_tool` warns; None when there is nothing to warn of."""
    in_container: bool = False
    init_failure: Optional[int] = None
    independent_dies: bool = False
    all_commands: bool = True
    boot_time: float = 1_766_966_400.0
    machine: str = "aarch64"
    kernel: str = "5.10.0-216.0.0.115.oe2203sp4.aarch64"
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
