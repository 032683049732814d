"""What the driver measures and counts on one chip beside its load: sensors, clocks, flash, PCIe errors, alarms."""

from __future__ import annotations

import attrs


@attrs.define
class Sensors:
    """The sensors of a chip in degrees Celsius. 32767 and 32511 stand for no value."""

    soc_c: int = 45
    optic_c: int = 38
    ndie_c: int = 47
    hbm_c: int = 46


@attrs.define
class Clocks:
    """Clocks in MHz. An idle chip runs its cores below their rated clock."""

    aicore_rated_mhz: int = 1800
    aicore_mhz: int = 800
    hbm_mhz: int = 1600
    ddr_mhz: int = 3200


@attrs.frozen
class Flash:
    """A flash chip."""

    id: int = 0
    manufacturer_id: int = 0xC8
    size_mb: int = 16


@attrs.define
class PcieErrors:
    """Errors of the PCIe link since the start of the chip; cards count the first four, servers the others."""

    pcs_rx: int = 0
    phy_lane: int = 0
    dl_lcrc: int = 0
    dl_dcrc: int = 0
    tx: int = 0
    rx: int = 0
    lcrc: int = 0
    ecrc: int = 0
    retries: int = 0


@attrs.frozen
class FaultEvent:
    """An alarm that is up. `severity` goes from 0 (informational) to 3 (critical)."""

    event_id: int
    severity: int
    node_type: int = 0
    node_id: int = 0
    sub_node_type: int = 0
    sub_node_id: int = 0
