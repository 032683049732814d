"""The event codes of NPUs."""

from __future__ import annotations

import pytest

from ascend_doctor.knowledge import fault_codes
from ascend_doctor.knowledge.fault_codes import Level


@pytest.mark.parametrize("printed", ["80E01801", "0x80e01801", " 80e01801 "])
def test_a_code_is_found_in_every_form_that_tools_print(printed: str) -> None:
    """Prefix, case and blanks make no difference."""
    found = fault_codes.lookup(printed)
    assert found is not None
    assert Level.RESTART_BUSINESS is found.level
    assert "80E01801 (HBM" in str(found)


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("81078603", Level.NOT_HANDLE),
        ("8C2FA009", Level.NOT_HANDLE),
        ("40F84E00", Level.RESTART_NPU),
        ("80E18402", Level.SEPARATE_NPU),
        ("A2301001", Level.SEPARATE_NPU),
    ],
)
def test_known_codes_have_the_level_of_the_vendor(code: str, level: Level) -> None:
    """The codes that the rules depend on; of a code listed twice the higher level."""
    found = fault_codes.lookup(code)
    assert found is not None
    assert level is found.level


def test_an_unknown_code_is_not_guessed() -> None:
    """A code that nobody lists has no level, and a short code is filled with zeros."""
    assert fault_codes.lookup("8FFFFFF1") is None
    assert "00000012" == fault_codes.normal("12")


def test_a_code_without_words_is_shown_alone() -> None:
    """Words that the source does not give are left out."""
    assert "X" == str(fault_codes.FaultCode("X", None, "", ""))


def test_levels_say_what_they_ask_for() -> None:
    """A reset and a separation are different things to do."""
    assert {Level.FREE_RESTART_NPU, Level.RESTART_NPU} == {level for level in Level if level.needs_reset}
    assert 3 == sum(level.needs_separation for level in Level)
