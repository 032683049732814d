"""Which NPU driver and NPU firmware fit together: the vendor's own rule, and the pairs known to be one release.

The rule is the one behind the `Compatibility` line of `npu-smi info -t board` (vendor source, hicann/driver:
dcmi_basic_info_intf.c, dcmi_get_device_compatibility; list matching in dcmi_permission_judge.c).
"""

from __future__ import annotations

import enum
import functools
from typing import Dict, FrozenSet, Mapping, Optional, Sequence, Tuple

from ascend_doctor.knowledge.tables import rows
from ascend_doctor.model.product import Generation

Range = Tuple[str, str]

OLDEST_FIRMWARE = "6.4."
"""Firmware below this is compatible with no driver that knows the rule."""

_FAMILIES = {
    Generation.A1: ("910",),
    Generation.A2: ("910b",),
    Generation.A3: ("910_93",),
    Generation.A5: ("950",),
    Generation.P310: ("310", "310b"),
    Generation.P310P: ("310p",),
}


class Compatibility(enum.Enum):
    """The outcome of the rule."""

    OK = "OK"
    NOK = "NOK"
    UNDECIDED = "undecided"
    """No list accepts the pair, and one of the lists is not known: it might have."""


def lies_in(version: str, ranges: Sequence[Range]) -> bool:
    """Tell whether a version lies in any of the ranges, by the vendor's comparison.

    The version is cut to the length of the longer end and compared as text: `[25.0,25.0.]` means every `25.0.x`, and
    `7.10.0` lies in `[7.0.0,7.7.99]`. A numeric comparison would contradict `npu-smi`.
    """
    folded = version.lower()
    return any(low.lower() <= folded[: max(len(low), len(high))] <= high.lower() for low, high in ranges)


def compatibility(
    driver: str,
    firmware: str,
    firmware_accepted: Optional[Sequence[Range]],
    drivers_accepted: Optional[Sequence[Range]],
) -> Compatibility:
    """Judge a driver and a firmware by the lists that both carry; None for a list that is not known.

    `firmware_accepted` is the driver's list, `drivers_accepted` the firmware's. One of the two is enough: vendor pairs
    exist that only one list accepts.
    """
    if firmware < OLDEST_FIRMWARE:
        return Compatibility.NOK
    if firmware_accepted is not None and lies_in(firmware, firmware_accepted):
        return Compatibility.OK
    if drivers_accepted is not None and lies_in(driver, drivers_accepted):
        return Compatibility.OK
    if firmware_accepted is None or drivers_accepted is None:
        return Compatibility.UNDECIDED
    return Compatibility.NOK


@functools.cache
def pairs() -> Mapping[Tuple[str, str], FrozenSet[str]]:
    """Return the families in which a driver and a firmware are known to belong to one release, by the pair."""
    found: Dict[Tuple[str, str], FrozenSet[str]] = {}
    for family, driver, firmware, _release, _evidence in rows("hdk_pairs.tsv", 5):
        pair = (driver.lower(), firmware.lower())
        found[pair] = found.get(pair, frozenset()) | {family}
    return found


def is_one_release(driver: str, firmware: str, generation: Optional[Generation]) -> bool:
    """Tell whether the pair is listed for the generation; for any product when the generation is None."""
    families = pairs().get((driver.lower(), firmware.lower()), frozenset())
    return bool(families) if generation is None else bool(families.intersection(_FAMILIES[generation]))
