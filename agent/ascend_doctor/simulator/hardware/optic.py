"""The optical module of a RoCE port."""

from __future__ import annotations

from typing import List, Optional, Tuple

import attrs


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
    cannot talk to the module. `tx_disable` are the lanes that somebody switched off, `loopback` is the number of the
    loopback mode. `snr_query` tells whether the device asks the module for its SNR, None where the call fails.
    `wavers` lets the readings vary a little with time, as those of a real module do.
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
    tx_disable: int = 0
    loopback: int = 0
    snr_query: Optional[bool] = True
    wavers: bool = False
