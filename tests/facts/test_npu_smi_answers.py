"""The error answers of npu-smi."""

from __future__ import annotations

from typing import Optional

import pytest

from ascend_doctor.facts.npu_smi import ecc, listing
from ascend_doctor.facts.npu_smi.answers import meaning_of
from ascend_doctor.model.reading import Absence, Missing
from samples import answer


def read(text: str, exit_code: Optional[int] = 0, stderr: bytes = b"") -> Missing:
    """Read an answer that is a refusal."""
    missing = listing.SOURCE.read(answer(text.encode(), stderr=stderr, exit_code=exit_code))
    assert isinstance(missing, Missing)
    return missing


@pytest.mark.parametrize(
    ("text", "exit_code", "why", "code"),
    [
        ("dcmi module initialize failed. ret is -8005", 187, Absence.TOOL_FAILED, -8005),
        ("dcmi module initialize failed. ret is -8012", 180, Absence.NOT_READY, -8012),
        ("dcmi module initialize failed. ret is -8255", 193, Absence.TOOL_FAILED, -8255),
        ("dcmi module initialize failed. ret is -99999", 1, Absence.TOOL_FAILED, -99999),
        ("dcmi model initialized failed, because the device is used. ret is -8020", 172, Absence.BUSY, -8020),
        ("DrvMngGetConsoleLogLevel failed. (g_conLogLevel=3)\ndcmi module initialize failed. ret is -8005", None,
         Absence.TOOL_FAILED, -8005),
        ("npu get board type failed. ret is -9005", 211, Absence.TOOL_FAILED, -9005),
        ("Failed to execute npu-smi info. ret is -8006.", 0, Absence.TIMED_OUT, -8006),
        ('Failed to query "health" result.', 204, Absence.NOT_READY, -9012),
        ('Failed to query "health" result.', 0, Absence.TOOL_FAILED, None),
        ("Failed to get card number.", 210, Absence.TIMED_OUT, -9006),
        ("Invalid card id.\nError parameter of -i\nUsage: npu-smi info\n", 215, Absence.NO_DEVICE, -9001),
        ("There is no NPU card on this server.", 0, Absence.NO_DEVICE, None),
        ("This device does not support querying ecc.", 0, Absence.NOT_SUPPORTED, None),
        ("This device dose not support querying hccs topo.", 0, Absence.NOT_SUPPORTED, None),
        ("NPU is working in SMP mode, does not support querying ecc.", 0, Absence.NOT_SUPPORTED, None),
        ("This command cannot be executed on a VM or container.", 203, Absence.NO_PERMISSION, -9013),
        ("Operation not permitted, only root user can call this api.", 214, Absence.NO_PERMISSION, -9002),
        ("This command must input card id.\nUsage: npu-smi info", 215, Absence.TOOL_FAILED, -9001),
        ("Command or option is not found.", 0, Absence.TOOL_FAILED, None),
    ],
)  # fmt: skip
def test_each_error_has_its_reason(text: str, exit_code: Optional[int], why: Absence, code: Optional[int]) -> None:
    """The text decides; its code, or the one that the exit status stands for, refines it."""
    missing = read(text + "\n", exit_code)
    assert (why, code) == (missing.why, missing.code)
    assert text.split("\n")[-1 if text.startswith("Drv") else 0] in missing.detail


def test_types_of_a_refused_call_are_kept() -> None:
    """The usage text behind a wrong type lists the types that the tool knows."""
    missing = read(
        "Error parameter of -t\nUsage: npu-smi info\n   -t type   Show\n      type: board, i2c_check,\n     topo.\n",
        215,
    )
    assert Missing(Absence.TOOL_FAILED, "Error parameter of -t; types: board, i2c_check, topo", -9001) == missing


def test_a_product_that_cannot_tell_says_so_below_the_frame() -> None:
    """Some commands print the card before they find out that the product has no such thing."""
    frame = b"\tNPU ID : 0\n\tChip Count : 1\n\n\tChip ID : 0\nFailed to query npu chip: 0 info.\n\n"
    missing = ecc.SOURCE.read(answer(frame + b"This device does not support querying ecc.\n"))
    assert Missing(Absence.NOT_SUPPORTED, "This device does not support querying ecc.") == missing


@pytest.mark.parametrize(
    "text",
    [
        "Invalid card id.\nInvalid card id.\n",
        2 * "This device does not support querying ecc.\n",
        "Invalid card id.\nUsage: npu-smi info\nInvalid card id.\nUsage: npu-smi info\n",
        "Invalid card id.\n\tNPU ID : 0\n",
        "DrvMngGetConsoleLogLevel failed. (g_conLogLevel=3)\n",
    ],
)
def test_a_damaged_error_answer_is_unparsed(text: str) -> None:
    """A doubled one, one that runs into data, and log lines alone."""
    assert Absence.UNPARSED is read(text).why


def test_an_exit_status_without_words_is_a_failure() -> None:
    """The code behind the status gives the reason; standard error, cleaned, gives the words."""
    assert Missing(Absence.NOT_READY, "exit code 180", -8012) == read("", 180)
    missing = read("", 127, b"npu-smi: error while loading\x1b[0m shared libraries\n")
    assert Missing(Absence.TOOL_FAILED, "exit code 127: npu-smi: error while loading[0m shared libraries") == missing


def test_an_exit_status_with_unknown_words_is_a_failure() -> None:
    """Data is not believed when the tool says that it failed."""
    assert Missing(Absence.TOOL_FAILED, "exit code 211: Total Count : 0", -9005) == read("Total Count : 0\n", 211)


def test_codes_have_meanings() -> None:
    """The codes of the library and of the tool mean the same; a code of nobody means nothing."""
    assert meaning_of(-8008) == meaning_of(-9008) == "the device does not exist"
    assert "" == meaning_of(-8999) == meaning_of(13)
