"""The boards of a machine and their controller (MCU)."""

from __future__ import annotations

from typing import Tuple

import attrs


@attrs.frozen
class Board:
    """What the boards and the board controller (MCU) of a card say; the same for every card of a machine.

    `card_board_id` is the id that the MCU gives, `board_id` the one that the chip gives. `pcb` is a letter.
    `npu_name` is the model number that A3 and A5 print. `ub_bus` marks a board without PCIe addresses.
    `product_type` is the name that a card gives itself. `mcu_sensors` are the controller's sensors, names and degrees
    Celsius, the last of them in the air; `mcu_power_w` and `mcu_voltage_v` are what it measures on a card.
    """

    board_id: int
    card_board_id: int
    main_board_id: int
    pci_device_id: int
    pcb: str = "A"
    bom_id: int = 1
    vendor_id: int = 0x19E5
    subsystem_vendor_id: int = 0x0200
    subsystem_device_id: int = 0x0100
    mcu_version: str = "25.2.9"
    npu_name: str = ""
    chip_version: str = "V1"
    die_id: str = "A7B3C1D0 20A04B10 51C4D2E8 9A3B0010 0102003F"
    ub_bus: bool = False
    product_type: str = ""
    mcu_sensors: Tuple[Tuple[str, int], ...] = (("NPU_TEMP", 45), ("AMB_TEMP", 28))
    mcu_power_w: float = 150.0
    mcu_voltage_v: float = 12.0
