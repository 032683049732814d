"""The values behind the tools' answers: what a simulated machine knows about itself.

Mutable on purpose: a fault changes values, and every answer is made from the values at that moment.
Values are as the driver returns them, below the tools: the tools' own conversions are the renderers' work.
"""

from __future__ import annotations

import enum
from typing import Dict, List, Mapping, Optional, Tuple

import attrs

from ascend_doctor.model.product import Generation


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
    51 not ready, 87 occupied, 65534 not supported, 1 no device.
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
    presence: Presence = Presence.PRESENT
    query_failures: Dict[str, int] = attrs.field(factory=dict)


class LinkEvent(enum.Enum):
    """A change of the link in its history."""

    UP = "LINK UP"
    DOWN = "LINK DOWN"


@attrs.define
class Certificate:
    """A TLS certificate in the device. `start` and `end` are its words for times in GMT: `Thu Jan  1 00:00:00 2026`."""

    subject: str
    issuer: str
    start: str
    end: str


@attrs.define
class Thresholds:
    """The limits that an optical module states for itself, of a warning and of an alarm, in the units of `Optic`."""

    vcc_high_mv: float = 3465.0
    vcc_low_mv: float = 3135.0
    temp_high_c: int = 70
    temp_low_c: int = 0
    tx_power_high_mw: float = 2.5119
    tx_power_low_mw: float = 0.2455
    rx_power_high_mw: float = 2.5119
    rx_power_low_mw: float = 0.2042
    vcc_high_alarm_mv: float = 3630.0
    vcc_low_alarm_mv: float = 2970.0
    temp_high_alarm_c: int = 75
    temp_low_alarm_c: int = -5
    tx_power_high_alarm_mw: float = 3.1623
    tx_power_low_alarm_mw: float = 0.195
    rx_power_high_alarm_mw: float = 3.1623
    rx_power_low_alarm_mw: float = 0.1445
    bias_high_alarm_ma: float = 13.0
    bias_high_ma: float = 12.0
    bias_low_alarm_ma: float = 2.0
    bias_low_ma: float = 3.0


TEMPERATURE_UNSUPPORTED = 0x7EFF
TEMPERATURE_UNREADABLE = 0x7FFF


@attrs.define
class Optic:
    """The optical module of a port, in milliwatts, milliamperes, millivolts, dB and degrees Celsius; a value per lane.

    A module without a sensor has the temperature `TEMPERATURE_UNSUPPORTED`; one that cannot be read,
    `TEMPERATURE_UNREADABLE`. A voltage of 0 means that the module has no diagnostics. SNR is None where the module does
    not measure it. `two_lanes` marks a DR4 module in which a port has two lanes. `reachable` is False when the device
    cannot talk to the module.
    """

    present: bool = True
    reachable: bool = True
    temperature_c: int = 41
    high_power: bool = True
    vendor: str = "VENDOR-A"
    part_number: str = "PN-200G-SR4"
    serial_number: str = "SN0123456789"
    organisation_id: Tuple[int, int, int] = (0x00, 0x17, 0x6A)
    identifier: str = "QSFP+ or later"
    wavelength_nm: int = 850
    date_code: str = "260101"
    vcc_mv: float = 3265.0
    tx_power_mw: List[float] = attrs.field(factory=lambda: [1.0] * 4)
    rx_power_mw: List[float] = attrs.field(factory=lambda: [0.9] * 4)
    tx_bias_ma: List[float] = attrs.field(factory=lambda: [7.5] * 4)
    host_snr_db: Optional[List[float]] = attrs.field(factory=lambda: [20.5, 21.5, 22.5, 23.5])
    media_snr_db: Optional[List[float]] = attrs.field(factory=lambda: [22.25, 23.25, 24.25, 25.25])
    two_lanes: bool = False
    thresholds: Thresholds = attrs.field(factory=Thresholds)
    tx_los: int = 0
    rx_los: int = 0
    tx_lol: int = 0
    rx_lol: int = 0
    tx_fault: int = 0


@attrs.define
class Port:
    """The RoCE port of one NPU. Addresses are empty when unset.

    `speed_mbps` is None when the device does not know it, `net_health` the device's word, or None when the call fails.
    `link_history` is (device time in epoch seconds, event), newest first. `call_failures` is what the call to the
    device returns, by the command's word (`link`) or `*` for all of them: -1, -2 (no such entry), -16 (busy),
    -95 (not supported), 256 (the lock is taken).
    """

    link_up: bool = True
    speed_mbps: Optional[int] = 200000
    address: str = ""
    netmask: str = "255.255.255.0"
    gateway: str = ""
    netdetect: str = ""
    net_health: Optional[str] = "Success"
    lldp: str = ""
    """The text that the device passes on from its neighbour, empty when it hears none."""
    tls_switch: int = 0
    tls_alarm_days: int = 60
    certificates: List[Certificate] = attrs.field(factory=list)
    optic: Optic = attrs.field(factory=Optic)
    counters: Dict[str, int] = attrs.field(factory=dict)
    link_up_count: int = 1
    link_down_count: int = 0
    link_history: List[Tuple[float, LinkEvent]] = attrs.field(factory=list)
    call_failures: Dict[str, int] = attrs.field(factory=dict)


@attrs.frozen
class Board:
    """What the boards and the board controller (MCU) of a card say; the same for every card of a machine.

    `card_board_id` is the id that the MCU gives, `board_id` the one that the chip gives. `pcb` is a letter.
    `npu_name` is the model number that A3 and A5 print. `ub_bus` marks a board without PCIe addresses.
    """

    board_id: int
    card_board_id: int
    main_board_id: int
    pci_device_id: int
    pcb: str = "A"
    bom_id: int = 1
    vendor_id: int = 0x19E5
    subsystem_vendor_id: int = 0x0200
    subsystem_device_id: int = 0x0100
    mcu_version: str = "25.2.9"
    npu_name: str = ""
    chip_version: str = "V1"
    die_id: str = "A7B3C1D0 20A04B10 51C4D2E8 9A3B0010 0102003F"
    ub_bus: bool = False


@attrs.define
class Answer:
    """What a tool prints and how it ends. `delay_s` is how long it takes; `hangs` that it never ends by itself."""

    stdout: bytes = b""
    stderr: bytes = b""
    exit_code: int = 0
    delay_s: float = 0.0
    hangs: bool = False


@attrs.define
class Machine:
    """A whole node: its chips, the port of each by phy-id, and the versions its tools and files show.

    `tool_generation` is the generation that the installed `npu-smi` was built for. `init_failure` is the driver's code
    of the start-up call that fails, None when all succeed. `install_status` is `Driver_Install_Status` of
    `/etc/ascend_install.info`, None without that file. With `independent_dies` the loss of one die of an A3 leaves the
    other. `all_commands` is False for the published build of `hccn_tool`, which lacks some commands.
    """

    name: str
    generation: Generation
    board: Board
    tool_version: str = "25.5.0"
    tool_generation: Optional[Generation] = None
    driver_version: str = "25.5.1"
    running_driver_version: str = "25.5.1"
    firmware_version: str = "7.8.0.3.220"
    running_firmware_version: str = "7.8.0.3.220"
    compatibility: str = "OK"
    chips: List[Chip] = attrs.field(factory=list)
    ports: Dict[int, Port] = attrs.field(factory=dict)
    hccn_conf: Dict[int, Dict[str, str]] = attrs.field(factory=dict)
    """What `/etc/hccn.conf` says, by phy-id: settings by their names without the suffix, in the order of the file."""
    install_status: Optional[str] = "complete"
    root: bool = True
    home: Optional[str] = None
    """A home of the caller that is no folder, of which `hccn_tool` warns; None when there is nothing to warn of."""
    in_container: bool = False
    init_failure: Optional[int] = None
    independent_dies: bool = False
    all_commands: bool = True
    boot_time: float = 1_766_966_400.0
    machine: str = "aarch64"
    kernel: str = "5.10.0-216.0.0.115.oe2203sp4.aarch64"
    fault_texts: Mapping[int, str] = attrs.field(factory=dict)
    """The descriptions that the driver has of fault codes."""

    def chip(self, phy_id: int) -> Chip:
        """Return the chip with this phy-id. Raises KeyError when there is none."""
        for chip in self.chips:
            if chip.phy_id == phy_id:
                return chip
        raise KeyError(phy_id)

    def cards(self) -> List[int]:
        """Return the card ids, each once, in order."""
        return list(dict.fromkeys(chip.npu for chip in self.chips))

    def chips_of(self, npu: int) -> List[Chip]:
        """Return the chips of one card."""
        return [chip for chip in self.chips if chip.npu == npu]
