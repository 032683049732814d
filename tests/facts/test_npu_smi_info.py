"""`npu-smi info`: forms that no sample shows, and forms that must be refused."""

from __future__ import annotations

from typing import Tuple, Union

import pytest

from ascend_doctor.facts.npu_smi.info import SOURCE, InfoChip, InfoFacts, InfoProcess
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing
from samples import answer

BORDER = "+-----+----+-----+"
RULE = "+=====+====+=====+"
HEAD = (
    BORDER,
    "| npu-smi 25.5.0       Version: 25.5.1 |",
    BORDER,
    "| NPU   Name | Health | Power(W) Temp(C) Hugepages-Usage(page) |",
    "| Chip | Bus-Id | AICore(%) Memory-Usage(MB) HBM-Usage(MB) |",
    RULE,
)
HEAD_A3 = (*HEAD[:4], HEAD[4].replace("Chip", "Chip Phy-ID"), RULE)
HEAD_310 = (*HEAD[:4], "| Chip Device | Bus-Id | AICore(%) Memory-Usage(MB) |", RULE)
HEAD_950 = (
    *HEAD[:3],
    "| NPU ID | Name | Health | Power(W) Temp(C) Hugepages-Usage(page) |",
    "|  |  | Bus-Id | NPU Util(%) Memory-Usage(MB) HBM-Usage(MB) |",
    RULE,
)
CHIP = ("| 3     910B3 | OK | 91.2 43 0 / 0 |", "| 0 | 0000:C1:00.0 | 7 0 / 0 3391/ 65536 |")
PROCESSES = (BORDER, "| NPU  Chip | Process id | Process name | Process memory(MB) |", RULE)
IDLE = "| No running processes found in NPU 3 |"


def read(*lines: str) -> Union[InfoFacts, Missing]:
    """Read a table."""
    return SOURCE.read(answer("\n".join((*lines, "")).encode()))


def facts(*lines: str) -> InfoFacts:
    """Read a table that holds facts."""
    found = read(*lines)
    assert isinstance(found, InfoFacts), found
    return found


def test_a_chip_is_read() -> None:
    """Both rows of a chip make one."""
    expected = InfoChip(
        3,
        0,
        "910B3",
        "OK",
        91.2,
        43,
        "0000:C1:00.0",
        hugepages=(0, 0),
        aicore_pct=7,
        mem_mb=(0, 0),
        hbm_mb=(3391, 65536),
    )
    found = facts(*HEAD, *CHIP, RULE)
    assert (expected,) == found.chips
    assert not expected.looks_unread
    assert ("25.5.0", "25.5.1", "hbm", "absent") == (
        found.tool_version,
        found.driver_version,
        found.layout,
        found.process_table,
    )


def test_zeros_of_failed_queries_are_missing() -> None:
    """A chip without any memory was not read: its zeros are no values, what is not zero stays."""
    found = facts(*HEAD, "| 3 | OK | 0.0 44 0 / 0 |", "| 0 | NA | 0 0 / 0 0 / 0 |", RULE).chips[0]
    assert found.looks_unread
    for reading in (found.power_w, found.hugepages, found.aicore_pct, found.mem_mb, found.hbm_mb):
        assert isinstance(reading, Missing)
        assert Absence.TOOL_FAILED == reading.why
    assert (NOT_REPORTED, 44, "OK") == (found.name, found.temp_c, found.health)


def test_a_cold_chip_without_power_looks_unread() -> None:
    """0 W at 0 degrees cannot be, even where the memory is known; 0 W alone can."""
    cold = facts(*HEAD, CHIP[0].replace("91.2 43", "0.0 0"), CHIP[1], RULE).chips[0]
    assert (True, 0.0, 0) == (cold.looks_unread, cold.power_w, cold.temp_c)
    assert not facts(*HEAD_310, CHIP[0].replace("91.2", "0.0"), "| 0 0 | NA | 0 1 / 2 |", RULE).chips[0].looks_unread
    assert facts(*HEAD_310, CHIP[0], "| 0 0 | NA | 0 0 / 0 |", RULE).chips[0].looks_unread


def test_a_dropped_die_that_repeats_another_is_no_chip() -> None:
    """The row of a lost die shows the phy-id of another; it is counted and left out."""
    second = "| {0} {1} | 0000:C1:00.0 | 0 0 / 0 1 / 65536 |"
    rows = (CHIP[0], second.format(0, 0), BORDER, CHIP[0], second.format(1, 0), RULE)
    found = facts(*HEAD_A3, *rows)
    assert (1, 1, 1) == (found.npu_count, found.chip_count, found.repeated_rows)


def test_a_plain_table_may_end_with_a_dashed_rule() -> None:
    """Where a card has one chip, a dashed last rule ends the table; between the dies of an A3 module it does not."""
    assert 1 == facts(*HEAD, *CHIP, BORDER).chip_count
    missing = read(*HEAD_A3, CHIP[0], CHIP[1].replace("| 0 |", "| 0 0 |", 1), BORDER)
    assert isinstance(missing, Missing)
    assert "the rows of a chip" in missing.detail


@pytest.mark.parametrize(
    "lines",
    [
        (*HEAD, "...", RULE, *CHIP, RULE),
        (*HEAD, *CHIP, "| ...... |", RULE),
        (*HEAD, *CHIP, "...", *CHIP[:0], BORDER, *PROCESSES[1:], IDLE, RULE),
        (*HEAD, *CHIP, RULE, *PROCESSES, IDLE, RULE, "..."),
        (*HEAD, "..."),
    ],
)
def test_rows_left_out_by_hand_are_told(lines: Tuple[str, ...]) -> None:
    """`...` in place of rows is no data, and the answer is not complete."""
    assert not facts(*lines).complete


def test_processes_are_read() -> None:
    """A name may be empty or hold blanks, slashes and even bars; the fifth column is read where it is."""
    head = PROCESSES[1][:-1] + "| Process id in container |"
    found = facts(
        *HEAD, *CHIP, RULE, BORDER, head, RULE,
        "| 3 0 | 17 |  | 5 | NA |",
        "| 3 0 | 18 | a | b / 1 | 6 | 77 |",
        RULE,
    )  # fmt: skip
    assert (
        InfoProcess(3, 0, 17, "", 5, NOT_REPORTED),
        InfoProcess(3, 0, 18, "a | b / 1", 6, 77),
    ) == found.processes


def test_rows_without_a_head_are_told() -> None:
    """In an excerpt the rows of the process table may stand alone; their unit is not known then."""
    found = facts(*HEAD, *CHIP, RULE, IDLE, RULE, "| 3  0 | 5 | python | 7 |")
    assert ("rows only", (3,), (InfoProcess(3, 0, 5, "python", 7),)) == (
        found.process_table,
        found.npus_without_process,
        found.processes,
    )
    assert isinstance(found.process_memory_unit, Missing)


def test_a_950_has_no_chip_ids() -> None:
    """On the 950 cards have one chip, and rows of processes name the card alone."""
    chip = ("| 3 | Ascend950PR | OK | 91.2 43 0 / 0 |", "|  |  | NA | 7 0 / 0 3391/ 65536 |")
    found = facts(*HEAD_950, *chip, RULE, IDLE, "| 3 | 5 | python | 7 |")
    assert isinstance(found.chips[0].chip, Missing)
    assert isinstance(found.processes[0].chip, Missing)


def test_the_warning_below_is_a_fact() -> None:
    """The tool warns of an incomplete installation behind the table."""
    warning = "[WARNING]The driver package may not be completely installed, which may cause function abnormal."
    assert facts(*HEAD, *CHIP, RULE, warning).driver_incomplete
    assert isinstance(read(warning), Missing)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("hello",), "the table of `npu-smi info`"),
        (HEAD[:1], "the versions"),
        ((BORDER, "| npu-smi |"), "`npu-smi X  Version: Y`"),
        ((*HEAD[:3], "| 芯片 |", HEAD[4], RULE), "the name of a known column"),
        ((*HEAD[:3], "| NPU | Health | Power(W) Temp(C) |", HEAD[4], RULE), "one column Name"),
        ((*HEAD[:4], "| Chip | Bus-Id | Memory-Usage(MB) |", RULE), "a known layout"),
        ((*HEAD[:4], HEAD[4].replace("Chip", ""), RULE), "a known layout"),
        ((*HEAD[:5], BORDER), "a rule of `=`"),
        (HEAD, "the rows of a chip"),
        ((*HEAD, RULE), "the rows of a chip"),
        ((*HEAD, *CHIP, RULE, RULE), "a rule of `-`"),
        ((*HEAD, CHIP[0]), "the second row of the chip"),
        ((*HEAD, *CHIP), "a rule below the chip"),
        ((*HEAD, *CHIP, *CHIP), "a rule below the chip"),
        ((*HEAD, *CHIP, RULE, *CHIP, RULE), "each chip once"),
        ((*HEAD, CHIP[0].replace("OK", ""), CHIP[1], RULE), "a word for Health"),
        ((*HEAD, CHIP[0], CHIP[1].replace("3391/ 65536", "3391 65536"), RULE), "`used / total`"),
        ((*HEAD, *CHIP, RULE, BORDER), "the head of the process table"),
        (
            (*HEAD, *CHIP, RULE, BORDER, "| NPU Chip | Process id Process name | Process memory(MB) |"),
            "the head of the",
        ),
        ((*HEAD, *CHIP, RULE, *PROCESSES), "the rest of the process table"),
        ((*HEAD, *CHIP, RULE, *PROCESSES, IDLE), "the rest of the process table"),
        ((*HEAD, *CHIP, RULE, *PROCESSES, RULE), "a row of the process table"),
        ((*HEAD, *CHIP, RULE, *PROCESSES, IDLE, RULE, IDLE, RULE), "each NPU without processes once"),
    ],
)
def test_other_forms_are_refused(lines: Tuple[str, ...], said: str) -> None:
    """Whatever is cut, missing, doubled or foreign is unparsed, with the place and what was expected there."""
    missing = read(*lines)
    assert isinstance(missing, Missing)
    assert Absence.UNPARSED == missing.why
    assert said in missing.detail
