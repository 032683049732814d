"""The operating systems for which the vendor gives drivers and guides."""

from __future__ import annotations

from typing import Tuple

from ascend_doctor.knowledge import tables


@tables.made_of_tables
def supported() -> Tuple[Tuple[str, str], ...]:
    """Return each system as the `ID` of its os-release and what its `VERSION_ID` begins with, nothing for any."""
    return tuple((row["id"], row["version"]) for row in tables.OPERATING_SYSTEMS.rows())


def is_supported(os_id: str, version: str) -> bool:
    """Tell whether the vendor lists a system; upper and lower case are the same."""
    return any(
        os_id.lower() == known.lower() and version.lower().startswith(start.lower()) for known, start in supported()
    )
