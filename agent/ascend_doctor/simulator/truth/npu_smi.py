"""The part of a note about `npu-smi`: chips, boards, and which calls of the driver failed."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping

import attrs

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Flash, Machine, Presence, Process
from ascend_doctor.simulator.profiles import KNOWN_BOARDS, X86_MAIN_BOARD_OF_A3
from ascend_doctor.simulator.truth import interconnect

Truth = Mapping[str, Any]

_START_UP_CALLS = frozenset(
    {
        "dsmi_get_device_count",
        "dsmi_list_device",
        "drvGetPlatformInfo",
        "dsmi_get_board_info",
        "dsmi_get_pcie_info_v2",
    }
)
_INNER = 7


def feed(machine: Machine, truth: Truth) -> None:
    """Change a healthy machine into the one that a note describes."""
    state, errors = str(truth.get("state", "")), dict(truth.get("stub_errors") or {})
    _feed_versions(machine, truth, errors)
    _feed_board(machine, truth, errors)
    _feed_failures(machine, errors)
    _feed_losses(machine, truth)
    _feed_parts(machine, truth)
    interconnect.feed(machine, truth)
    for chip_truth in truth.get("npus") or ():
        _feed_chip(machine, chip_truth)
    machine.in_container = bool(errors.get("in_docker")) or "container" in state
    machine.root = "euid" not in errors and "nonroot" not in state
    machine.independent_dies = "indep" in f"{state} {truth.get('note', '')}".lower()
    if "no-install-info" in state:
        machine.install_status = None
    elif "driver-incomplete" in state:
        machine.install_status = "failed"
    if "v2-tool" in state:
        machine.tool_generation = Generation.A5
    if "no-device" in state:
        machine.chips.clear()


def _feed_versions(machine: Machine, truth: Truth, errors: Mapping[str, Any]) -> None:
    driver = errors.get("driver_version") or truth.get("driver_version") or truth.get("driver_version_fed")
    if driver:
        machine.driver_version = machine.running_driver_version = str(driver)
    if "firmware_version" in truth:
        machine.firmware_version = machine.running_firmware_version = str(truth["firmware_version"])
    machine.tool_version = str(truth.get("tool_version_fed", machine.tool_version))
    machine.compatibility = str(truth.get("compatibility", machine.compatibility))


def _feed_board(machine: Machine, truth: Truth, errors: Mapping[str, Any]) -> None:
    board = machine.board
    board_id = _integer(errors.get("board_id", truth.get("board_id")), board.board_id)
    if board_id not in KNOWN_BOARDS[machine.generation]:
        machine.init_failure = _INNER
    # On a PCIe card the card's own id is another than the chip's, and no note tells it.
    card_board_id = board.card_board_id if machine.generation is Generation.P310P else board_id
    machine.board = attrs.evolve(
        board,
        board_id=board_id,
        card_board_id=card_board_id,
        main_board_id=_main_board(machine, truth),
        pci_device_id=_integer(truth.get("pci_device_id"), board.pci_device_id),
        mcu_version=str(truth.get("mcu_version", board.mcu_version)),
    )


def _main_board(machine: Machine, truth: Truth) -> int:
    on_x86 = machine.generation is Generation.A3 and "A+X" in str(truth.get("generation"))
    return _integer(truth.get("mainboard_id"), X86_MAIN_BOARD_OF_A3 if on_x86 else machine.board.main_board_id)


def _feed_parts(machine: Machine, truth: Truth) -> None:
    """Feed what a note tells for all chips together."""
    sensors = [str(truth[key]).rsplit(maxsplit=2) for key in ("mcu_sensor_0", "mcu_sensor_1") if key in truth]
    if sensors:
        machine.board = attrs.evolve(machine.board, mcu_sensors=tuple((name, int(c)) for name, c, _ in sensors))
    half = re.search(r"NPU(\d+) half capacity", str(truth.get("note", "")))
    flash = Flash(0, _integer(truth.get("manufacturer_id"), 0xC8), int(truth.get("flash_size_mb", 16)))
    for chip in machine.chips:
        chip.fault_events = None  # no note tells of any: the calls for them were answered as not supported
        chip.flashes = [attrs.evolve(flash, id=number) for number in range(int(truth.get("flash_count", 1)))]
        chip.hbm_manufacturer_id = _integer(truth.get("hbm_manufacturer_id"), chip.hbm_manufacturer_id)
        # Recorded: the chip with half of its memory has no error correction either.
        chip.ecc.enabled = half is None or chip.npu != int(half[1])
    machine.device_time = float(truth.get("systime", machine.device_time))


def _integer(value: Any, default: int) -> int:
    if value is None:
        return default
    return value if isinstance(value, int) else int(str(value), 0)


_PLAIN_VALUES: Dict[str, str] = {
    "logic_id": "logic_id",
    "phy_id": "phy_id",
    "health": "health",
    "power_w": "power_w",
    "temp_c": "temp_c",
    "aicore_pct": "aicore_pct",
    "aivector_pct": "aivector_pct",
    "aicube_pct": "aicube_pct",
    "aicpu_pct": "aicpu_pct",
    "ctrlcpu_pct": "ctrlcpu_pct",
    "npu_pct": "npu_pct",
    "hbm_pct": "hbm_pct",
    "hbm_bw_pct": "hbm_bandwidth_pct",
    "aicore_count": "aicore_count",
    "voltage_v": "voltage_v",
}

_SENSOR_VALUES: Dict[str, str] = {
    "soc_temp_c": "soc_c",
    "sfp_temp_c": "optic_c",
    "ndie_temp_c": "ndie_c",
    "hbm_temp_c": "hbm_c",
}

_CLOCK_VALUES: Dict[str, str] = {
    "aicore_freq_mhz": "aicore_rated_mhz",
    "aicore_curfreq_mhz": "aicore_mhz",
    "hbm_freq_mhz": "hbm_mhz",
}

_PCIE_VALUES: Dict[str, str] = {
    "tx_err": "tx",
    "rx_err": "rx",
    "lcrc_err": "lcrc",
    "ecrc_err": "ecrc",
    "retry": "retries",
}

_ECC_VALUES: Dict[str, str] = {
    "hbm_single_bit_errors": "single_bit",
    "hbm_double_bit_errors": "double_bit",
    "hbm_single_bit_aggregate": "single_bit_aggregate",
    "hbm_double_bit_aggregate": "double_bit_aggregate",
    "hbm_single_bit_isolated_pages": "single_bit_isolated_pages",
    "hbm_double_bit_isolated_pages": "double_bit_isolated_pages",
    "hbm_ecc_record_count": "record_count",
}


def _feed_chip(machine: Machine, truth: Truth) -> None:
    key = (truth["npu_id"], truth.get("chip_id", 0))
    chip = next((chip for chip in machine.chips if (chip.npu, chip.chip) == key), None)
    if chip is None or chip.presence is not Presence.PRESENT:
        # What an answer shows in the place of a lost chip is another chip's.
        return
    for name, attribute in _PLAIN_VALUES.items():
        if name in truth:
            setattr(chip, attribute, truth[name])
    for values, part in (
        (_ECC_VALUES, chip.ecc),
        (_SENSOR_VALUES, chip.sensors),
        (_CLOCK_VALUES, chip.clocks),
        (_PCIE_VALUES, chip.pcie_errors),
    ):
        for name, attribute in values.items():
            if name in truth:
                setattr(part, attribute, truth[name])
    if chip.bus_id:
        # A chip on a UB board was fed one as well, which no tool shows.
        chip.bus_id = truth.get("bus_id", chip.bus_id)
    if truth.get("chip_name"):
        chip.name = str(truth["chip_name"])
    chip.hbm_mb = (truth.get("hbm_used_mb", chip.hbm_mb[0]), truth.get("hbm_total_mb", chip.hbm_mb[1]))
    chip.fault_codes = [int(str(code), 16) for code in truth.get("error_codes") or ()]
    chip.processes = [
        Process(process["pid"], process.get("name"), process["mem_mb"]) for process in truth.get("processes") or ()
    ]


def _feed_failures(machine: Machine, errors: Mapping[str, Any]) -> None:
    """Let the driver calls fail that a note names: `err.CALL` everywhere, `3.err.CALL` for one chip."""
    for key, code in errors.items():
        named = re.fullmatch(r"(?:(?P<logic>\d+)\.)?err\.(?P<call>\w+)", key)
        if named is not None:
            call = named["call"]
            chips = [chip for chip in machine.chips if named["logic"] in (None, str(chip.logic_id))]
            if named["logic"] is None and call in _START_UP_CALLS:
                machine.init_failure = int(code)
            elif call == "dsmi_get_device_health":
                _lose(chips, Presence.HEALTH_FAILS)
            elif call == "dsmi_get_board_info":
                _lose(chips, Presence.OCCUPIED)
            else:
                for chip in chips:
                    chip.query_failures[call] = int(code)
        lost = re.fullmatch(r"logic(\d+)\.health", key)
        if lost is not None:
            _lose([chip for chip in machine.chips if chip.logic_id == int(lost[1])], Presence.HEALTH_FAILS)


def _lose(chips: List[Chip], presence: Presence) -> None:
    for chip in chips:
        if chip.presence is Presence.PRESENT:
            chip.presence = presence


def _feed_losses(machine: Machine, truth: Truth) -> None:
    cards, logic_ids = truth.get("missing_npu_ids") or (), truth.get("missing_logic_ids") or ()
    said = re.search(r"health of (NPU|logic )(\d+) is", str(truth.get("note", "")))
    if said is not None:
        # The note is more exact: what is missing in the answer is the whole card.
        cards, logic_ids = ((int(said[2]),), ()) if said[1] == "NPU" else ((), (int(said[2]),))
    _lose(
        [chip for chip in machine.chips if chip.npu in cards or chip.logic_id in logic_ids],
        Presence.NOT_EXIST,
    )
