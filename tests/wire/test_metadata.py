"""Numbers in the metadata of calls."""

from __future__ import annotations

import pytest

from ascend_doctor.wire.metadata import RETRY_AFTER, SERVER_TIME, number


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (((SERVER_TIME, "7"), (RETRY_AFTER, "2.5")), 2.5),
        (((RETRY_AFTER, "soon"),), None),
        (((SERVER_TIME, "7"),), None),
        ((), None),
        (None, None),
    ],
)
def test_a_number_is_read_or_there_is_none(metadata, expected):
    """What is missing, or no number, is none."""
    assert expected == number(metadata, RETRY_AFTER)
