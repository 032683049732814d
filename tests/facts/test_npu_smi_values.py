"""Answers about the values of a chip that no recording shows: other products, failures, damage."""

from __future__ import annotations

from typing import Any

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.document import document
from ascend_doctor.model.reading import Absence, Missing, known
from samples import answer


def line(label: str, value: object) -> str:
    """Return a line as the tool prints it."""
    return f"\t{label:<30} : {value}\n"


CARD = line("NPU ID", 0) + line("Chip Count", 1) + "\n"
CHIP = line("Chip ID", 0)
MCU = line("Chip Name", "MCU")


def read(kind: str, text: str, exit_code: int = 0, *chip: str) -> Any:
    """Return what the source of a type makes of an answer."""
    query = query_for_command(("npu-smi", "info", "-t", kind, "-i", "0", *chip))
    assert query is not None
    return query.source.read(answer(text.encode(), exit_code=exit_code))


COMMON = line("Memory Usage Rate(%)", 3) + line("Aicore Usage Rate(%)", 1) + line("Temperature(C)", 40)


def test_common_of_a_310_names_its_rated_power() -> None:
    """A 310 prints what it may draw instead of what it draws, and its controller the board's watts."""
    text = (
        line("NPU ID", 0)
        + line("Chip Count", 2)
        + "".join(f"\n{line('Chip ID', n)}{COMMON}{line('Rated Power Dissipation(W)', '12.8')}" for n in (0, 1))
        + "\n"
        + MCU
        + line("Temperature(C)", "NA")
        + line("Power Dissipation(W)", "67.1")
    )
    facts = read("common", text)
    assert [12.8, 12.8] == [chip.rated_power_w for chip in facts.chips]
    assert (None, 67.1) == (known(facts.mcu.temperature_c), facts.mcu.power_w)


def test_common_without_a_clock_says_so() -> None:
    """A rated clock of 0 is a failed query, even where the others worked."""
    clocks = line("Aicore Freq(MHZ)", 0) + line("Aicore curFreq(MHZ)", 0)
    chip = read("common", CARD + CHIP + clocks + COMMON).chips[0]
    assert (None, None, 40) == (known(chip.aicore_freq_mhz), known(chip.aicore_cur_freq_mhz), chip.temperature_c)


@pytest.mark.parametrize(
    "text",
    [
        line("Chip Count", 1) + CHIP + COMMON,
        line("NPU ID", 0) + line("NPU ID", 0) + CHIP + COMMON,
        CARD,
        CARD + CHIP,
        COMMON,
        CARD + CHIP + COMMON + CHIP + COMMON,
        line("NPU ID", 0) + line("Chip Count", 2) + CHIP + COMMON,
        CARD + CHIP + line("Aicore Usage Rate(%)", 1),
        CARD + CHIP + line("HBM Usage Rate(%)", 1) + COMMON,
        CARD + CHIP + COMMON + line("Chip Name", "3559") + line("Temperature(C)", 40),
        CARD + CHIP + COMMON + MCU + line("Temperature(C)", 40) + MCU + line("Temperature(C)", 40),
    ],
)
def test_common_of_another_form_is_not_guessed(text: str) -> None:
    """Cut, doubled and strange answers are refused."""
    assert Absence.UNPARSED is read("common", text).why


def test_sensors_of_the_controller() -> None:
    """A sensor without a name is called NA, of which there may be two; one that fails is missing."""
    sensors = line("NA       (C)", 31) + line("NA       (C)", "NA") + line("DIE_TEMP (C)", "Failed")
    facts = read("temp", CARD + line("NPU Temperature (C)", 40) + CHIP + "\n" + sensors + MCU)
    assert [31, None, None] == [known(sensor.temperature_c) for sensor in facts.mcu.sensors]
    assert {"name": "NA", "temperature_c": 31} == document(facts)["mcu"]["sensors"][0]


def test_a_controller_that_cannot_be_asked() -> None:
    """The answer keeps the chips and the tool's words about the controller."""
    failed = CARD + line("NPU Temperature (C)", 40) + CHIP + "\n" + MCU + "Failed to query mcu chip: 1 info.\n"
    facts = read("temp", failed)
    assert (40, "Failed to query mcu chip: 1 info.") == (facts.chips[0].temperature_c, facts.mcu.failure.detail)
    assert Absence.TOOL_FAILED is read("temp", failed + 'Failed to query "temp" info.\n', 211).why


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("temp", line("AMB_TEMP (K)", 300)),
        ("temp", CARD + line("Warmth", 3) + CHIP),
        ("temp", CARD + line("NPU Temperature (C)", 40) + CHIP + "Failed to query mcu chip: 1 info.\n"),
        ("temp", CARD + CHIP + "Failed to query npu chip: 1 info.\n"),
        ("power", CARD + line("Watts", 3) + CHIP),
        ("power", line("NPU ID", 0) + line("Chip Count", 2) + "\n" + line("NPU Real-time Power(W)", 3) + CHIP),
        ("volt", line("Volt", 3)),
        ("sensors", line("NDIE Temperature (C)", 47)),
        ("sensors", "no sensors\n"),
        ("memory", line("DDR Capacity(MB)", 0) + line("DDR Clock Speed(MHz)", 0)),
        ("flash", line("Flash ID", 0)),
        ("flash", line("Flash Count", 1) + line("Manufacturer ID", "0xC8")),
        ("flash", line("Flash Count", 1) + line("Flash ID", 0) + line("Manufacturer ID", "0xC8")),
        ("flash", line("Flash Count", 2) + line("Flash ID", 0) + line("Manufacturer ID", 1) + line("Capacity(MB)", 1)),
        ("ecc-enable", line("HBM ECC-Enable Status", "Yes")),
        ("ecc-enable", line("ECC", "True")),
        ("sys-time", line("System Time(local)", "12:00")),
        ("product", CARD + line("Kind", "x") + CHIP),
        ("p2p-mem-cfg", CARD + line("p2p-mem-cfg Status", "True") + CHIP),
        ("work-mode", line("NPU ID", 0) + line("work-mode", "XMP")),
        ("pcie-err", line("TX Error Count", 0)),
        ("current-fault-event", line("Fault Event Count", 0)),
        ("current-fault-event", line("Fault Event Information", "NA")),
        ("current-fault-event", line("Fault Event Count", 1) + line("Fault Event Information", "NA")),
        ("current-fault-event", "events\n"),
        (
            "current-fault-event",
            line("Fault Event Count", 2)
            + line(
                "Fault Event Information",
                "event id=0x81AF8000, severity=2, node type ex=1, node id=2, sub node type ex=3, sub node id=4",
            ),
        ),
        ("current-fault-event", line("Fault Event", 1) + line("Fault Event Information", "NA")),
        ("proc-mem", CARD + "\tNo process in device.\n"),
        ("proc-mem", CARD + "\tGet pid name failed.\n" + CHIP),
        ("proc-mem", "\tNo process in device.\n\tNo process in device.\n"),
        ("proc-mem", line("NPU ID", 0) + line("Chip Count", 2) + "\tNo process in device.\n" + CHIP),
        ("proc-mem", CARD + "Failed to query npu chip: 0 info.\n"),
        ("proc-mem", line("NPU ID", 0)),
    ],
)
def test_another_form_is_not_guessed(kind: str, text: str) -> None:
    """What is cut, doubled or has other labels is refused, with its place."""
    assert Absence.UNPARSED is read(kind, text).why


def test_memory_of_older_products() -> None:
    """A 310 does not name its memory; a 910A has DDR and HBM and tells no manufacturer."""
    old = read("memory", CARD + line("Capacity(MB)", 8192) + line("Clock Speed(MHz)", 1600) + CHIP)
    assert (8192, 1600) == (old.chips[0].capacity_mb, old.chips[0].clock_mhz)
    hbm = line("HBM Capacity(MB)", 32768) + line("HBM Clock Speed(MHz)", 1200) + line("HBM Temperature(C)", 45)
    a1 = read("memory", line("DDR Capacity(MB)", 15171) + line("DDR Clock Speed(MHz)", 2400) + hbm, 0, "-c", "0")
    assert (15171, 32768, None) == (
        a1.chips[0].ddr_capacity_mb,
        a1.chips[0].hbm_capacity_mb,
        a1.chips[0].hbm_manufacturer_id,
    )


def test_settings_of_a_card() -> None:
    """Each setting is one value of its own kind."""
    share = read("device-share", CARD + line("Device-share Status", "True") + CHIP)
    assert (True, True) == (share.chips[0].device_share, document(share)["device_share"])
    assert "Enable" == read("p2p-mem-cfg", CARD + line("p2p-mem-cfg Status", "Enable") + CHIP).chips[0].p2p_mem_cfg
    assert "SMP" == read("work-mode", line("NPU ID", 0) + line("work-mode", "SMP")).chips[0].work_mode
    assert read("ecc-enable", line("DDR ECC-Enable Status", "False")).ddr_ecc_enable is False
    failed = read("product", CARD + CHIP + "Failed to query npu chip: 0 info.\n")
    assert Absence.TOOL_FAILED is failed.chips[0].product_type.why


@pytest.mark.parametrize("kind", ["ecc-enable", "sys-time", "memory", "flash", "pcie-err", "power", "volt", "product"])
def test_an_error_answer_is_a_reason(kind: str) -> None:
    """What the tool refuses is told in its words."""
    missing = read(kind, f'Failed to query "{kind}" info.\n', 211)
    assert (Absence.TOOL_FAILED, -9005) == (missing.why, missing.code)


@pytest.mark.parametrize("kind", ["common", "proc-mem", "current-fault-event", "temp", "pcie-err"])
def test_an_unsupported_type_does_not_exist(kind: str) -> None:
    """A product without the thing is no error."""
    assert Absence.NOT_SUPPORTED is read(kind, f"This device does not support querying {kind}.\n").why


def test_a_chip_that_cannot_be_asked_has_no_counts() -> None:
    """Every count is missing for the tool's reason."""
    facts = read("pcie-err", CARD + CHIP + "Failed to query npu chip: 0 info.\n")
    assert isinstance(facts.chips[0].retries, Missing)
    assert document(facts)["retries"] is None
    assert 0.84 == document(read("volt", CARD + line("Voltage(V)", "0.84") + CHIP))["voltage_v"]


def test_several_alarms_go_on_without_a_label() -> None:
    """Each alarm has a line; only the first one carries the label."""
    event = "event id=0x{}, severity={}, node type ex=1, node id=2, sub node type ex=3, sub node id=4"
    text = (
        line("Fault Event Count", 2)
        + line("Fault Event Information", event.format("81AF8000", 2))
        + line("", event.format("80E01801", 3))
    )
    facts = read("current-fault-event", text)
    assert [("0x81AF8000", 2), ("0x80E01801", 3)] == [(one.event_id, one.severity) for one in facts.events]
    assert (
        () == read("current-fault-event", line("Fault Event Count", 0) + line("Fault Event Information", "NA")).events
    )


def test_one_chip_of_two_may_fail() -> None:
    """The processes of the other chip are still there, and at the top of the document."""
    row = "\tProcess id:77      Process name:a b               Process memory(MB):12\n"
    text = line("NPU ID", 0) + line("Chip Count", 2) + "\n" + CHIP + "Failed to query npu chip: 0 info.\n\n"
    facts = read("proc-mem", text + row + line("Chip ID", 1))
    assert [{"pid": 77, "name": "a b", "mem_mb": 12}] == document(facts)["processes"]
    assert isinstance(facts.chips[0].processes, Missing)
