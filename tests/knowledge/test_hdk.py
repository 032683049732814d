"""The vendor's rule for driver and firmware, and the pairs known to be one release."""

from __future__ import annotations

import pytest

from ascend_doctor.knowledge import hdk
from ascend_doctor.knowledge.hdk import Compatibility
from ascend_doctor.knowledge.tables import Table
from ascend_doctor.model.product import Generation


@pytest.mark.parametrize(
    ("version", "ranges", "inside"),
    [
        ("25.0.rc1.1", [("25.0", "25.0.")], True),
        ("25.1.0", [("25.0", "25.0.")], False),
        ("7.7.0.1.231", [("7.0.0", "7.7.99")], True),
        ("7.10.0.1.1", [("7.0.0", "7.7.99")], True),
        ("7.8.0.6.201", [("6.4.0", "6.4.99"), ("7.0.0", "7.7.99")], False),
        ("24.1.RC2", [("24.1.rc2", "24.1.rc2.")], True),
        ("7.7.0", [], False),
    ],
)
def test_a_version_lies_in_a_range_by_the_comparison_of_texts(version: str, ranges: object, inside: bool) -> None:
    """The version is cut to the longer end and compared as text; a trailing dot means every patch."""
    assert inside is hdk.lies_in(version, ranges)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("driver", "firmware", "by_driver", "by_firmware", "outcome"),
    [
        ("25.0.rc1.1", "6.3.0.1.241", [("6.3.0", "6.3.99")], None, Compatibility.NOK),
        ("23.0.7", "7.1.0.11.220", [("7.0.0", "7.1.99")], [("23.0.rc3", "23.0.rc3.")], Compatibility.OK),
        ("24.1.rc2.2", "7.3.0.1.231", [("7.0.0", "7.2.99")], [("24.1", "24.1.")], Compatibility.OK),
        ("24.1.rc2.2", "7.3.0.1.231", [("7.0.0", "7.2.99")], None, Compatibility.UNDECIDED),
        ("24.1.rc2.2", "7.3.0.1.231", None, [("23.0", "23.0.")], Compatibility.UNDECIDED),
        ("24.1.rc2.2", "7.3.0.1.231", [("7.0.0", "7.2.99")], [("23.0", "23.0.")], Compatibility.NOK),
    ],
)
def test_either_list_is_enough_and_both_are_needed_to_refuse(
    driver: str, firmware: str, by_driver: object, by_firmware: object, outcome: Compatibility
) -> None:
    """One list that accepts the pair decides; without a list nothing is refused but firmware older than the rule."""
    assert outcome is hdk.compatibility(driver, firmware, by_driver, by_firmware)  # type: ignore[arg-type]


def test_a_pair_counts_for_its_own_family() -> None:
    """The same driver has another firmware on another product; without a product any family counts."""
    assert hdk.is_one_release("24.1.0", "7.5.0.3.220", Generation.A2)
    assert not hdk.is_one_release("24.1.0", "7.5.0.3.220", Generation.P310P)
    assert hdk.is_one_release("25.2.0", "7.7.0.6.236", None)
    assert not hdk.is_one_release("25.2.9", "7.7.6.6.236", None)


def test_a_pair_of_two_releases_is_known_as_one() -> None:
    """Such a pair was seen at work: it is a warning, and says why; a pair that nobody lists has no verdict."""
    pair = hdk.pair_of("25.5.1", "7.7.0.10.220", Generation.A2)
    assert pair is not None
    assert ("warn", "seen at work", "hdk_pairs.tsv") == (pair.verdict, pair.reason, pair.origin)
    assert not hdk.is_one_release("25.5.1", "7.7.0.10.220", Generation.A2)
    assert None is hdk.pair_of("25.5.1", "7.7.0.10.220", Generation.A5)


def test_a_data_file_with_a_broken_row_names_the_line() -> None:
    """A row with another number of columns is a mistake of the data's author."""
    with pytest.raises(ValueError, match="line 6: 7 columns in place of 1"):
        list(Table("hdk_pairs", ("family",), ()).rows())
