"""The middle of some numbers."""

from __future__ import annotations

from typing import List

import pytest

from ascend_doctor.checks.median import median


@pytest.mark.parametrize(("values", "middle"), [([3.0], 3.0), ([9, 1, 2], 2), ([4, 1, 2, 10], 3.0)])
def test_the_middle(values: List[float], middle: float) -> None:
    """Of an odd count the one in the middle, of an even count what lies between the two."""
    assert middle == median(values)
