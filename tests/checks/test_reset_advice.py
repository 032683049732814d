"""The command that resets a lost NPU names its card and chip, or is not given."""

from __future__ import annotations

import pytest

from ascend_doctor.checks import remedies
from ascend_doctor.checks.node import npu_dropped
from ascend_doctor.facts.devices import Device, DeviceMap
from ascend_doctor.model.reading import NOT_REPORTED

ONE_CHIP = [(npu, 0, npu) for npu in range(4)]
TWO_CHIPS = [(phy_id // 2, phy_id % 2, phy_id) for phy_id in range(6)]
ODD_SLOTS = [(1, 0, 0), (2, 0, 1), (5, 0, 2)]


@pytest.mark.parametrize(
    ("places", "lost", "expected"),
    [
        (ONE_CHIP, 5, remedies.reset(5, 0)),
        (TWO_CHIPS, 7, remedies.reset(3, 1)),
        (ODD_SLOTS, 3, remedies.REBOOT),
        (ODD_SLOTS, 2, remedies.reset(5, 0)),
        ([], 0, remedies.REBOOT),
    ],
)
def test_the_address_of_a_lost_npu(places, lost, expected):
    """An NPU that the map leaves out is addressed in step with the others, and never by a guess."""
    devices = DeviceMap(tuple(Device(*place) for place in places), NOT_REPORTED)
    assert expected == npu_dropped.reset_of(devices, lost)
