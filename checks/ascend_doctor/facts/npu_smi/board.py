"""`npu-smi info -t board`: versions and identity of a card, and whether driver and firmware match for the vendor."""

from __future__ import annotations

from typing import Mapping, Optional

import attrs

from ascend_doctor.facts.npu_smi.key_answer import lines_about
from ascend_doctor.facts.parsing import ParseError
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import Fields, bind, key_lines, whole, words
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading


@attrs.frozen
class BoardFacts:
    """What `npu-smi info -t board -i N` says of a card or, with `-c C`, of one chip of it (`chip` is set then).

    `compatibility` is the vendor's own judgement of driver against firmware: OK, NOK, UNKNOWN or NOT SUPPORT.
    `software_version` is the running driver, `firmware_version` the running firmware (missing for callers other than
    root). Values are the tool's words; keys that a product does not print are None; unknown keys are kept in `extra`.
    """

    npu: Optional[int] = None
    chip: Optional[int] = None
    software_version: Reading[str] = NOT_REPORTED
    firmware_version: Reading[str] = NOT_REPORTED
    compatibility: Reading[str] = NOT_REPORTED
    chip_count: Optional[int] = None
    npu_name: Optional[Reading[str]] = None
    chip_type: Optional[Reading[str]] = None
    chip_name: Optional[Reading[str]] = None
    chip_version: Optional[Reading[str]] = None
    product_name: Optional[Reading[str]] = None
    model: Optional[Reading[str]] = None
    manufacturer: Optional[Reading[str]] = None
    serial_number: Optional[Reading[str]] = None
    board_id: Optional[Reading[str]] = None
    main_board_id: Optional[Reading[str]] = None
    pcb_id: Optional[Reading[str]] = None
    bom_id: Optional[Reading[str]] = None
    pcie_bus_info: Optional[Reading[str]] = None
    slot_id: Optional[Reading[str]] = None
    class_id: Optional[Reading[str]] = None
    pci_vendor_id: Optional[Reading[str]] = None
    pci_device_id: Optional[Reading[str]] = None
    subsystem_vendor_id: Optional[Reading[str]] = None
    subsystem_device_id: Optional[Reading[str]] = None
    die_id: Optional[Reading[str]] = None
    vdie_id: Optional[Reading[str]] = None
    ndie_id: Optional[Reading[str]] = None
    ddie_id: Optional[Reading[str]] = None
    chip_position_id: Optional[Reading[str]] = None
    chip_fault: Optional[Reading[str]] = None
    extra: Mapping[str, str] = attrs.field(factory=dict)


_NUMBERS = {"npu id": "npu", "chip id": "chip", "chip count": "chip_count"}
_WORDS = (
    "NPU Name",
    "Chip Type",
    "Chip Name",
    "Chip Version",
    "Product Name",
    "Model",
    "Manufacturer",
    "Serial Number",
    "Software Version",
    "Firmware Version",
    "Compatibility",
    "Board ID",
    "Main Board ID",
    "PCB ID",
    "BOM ID",
    "PCIe Bus Info",
    "Slot ID",
    "Class ID",
    "PCI Vendor ID",
    "PCI Device ID",
    "Subsystem Vendor ID",
    "Subsystem Device ID",
    "Die ID",
    "VDie ID",
    "NDie ID",
    "DDie ID",
    "Chip Position ID",
    "Chip Fault",
)
_FIELDS: Fields = {
    **{label: (field, whole) for label, field in _NUMBERS.items()},
    **{label.lower(): (label.lower().replace(" ", "_"), words) for label in _WORDS},
}


def parse(evidence: Evidence) -> Reading[BoardFacts]:
    """Parse `npu-smi info -t board -i N`, with or without `-c`."""
    lines = lines_about("board", evidence)
    if isinstance(lines, Missing):
        return lines
    facts = BoardFacts(**bind(key_lines(lines), _FIELDS))
    # The lines that every answer has near its end: without them it was cut.
    if facts.chip is None and facts.chip_count is None:
        raise ParseError(lines[-1].number + 1, "`Chip Count`", "the end of the answer")
    if facts.chip is not None and not any(line.stripped.startswith("Firmware Version") for line in lines):
        raise ParseError(lines[-1].number + 1, "`Firmware Version`", "the end of the answer")
    return facts


SOURCE: Source[BoardFacts] = Source(
    name="npu-smi/board",
    scope=Scope.CARD,
    argv=("npu-smi", "info", "-t", "board", "-i", "{npu}"),
    parse=parse,
    cost=Cost.STATIC,
    interval_s=3600.0,
)
