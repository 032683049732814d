"""`hccn_tool -optical -g v2`: flags and readings as two tables, powers in dBm (vendor source, tool_optical.c)."""

from __future__ import annotations

import math
import struct
from typing import List, Optional, Sequence

from ascend_doctor.simulator.hardware import TEMPERATURE_UNREADABLE, Optic
from ascend_doctor.simulator.hccn_tool import wavering
from ascend_doctor.simulator.hccn_tool.optical import LANES, has_diagnostics
from ascend_doctor.simulator.hccn_tool.outcome import NO_CONTROL_LINK, Outcome, Request

_DOUBLE, _SINGLE = "=" * 92, "-" * 92
_NONE = "-"
_MV = 1000


def optical_v2(request: Request) -> Outcome:
    """Return the flags of each lane and the readings with their limits."""
    optic = wavering.at(request.port.optic, request.now)
    if not optic.reachable:
        return NO_CONTROL_LINK
    lines = [
        _DOUBLE,
        "State-flag Diagnostic Monitoring:",
        _SINGLE,
        "Items            Status",
        _SINGLE,
        _flags(optic, "TxFault Flag", optic.tx_fault, halved=True),
        _flags(optic, "RxLos Flag", optic.rx_los, halved=True),
        _flags(optic, "TxLos Flag", optic.tx_los),
        _flags(optic, "TxLol Flag", optic.tx_lol),
        _flags(optic, "RxLol Flag", optic.rx_lol, halved=True),
        f"High power enable reg: {'enabled' if optic.high_power else 'not enabled'}",
        _SINGLE,
        _DOUBLE,
        "Digital Diagnostic Monitoring:",
        _SINGLE,
        "Items               Value       HighAlarm   HighWarn    LowAlarm    LowWarn     Status",
        *_readings(optic),
    ]
    return Outcome(lines)


def _flags(optic: Optic, name: str, bits: int, *, halved: bool = False) -> str:
    """Return one flag of each lane; on a module with two lanes a port, the other two have none."""
    words = [
        _NONE
        if not has_diagnostics(optic) or (halved and optic.two_lanes and lane > 1)
        else ("Abnormal" if bits >> lane & 1 else "Normal")
        for lane in range(LANES)
    ]
    return f"{name:<12}     {'| '.join(f'{word:<10}' for word in words)}"


def _row(name: str, *values: Optional[float]) -> str:
    cells = [_NONE if value is None else f"{_float32(value):.2f}" for value in values]
    cells += [_NONE] * (6 - len(cells))
    return f"{name:<20}" + "".join(f"{cell:<12}" for cell in cells)


def _float32(value: float) -> float:
    """Return a number as the tool computes with it, which decides how a half is rounded."""
    rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    return rounded


def _readings(optic: Optic) -> List[str]:
    limits, known = optic.thresholds, has_diagnostics(optic)
    lines = [
        _row(
            "Temperature(C)",
            optic.temperature_c,
            limits.temp_high_alarm_c,
            limits.temp_high_c,
            limits.temp_low_alarm_c,
            limits.temp_low_c,
        )
        if known and optic.temperature_c != TEMPERATURE_UNREADABLE
        else _row("Temperature(C)"),
        _row(
            "Voltage(V)",
            optic.vcc_mv / _MV,
            limits.vcc_high_alarm_mv / _MV,
            limits.vcc_high_mv / _MV,
            limits.vcc_low_alarm_mv / _MV,
            limits.vcc_low_mv / _MV,
        )
        if known
        else _row("Voltage(V)"),
    ]
    bias = (limits.bias_high_alarm_ma, limits.bias_high_ma, limits.bias_low_alarm_ma, limits.bias_low_ma)
    rx_limits = (
        limits.rx_power_high_alarm_mw,
        limits.rx_power_high_mw,
        limits.rx_power_low_alarm_mw,
        limits.rx_power_low_mw,
    )
    tx_limits = (
        limits.tx_power_high_alarm_mw,
        limits.tx_power_high_mw,
        limits.tx_power_low_alarm_mw,
        limits.tx_power_low_mw,
    )
    lines += _lanes(optic, "Bias lane{}(mA)", optic.tx_bias_ma, bias)
    lines += _lanes(optic, "RxPower Lane{}(dBm)", _dbm(optic.rx_power_mw), _dbm(rx_limits))
    lines += _lanes(optic, "TxPower Lane{}(dBm)", _dbm(optic.tx_power_mw), _dbm(tx_limits))
    for lane in range(LANES):
        missing = optic.media_snr_db is None or (optic.two_lanes and lane > 1)
        lines.append(_row(f"MediaSNR Lane{lane}(dB)", None if missing else (optic.media_snr_db or ())[lane]))
    for lane in range(LANES):
        lines.append(_row(f"HostSNR Lane{lane}(dB)", None if optic.host_snr_db is None else optic.host_snr_db[lane]))
    return lines


def _lanes(optic: Optic, name: str, values: Sequence[float], limits: Sequence[float]) -> List[str]:
    shown = 0 if not has_diagnostics(optic) else 2 if optic.two_lanes else LANES
    return [
        _row(name.format(lane), values[lane], *limits) if lane < shown else _row(name.format(lane))
        for lane in range(LANES)
    ]


def _dbm(powers_mw: Sequence[float]) -> List[float]:
    return [10 * math.log10(power) if power > 0 else -math.inf for power in powers_mw]
