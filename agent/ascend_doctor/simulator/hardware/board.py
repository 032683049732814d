"""The boards of a machine and their controller (MCU)."""

from __future__ import annotations

import attrs


@attrs.frozen
class Board:
    """What the boards and the board controller (MCU) of a card say; the same for every card of a machine.

    `card_board_id` is the id that the MCU gives, `board_id` the one that the chip gives. `pcb` is a letter.
    `npu_name` is the model number that A3 and A5 print. `ub_bus` marks a board without PCIe addresses.
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
