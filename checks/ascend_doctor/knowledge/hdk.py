"""Which NPU driver and NPU firmware fit together: the vendor's own rule, and the pairs known to be one release.

The rule is the one behind the `Compatibility` line of `npu-smi info -t board` (vendor source, hicann/driver:
dcmi_basic_info_intf.c, dcmi_get_device_compatibility; list matching in dcmi_permission_judge.c).
"""

from __future__ import annotations

import enum
from typing import Dict, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.knowledge import tables
from ascend_doctor.model.product import Generation

Range = Tuple[str, str]
FITS = "pass"
FAILS = "fail"

OLDEST_FIRMWARE = "6.4."
"""Firmware below this is compatible with no driver that knows the rule."""

FAMILIES: Mapping[Generation, Tuple[str, ...]] = {
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


@attrs.frozen
class Pair:
    """A driver and a firmware of which somebody said whether they belong together.

    `release` is their HDK release, empty for a pair of two releases. `verdict` is `pass`, `warn` or `fail`, `reason`
    says why where it is not `pass`, and `origin` is the file that says so.
    """

    family: str
    driver: str
    firmware: str
    release: str
    verdict: str
    reason: str
    origin: str


@tables.made_of_tables
def pairs() -> Mapping[Tuple[str, str], Mapping[str, Pair]]:
    """Return what is known of a driver and a firmware in lower case, by the family of products."""
    found: Dict[Tuple[str, str], Dict[str, Pair]] = {}
    for row in tables.HDK_PAIRS.rows():
        key = (row["driver"].lower(), row["firmware"].lower())
        verdict = row["verdict"] or FITS
        pair = Pair(row["family"], *key, row["release"], verdict, row["reason"], row.origin)
        found.setdefault(key, {})[pair.family] = pair
    return found


def pair_of(driver: str, firmware: str, generation: Optional[Generation]) -> Optional[Pair]:
    """Return what is known of a pair for a generation; for any product when the generation is None."""
    known = pairs().get((driver.lower(), firmware.lower()), {})
    families = tuple(known) if generation is None else FAMILIES[generation]
    return next((known[family] for family in families if family in known), None)


def is_one_release(driver: str, firmware: str, generation: Optional[Generation]) -> bool:
    """Tell whether the pair is listed as one that belongs together."""
    pair = pair_of(driver, firmware, generation)
    return pair is not None and pair.verdict == FITS
