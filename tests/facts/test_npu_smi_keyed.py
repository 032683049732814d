"""The answers of npu-smi in key lines, and the mapping: forms that no sample shows, and forms that must be refused."""

from __future__ import annotations

from typing import Any, Tuple

import pytest

from ascend_doctor.facts.document import document
from ascend_doctor.facts.npu_smi import board, ecc, health, listing, mapping, usages
from ascend_doctor.facts.source import Source
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing
from samples import answer

FAILED = Missing(Absence.TOOL_FAILED, "Failed to query npu chip: 0 info.")
UNREACHABLE = ("\tNPU ID : 3", "\tChip Count : 1", "\tChip ID : 0", "Failed to query npu chip: 0 info.")


def read(source: Source[Any], *lines: str) -> Any:
    """Read an answer."""
    return source.read(answer("".join(f"{line}\n" for line in lines).encode()))


def facts(source: Source[Any], *lines: str) -> Any:
    """Read an answer that holds facts."""
    found = read(source, *lines)
    assert not isinstance(found, Missing), found
    return found


def test_a_card_that_cannot_be_reached_has_no_number() -> None:
    """The list counts it; -1 is no card id, however often it comes. Other labels are kept."""
    found = facts(
        listing.SOURCE, "Card Count : 3", "NPU ID : -1", "X : 1", "NPU ID : -1", "X : 1", "NPU ID : 7", "X : 2"
    )
    assert (3, [False, False, True]) == (found.total_count, [isinstance(card.npu, int) for card in found.npus])
    assert {"X": "2"} == found.npus[2].extra


def test_mapping_rows_may_lack_what_the_tool_could_not_find() -> None:
    """An empty name stays empty, `-` and -1 are missing."""
    found = facts(mapping.SOURCE, "NPU ID  Chip ID  Chip Logic ID  Chip Name", "-1 0 - Mcu", "-1 0 - Mcu", "4 0 0")
    assert [isinstance(row.npu, Missing) for row in found.rows] == [True, True, False]
    assert ("", 0, NOT_REPORTED) == (found.rows[2].name, found.rows[2].logic_id, found.rows[0].logic_id)
    assert {"npu_count": 1, "device_count": 1, "mcu_count": 2}.items() <= document(found).items()


def test_health_of_a_chip_that_could_not_be_asked_is_missing() -> None:
    """The tool names the chip and says that it failed: nothing about it is known."""
    (chip,) = facts(health.SOURCE, *UNREACHABLE).chips
    assert (0, FAILED, FAILED, FAILED) == (chip.chip, chip.health, chip.error_codes, chip.error_information)


def test_descriptions_belong_to_their_codes() -> None:
    """Further texts have no label, may be wrapped, and a lookup that failed takes the place of its text."""
    found = facts(
        health.SOURCE,
        "Health Status : Alarm",
        "Error Code : 0x80E01801 8C084E00 80E3A203",
        "Error Information : node type=HBM, event",
        "  state=multi-bit error",
        " : node type=adda",
        "Failed to get error information for error code : 0x80E3A203",
    )
    assert ("0x80E01801", "8C084E00", "80E3A203") == found.error_codes
    assert (
        "node type=HBM, event state=multi-bit error",
        "node type=adda",
        "Failed to get error information for error code : 0x80E3A203",
    ) == found.error_information
    assert "Alarm" == found.health


def test_too_few_descriptions_are_none() -> None:
    """The codes stand; which code the only text is about cannot be told from a cut answer."""
    found = facts(health.SOURCE, "Health : Alarm", "Error Code : 80E01801 8C084E00", "Error Information : NA")
    assert 2 == len(found.error_codes)
    assert isinstance(found.error_information, Missing)


def test_two_chips_have_no_health_in_common() -> None:
    """The short form exists for a single chip only; the controller does not count."""
    block = "Health : OK", "Chip ID : {}"
    lines = [line.format(number) for number in (0, 1) for line in block]
    found = facts(health.SOURCE, *lines, "Health : OK", "Chip Name : MCU")
    assert (None, None, None) == (found.health, found.error_codes, found.error_information)
    assert 2 == len(found.compute_chips)


def test_ecc_counts_that_cannot_be_are_missing() -> None:
    """The tool subtracts without a sign; a huge number of pages that will be isolated is none."""
    lines = ("HBM Double Bit Isolated Pages Count : 4", "HBM Double Bit Next-Isolated Pages Count : 4294967292")
    (chip,) = facts(ecc.SOURCE, *lines).chips
    assert (4, None) == (chip.hbm_double_bit_isolated_pages, chip.ddr_single_bit)
    assert isinstance(chip.hbm_double_bit_next_isolated_pages, Missing)
    assert 4 == document(facts(ecc.SOURCE, *lines))["hbm_double_bit_isolated_pages"]
    (chip,) = facts(ecc.SOURCE, "HBM Double Bit Next-Isolated Pages Count : 3").chips
    assert 3 == chip.hbm_double_bit_next_isolated_pages


@pytest.mark.parametrize("source", [ecc.SOURCE, usages.SOURCE])
def test_values_of_a_chip_that_could_not_be_asked_are_missing(source: Source[Any]) -> None:
    """Every value is missing for the tool's reason, not absent and not 0."""
    found = facts(source, *UNREACHABLE)
    values = [value for value in document(found)["chips"][0].items() if value[0] not in ("chip", "extra")]
    assert values
    assert all(value is None for _, value in values)


def test_usages_without_any_memory_were_not_read() -> None:
    """Zeros throughout, even for the capacities, are no values."""
    lines = ("DDR Capacity(MB) : 0", "HBM Capacity(MB) : 0", "Aicore Usage Rate(%) : 0", "New : 1", "Chip ID : 0")
    (chip,) = facts(usages.SOURCE, *lines).chips
    assert isinstance(chip.aicore_usage_pct, Missing)
    assert {"New": "1"} == chip.extra
    (chip,) = facts(usages.SOURCE, "DDR Capacity(MB) : 0", "HBM Capacity(MB) : 65536", "Chip ID : 0").chips
    assert (0, 65536) == (chip.ddr_capacity_mb, chip.hbm_capacity_mb)


@pytest.mark.parametrize("source", [health.SOURCE, ecc.SOURCE, usages.SOURCE])
def test_a_frame_alone_holds_no_facts(source: Source[Any]) -> None:
    """The two lines about the card are all that some tools print where the driver does not support the query."""
    missing = read(source, "NPU ID : 0", "Chip Count : 1")
    assert Absence.NOT_REPORTED == missing.why


def test_board_keeps_what_it_does_not_know() -> None:
    """Known labels fill fields, unknown ones are kept, `NA` and nothing are missing."""
    found = facts(board.SOURCE, "NPU ID : 0", "Model : NA", "Slot ID :", "Vendor ID : 0x0", "Chip Count : 2")
    assert (0, 2, NOT_REPORTED, NOT_REPORTED, None) == (
        found.npu,
        found.chip_count,
        found.model,
        found.slot_id,
        found.pcb_id,
    )
    assert {"Vendor ID": "0x0"} == found.extra


CARD = ("NPU ID : 0", "Chip Count : 1")


@pytest.mark.parametrize(
    ("source", "lines", "said"),
    [
        (listing.SOURCE, ("NPU ID : 0",), "`Total Count` or `Card Count`"),
        (listing.SOURCE, ("Total Count : 1", "Chip Count : 1"), "`NPU ID` at the start of a card"),
        (listing.SOURCE, ("Total Count : 2", "NPU ID : 0"), "2 cards"),
        (listing.SOURCE, ("Total Count : 2", "NPU ID : 0", "Chip Count : 1", "NPU ID : 1"), "the same labels"),
        (listing.SOURCE, ("Total Count : 2", "NPU ID : 0", "NPU ID : 0"), "each card once"),
        (mapping.SOURCE, ("NPU ID  Chip ID  Speed", "0 0 1"), "known columns, found 'Speed'"),
        (mapping.SOURCE, ("NPU ID  NPU ID  Chip Name", "0 0 1"), "known columns, found 'NPU ID  Chip Name'"),
        (mapping.SOURCE, ("NPU ID  Chip Name", "0 x"), "columns for the NPU"),
        (mapping.SOURCE, ("NPU ID  Chip Name  Chip ID", "0 x 0"), "columns for the NPU"),
        (mapping.SOURCE, ("NPU ID  Chip ID  Chip Name",), "a row for each chip"),
        (mapping.SOURCE, ("NPU ID  Chip ID  Chip Name", "0"), "values for NPU ID"),
        (mapping.SOURCE, ("NPU ID  Chip ID  Chip Name", "0 0 x", "0 0 x"), "each chip once"),
        (mapping.SOURCE, ("NPU ID  Chip ID  Chip Name", "x 0 x"), "a whole number for NPU ID"),
        (board.SOURCE, ("NPU ID : 0", "Model : x"), "`Chip Count`"),
        (board.SOURCE, ("NPU ID : 0", "Chip ID : 0"), "`Firmware Version`"),
        (board.SOURCE, ("NPU ID : 0", "free text", "Chip Count : 1"), "`label : value`"),
        (health.SOURCE, ("free text",), "`label : value`"),
        (health.SOURCE, ("Health : OK", "Mood : fine"), "`Health Status`, `Error Code`"),
        (health.SOURCE, ("Health : OK", "Health : OK"), "each once"),
        (health.SOURCE, (" : a text", "Chip ID : 0"), "each once"),
        (health.SOURCE, ("Health :", "Error Code : NA", "Error Information : NA"), "`Health Status`"),
        (health.SOURCE, ("Error Code : NA", "Error Information : NA"), "`Health Status`"),
        (health.SOURCE, ("Health : OK",), "`Error Code` and"),
        (health.SOURCE, ("Health : OK", "Error Code : NA"), "`Error Code` and"),
        (health.SOURCE, ("Health : OK", "Error Code : none", "Error Information : NA"), "`NA` or error codes"),
        (health.SOURCE, ("Health : OK", "Error Code :", "Error Information : NA"), "`NA` or error codes"),
        (health.SOURCE, ("Health : OK", "Error Code : NA", "Error Information : a fire"), "0 descriptions"),
        (health.SOURCE, ("Health : OK", "Chip Name : x"), "`MCU`"),
        (health.SOURCE, 2 * ("Health : OK", "Chip Name : mcu"), "one block of the controller"),
        (health.SOURCE, (*CARD, "Health : OK"), "`Chip ID` at the end of the block"),
        (ecc.SOURCE, (*CARD, *CARD), "only once, at the start"),
        (ecc.SOURCE, ("Chip Count : 1", "NPU ID : 0"), "only once, at the start"),
        (ecc.SOURCE, (*CARD, "Chip ID : 0"), "values in each block"),
        (ecc.SOURCE, ("NPU ID : 0", "Chip Count : 2", "X : 1", "Chip ID : 0"), "blocks for 2 chips"),
        (ecc.SOURCE, ("X : 1", "Chip ID : 0", "X : 1", "Chip ID : 0"), "each chip once"),
        (ecc.SOURCE, ("X : 1", "X : 2", "Chip ID : 0"), "'X' only once"),
        (ecc.SOURCE, ("HBM Single Bit Error Count : 0",), "the rest of the answer"),
        (ecc.SOURCE, ("HBM Single Bit Error Count : few", "Chip ID : 0"), "a whole number for HBM Single"),
        (ecc.SOURCE, ("X : 1", "Chip ID : 0", "Failed to query npu chip: 0 info."), "the empty block"),
        (ecc.SOURCE, (*CARD, "Chip ID : 1", "Failed to query npu chip: 0 info."), "the empty block"),
        (ecc.SOURCE, (*CARD, "Failed to query npu chip: 0 info."), "the empty block"),
        (usages.SOURCE, ("Aicore Usage Rate(%) : 0",), "the rest of the answer"),
        (usages.SOURCE, ("健康 : 0", "Chip ID : 0"), "a label in English"),
    ],
)
def test_other_forms_are_refused(source: Source[Any], lines: Tuple[str, ...], said: str) -> None:
    """Whatever is cut, missing, doubled or foreign is unparsed, with the place and what was expected there."""
    missing = read(source, *lines)
    assert isinstance(missing, Missing), missing
    assert Absence.UNPARSED == missing.why
    assert said in missing.detail


@pytest.mark.parametrize(
    "source", [board.SOURCE, health.SOURCE, ecc.SOURCE, usages.SOURCE, listing.SOURCE, mapping.SOURCE]
)
def test_error_answers_are_known_to_every_command(source: Source[Any]) -> None:
    """An error of the tool is the tool's error, whatever was asked."""
    missing = read(source, "dcmi module initialize failed. ret is -8012")
    assert (Absence.NOT_READY, -8012) == (missing.why, missing.code)
