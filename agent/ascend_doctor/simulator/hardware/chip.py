"""The values of one chip, as the driver returns them."""

from __future__ import annotations

import enum
from typing import Dict, List, Optional, Tuple

import attrs

from ascend_doctor.simulator.hardware.instruments import Clocks, FaultEvent, Flash, PcieErrors, Sensors
from ascend_doctor.simulator.hardware.interconnect import ChipCertificate, Hccs, Sio


@attrs.define
class Process:
    """A process that holds memory on a chip. `name` is None for a process without a /proc entry."""

    pid: int
    name: Optional[str]
    memory_mb: int


@attrs.define
class Ecc:
    """Memory error counters of one chip, as the driver returns them."""

    single_bit: int = 0
    double_bit: int = 0
    single_bit_aggregate: int = 0
    double_bit_aggregate: int = 0
    single_bit_isolated_pages: int = 0
    double_bit_isolated_pages: int = 0
    record_count: int = 0
    enabled: bool = True


class Presence(enum.Enum):
    """What the driver says of a chip when a tool starts. The tools leave out a chip that is not `PRESENT`."""

    PRESENT = "present"
    NOT_EXIST = "not-exist"
    """The health call says that there is no such device."""
    HEALTH_FAILS = "health-fails"
    """The health call returns an error; `hccn_tool` waits for it without end."""
    OCCUPIED = "occupied"
    """The board call says that another container has the device."""


@attrs.define
class Chip:
    """One chip of a card. Memory in MiB, rates in percent; `health` is the printed word.

    `query_failures` names driver calls (`dsmi_get_hbm_info`) that fail, with the driver's code: 7 inner, 16 timeout,
    51 not ready, 87 occupied, 65534 not supported, 1 no device. `fault_events` is None where the driver has no list of
    alarms. `device_share` and `p2p_mem_cfg` are None where the driver does not know the setting.
    """

    npu: int
    chip: int
    logic_id: int
    phy_id: int
    name: str
    bus_id: str
    health: str = "OK"
    fault_codes: List[int] = attrs.field(factory=list)
    power_w: float = 91.2
    temp_c: int = 43
    aicore_pct: int = 0
    aivector_pct: int = 0
    aicube_pct: int = 0
    aicpu_pct: int = 0
    ctrlcpu_pct: int = 2
    vectorcore_pct: int = 3
    npu_pct: int = 0
    memory_pct: int = 11
    hbm_pct: int = 5
    hbm_bandwidth_pct: int = 0
    hugepages: Tuple[int, int] = (0, 0)
    memory_mb: Tuple[int, int] = (0, 0)
    hbm_mb: Tuple[int, int] = (3391, 65536)
    processes: List[Process] = attrs.field(factory=list)
    ecc: Ecc = attrs.field(factory=Ecc)
    sensors: Sensors = attrs.field(factory=Sensors)
    clocks: Clocks = attrs.field(factory=Clocks)
    aicore_count: int = 20
    voltage_v: float = 0.84
    hbm_manufacturer_id: int = 0x56
    ddr_total_mb: int = 0
    flashes: List[Flash] = attrs.field(factory=lambda: [Flash()])
    pcie_errors: PcieErrors = attrs.field(factory=PcieErrors)
    fault_events: Optional[List[FaultEvent]] = None
    device_share: Optional[bool] = None
    p2p_mem_cfg: Optional[bool] = None
    hccs: Hccs = attrs.field(factory=Hccs)
    sio: Sio = attrs.field(factory=Sio)
    sdid: Optional[int] = None
    """The id in the super pod where it is not the one that follows from the place of the chip."""
    certificate: Optional[ChipCertificate] = attrs.field(factory=ChipCertificate)
    presence: Presence = Presence.PRESENT
    query_failures: Dict[str, int] = attrs.field(factory=dict)
