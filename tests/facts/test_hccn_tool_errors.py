"""Error answers of hccn_tool that no recording shows: the tool's own words decide, then its exit code."""

from __future__ import annotations

import pytest

from ascend_doctor.model.reading import Absence, Missing
from hccn_tool_answers import read

PRINTED = [
    (Absence.BUSY, "hccn_tool is busy, please try again.", 11),
    (Absence.BUSY, "Get lock failed. Please try again.", 25),
    (Absence.BUSY, "I2c is busy. Please try again.", 12),
    (Absence.BUSY, "The device is occupied. Please try again later.", 31),
    (Absence.BUSY, "The system is in optical module initializing, please try again later.", 18),
    (Absence.BUSY, "CDR reg data is updating, please wait a moment(30s) to get.", 17),
    (Absence.NO_DEVICE, "The device is not exist!", 4),
    (Absence.NO_DEVICE, "Get invalid device id.", 4),
    (Absence.NOT_READY, "Get device health status failed!", 3),
    (Absence.TIMED_OUT, "The cmd line execute timeout!", 1),
    (Absence.NO_PERMISSION, "permission denied: pls check this cmd run permission.", 12),
    (Absence.NO_PERMISSION, "The hccn.conf can't access, cmd execute failed! pls check the conf file.", 29),
    (Absence.NO_PERMISSION, "Read file failed, cmd execute failed! pls check cmd run permission.", 3),
    (Absence.NO_PERMISSION, "Open file failed, cmd execute failed! pls check the conf path or cmd run permission.", 3),
    (Absence.NOT_SUPPORTED, "The command is not supported on this product.", 13),
    (Absence.NOT_SUPPORTED, "The command is not supported on this optical media.", 14),
    (Absence.NOT_SUPPORTED, "Command unsupported on this optical module.", 11),
    (Absence.NOT_SUPPORTED, "The VM does not support this command.", 21),
    (Absence.NOT_SUPPORTED, "This device does not support IPV6!", 24),
    (Absence.NOT_SUPPORTED, "Get invalid major cmd.", 3),
    (Absence.NOT_SUPPORTED, "Please specify a valid cmd.", 1),
    (Absence.TOOL_FAILED, "Please specify a mode.", 1),
    (Absence.TOOL_FAILED, "Get invalid major cmd number. Please check your input.", 2),
    (Absence.TOOL_FAILED, "The total count of options is wrong.", 1),
    (Absence.TOOL_FAILED, "Parsing configurations from config file failed, pls check the config file.", 8),
    (Absence.TOOL_FAILED, "Execute failed: Link status is down.", 22),
    (Absence.TOOL_FAILED, "Command execute failed!", 1),
    (Absence.TOOL_FAILED, "Cmd execute failed!", 1),
    (Absence.TOOL_FAILED, "Failed to check the route network segment. Cmd execute failed!", 1),
]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize(("why", "words", "exit_code"), PRINTED, ids=[words for _, words, _ in PRINTED])
def test_words_decide_on_either_stream(why: Absence, words: str, exit_code: int, stream: str) -> None:
    """An error text gives its reason from whichever stream it came, with the exit code beside it."""
    streams = {"stdout": "", "stderr": "", stream: f"{words}\n"}

    assert Missing(why, words, exit_code) == read("link", **streams, exit_code=exit_code)


def test_words_decide_before_the_exit_code() -> None:
    """An error can leave with 0, because the exit code is the low byte of an inner one."""
    missing = read("stat", "", stderr="Get lock failed. Please try again.\n")

    assert Missing(Absence.BUSY, "Get lock failed. Please try again.", 0) == missing


def test_reason_comes_before_the_usage_and_before_the_failure() -> None:
    """Of several error lines the one that names the reason counts, in whatever order they were printed."""
    missing = read("link", "", stderr="Command execute failed!\nGet lock failed. Please try again.\n", exit_code=1)

    assert Absence.BUSY is missing.why


def test_pasted_error_needs_no_exit_code() -> None:
    """A sample without its exit code is read by its words."""
    missing = read("link", "hccn_tool is busy, please try again.\n", exit_code=None)

    assert Missing(Absence.BUSY, "hccn_tool is busy, please try again.") == missing


def test_exit_code_without_known_words_is_a_failure() -> None:
    """An exit code other than 0 makes data doubtful: the tool said that it failed, in words that nobody knows."""
    missing = read("link", "link status: UP\n", stderr="something new\n", exit_code=7)

    assert Missing(Absence.TOOL_FAILED, "something new", 7) == missing


def test_silent_failure_says_so() -> None:
    """Without a word on either stream the detail says just that."""
    assert Missing(Absence.TOOL_FAILED, "the tool said nothing", 1) == read("link", "", exit_code=1)


def test_detail_is_bounded() -> None:
    """A tool that goes wild does not fill the report."""
    missing = read("link", "x" * 10_000, exit_code=1)

    assert 200 == len(missing.detail)


def test_terminal_escapes_on_standard_error_are_taken_out() -> None:
    """What ends up in a report cannot move the cursor of the person who reads it."""
    missing = read("link", "", stderr="\x1b[2Jsomething\u202e new\n", exit_code=1)

    assert "?[2Jsomething? new" == missing.detail


def test_noise_on_standard_error_does_not_spoil_the_data() -> None:
    """Libraries below the tool write to standard error what they like."""
    facts = read(
        "link", "link status: UP\n", stderr="\x1b[33mwarning\x1b[0m \udcff".encode("utf-8", "replace").decode()
    )

    assert "UP" == facts.link


def test_log_warning_before_the_data_is_skipped() -> None:
    """The warning that a user without a home gets is no data; line numbers still count it."""
    warning = '[WARNING] "/home/nobody" is not a directory, hccn_tool logs may be lost.\n'

    assert "DOWN" == read("link", f"{warning}link status: DOWN\n").link
    assert "line 2: expected `UP` or `DOWN`, found 'link status: SIDEWAYS'" == (
        read("link", f"{warning}link status: SIDEWAYS\n").detail
    )
    assert "line 2: expected data after the warning" == read("link", warning).detail
