"""`npu-smi info -t board`: a card, one of its chips, or its controller."""

from __future__ import annotations

from typing import List, Tuple

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Board, Machine
from ascend_doctor.simulator.npu_smi.cards import Card
from ascend_doctor.simulator.npu_smi.layout import Rows, key_lines

_NO_DIE_ID = "00000000 00000000 00000000 00000000 00000000"


def card_board(machine: Machine, card: Card) -> List[str]:
    """Return the lines of `npu-smi info -t board -i CARD`."""
    if machine.generation is Generation.A5:
        return key_lines(_card_a5(machine, card))
    board = machine.board
    main_board: Rows = ()
    slot: Tuple[str, str] = ("Slot ID", str(card.id))
    faulty: Rows = ()
    if machine.generation is Generation.A3:
        main_board = (("Main Board ID", f"0x{board.main_board_id:02x}"),)
    if machine.generation is Generation.P310P:
        slot, faulty = ("Slot ID", "NA"), (("Chip Fault", 0),)
    return key_lines(
        (
            ("NPU ID", card.id),
            *_label("NA"),
            *_versions(machine),
            ("Board ID", f"0x{board.card_board_id:02x}"),
            *main_board,
            ("PCB ID", board.pcb),
            ("BOM ID", board.bom_id),
            ("PCIe Bus Info", card.chips[0].bus_id),
            slot,
            ("Class ID", "NA"),
            *_pci(board),
            ("Chip Count", len(card.chips)),
            *faulty,
        )
    )


def chip_board(machine: Machine, card: Card, chip_id: int) -> List[str]:
    """Return the lines of `npu-smi info -t board -i CARD -c CHIP`; the chip or the controller must be there."""
    if chip_id == card.mcu_id:
        return key_lines(_controller(machine, card))
    board, chip = machine.board, card.chips[chip_id]
    a3, card_form = machine.generation is Generation.A3, machine.generation is Generation.P310P
    model: Rows = (("NPU Name", board.npu_name),) if a3 else ()
    kind: Rows = () if a3 else (("Chip Type", "Ascend"),)
    ids: Rows = (
        (("Die ID", board.die_id),)
        if card_form
        else (
            ("PCB ID", "NA"),
            ("BOM ID", board.bom_id),
            ("VDie ID", board.die_id),
            ("NDie ID", _NO_DIE_ID),
        )
    )
    return key_lines(
        (
            ("NPU ID", card.id),
            *model,
            ("Chip ID", chip_id),
            *kind,
            ("Chip Name", chip.name),
            ("Chip Version", board.chip_version),
            ("Board ID", f"0x{board.board_id:02x}"),
            *ids,
            # On a PCIe card the chip's place is the card's id (vendor source, dcmi_init_for_card.c).
            ("Chip Position ID", card.id if card_form else chip_id),
            ("PCIe Bus Info", chip.bus_id),
            ("Firmware Version", machine.running_firmware_version),
        )
    )


def _controller(machine: Machine, card: Card) -> Rows:
    return (
        ("NPU ID", card.id),
        ("Chip ID", len(card.chips)),
        ("Chip Name", "MCU"),
        ("Board ID", f"0x{machine.board.card_board_id:02x}"),
        ("PCB ID", "NA"),
        ("BOM ID", machine.board.bom_id),
        ("Chip Position ID", len(card.chips)),
        ("Firmware Version", machine.board.mcu_version),
    )


def _card_a5(machine: Machine, card: Card) -> Rows:
    board = machine.board
    return (
        ("NPU ID", card.id),
        ("Product Name", ""),
        ("NPU Name", board.npu_name),
        ("Chip Name", card.chips[0].name),
        ("Chip Version", board.chip_version),
        *_label("")[1:],
        *_versions(machine),
        ("Board ID", f"0x{board.card_board_id:02x}"),
        ("Main Board ID", f"0x{board.main_board_id:02x}"),
        ("PCB ID", board.pcb),
        ("BOM ID", board.bom_id),
        ("PCIe Bus Info", card.chips[0].bus_id or "NA"),
        ("Slot ID", card.id),
        ("Class ID", "NA"),
        *(_NO_UB_IDS if board.ub_bus else _pci(board)),
        ("Chip Count", len(card.chips)),
        ("DDie ID", board.die_id),
        ("Chip Position ID", 0),
    )


def _label(value: str) -> Tuple[Tuple[str, str], ...]:
    """Return the lines of the electronic label, which no simulated board has."""
    return tuple((key, value) for key in ("Product Name", "Model", "Manufacturer", "Serial Number"))


def _versions(machine: Machine) -> Rows:
    return (
        ("Software Version", machine.running_driver_version),
        ("Firmware Version", machine.running_firmware_version),
        ("Compatibility", _compatibility(machine)),
    )


def _compatibility(machine: Machine) -> str:
    """Return whether driver and firmware fit: only root learns it, and only with the driver's own files at hand."""
    if not machine.root:
        return "NOT SUPPORT"
    if machine.install_status is None or machine.in_container:
        return "UNKNOWN"
    return machine.compatibility


def _pci(board: Board) -> Rows:
    return (
        ("PCI Vendor ID", f"0x{board.vendor_id:04X}"),
        ("PCI Device ID", f"0x{board.pci_device_id:04X}"),
        ("Subsystem Vendor ID", f"0x{board.subsystem_vendor_id:04X}"),
        ("Subsystem Device ID", f"0x{board.subsystem_device_id:04X}"),
    )


_NO_UB_IDS: Rows = tuple((key, "0x0000") for key in ("Vendor ID", "Device ID", "Module Vendor ID", "Module ID"))
