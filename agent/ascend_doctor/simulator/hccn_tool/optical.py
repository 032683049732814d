"""`hccn_tool -optical -g`: the optical module of a port (vendor source, tool.c and tool_roce.c)."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

from ascend_doctor.simulator.hardware import TEMPERATURE_UNREADABLE, TEMPERATURE_UNSUPPORTED, Optic
from ascend_doctor.simulator.hccn_tool import wavering
from ascend_doctor.simulator.hccn_tool.outcome import NO_CONTROL_LINK, Outcome, Request

LANES = 4
"""How many lanes of a module belong to a port."""
_Rows = List[Tuple[str, str]]


def optical(request: Request) -> Outcome:
    """Return what the module says of itself; without diagnostics the readings are NA."""
    optic = wavering.at(request.port.optic, request.now)
    if not optic.reachable:
        return NO_CONTROL_LINK
    rows = _identity(optic)
    lines = ["optical info:"]
    if has_diagnostics(optic):
        rows += _readings(optic)
        # The one key that is wider than its column, and the only one without a blank before its colon.
        lines += [*_lines(rows), "Specification compliance: 0x00 0x00 0x00 0x00 0x00 0x00 0x00 0x00"]
    else:
        lines += _lines(rows + [(key, "NA") for key in _WITHOUT_DIAGNOSTICS])
    return Outcome(lines)


def has_diagnostics(optic: Optic) -> bool:
    """Whether the tool prints readings at all."""
    return optic.present and optic.temperature_c != TEMPERATURE_UNSUPPORTED and optic.vcc_mv != 0


def _lines(rows: Sequence[Tuple[str, str]]) -> List[str]:
    return [f"{key:<21}: {value}" for key, value in rows]


def _identity(optic: Optic) -> _Rows:
    return [
        ("present", "present" if optic.present else "not present"),
        ("temperature", _temperature(optic)),
        ("high power enable reg", "enabled" if optic.high_power else "not enabled"),
        ("vendor name", optic.vendor),
        ("vendor part number", optic.part_number),
        ("vendor serial number", optic.serial_number),
        ("vendor org unique id", " ".join(f"{byte:#x}" for byte in optic.organisation_id)),
        ("xsfp identifier", optic.identifier),
        ("xsfp wave length", f"{optic.wavelength_nm} nm"),
        ("manufact date code", optic.date_code),
    ]


def _temperature(optic: Optic) -> str:
    if optic.temperature_c == TEMPERATURE_UNSUPPORTED:
        return "not supported"
    if not optic.present:
        return "NA"
    if optic.temperature_c == TEMPERATURE_UNREADABLE:
        return "get failed"
    return f"{optic.temperature_c} C"


_WITHOUT_DIAGNOSTICS = (
    "Vcc",
    "Tx Power",
    "Rx Power",
    "Vcc High Thres",
    "Vcc Low Thres",
    "Temp High Thres",
    "Temp Low Thres",
    "TxPower High Thres",
    "TxPower Low Thres",
    "RxPower High Thres",
    "RxPower Low Thres",
)


def _readings(optic: Optic) -> _Rows:
    limits = optic.thresholds
    rows: _Rows = [("Vcc", f"{optic.vcc_mv:.2f} mV")]
    for lane in range(LANES):
        rows += [
            (f"Tx Power{lane}", _lane(optic, optic.tx_power_mw, lane, "mW")),
            (f"Rx Power{lane}", _lane(optic, optic.rx_power_mw, lane, "mW")),
        ]
    rows += [
        ("Vcc High Thres", f"{limits.vcc_high_mv:.2f} mV"),
        ("Vcc Low Thres", f"{limits.vcc_low_mv:.2f} mV"),
        ("Temp High Thres", f"{limits.temp_high_c} C"),
        ("Temp Low Thres", f"{limits.temp_low_c} C"),
        ("TxPower High Thres", f"{limits.tx_power_high_mw:.4f} mW"),
        ("TxPower Low Thres", f"{limits.tx_power_low_mw:.4f} mW"),
        ("RxPower High Thres", f"{limits.rx_power_high_mw:.4f} mW"),
        ("RxPower Low Thres", f"{limits.rx_power_low_mw:.4f} mW"),
        *((f"Tx Bias{lane}", _lane(optic, optic.tx_bias_ma, lane, "mA")) for lane in range(LANES)),
        ("Tx Los Flag", f"{optic.tx_los:#x}"),
        ("Rx Los Flag", f"{optic.rx_los:#x}"),
        ("Tx LoL Flag", f"{optic.tx_lol:#x}"),
        ("Rx LoL Flag", f"{optic.rx_lol:#x}"),
        *((f"Host SNR Lane{lane}", _snr(optic.host_snr_db, lane)) for lane in range(LANES)),
        *((f"Media SNR Lane{lane}", _media_snr(optic, lane)) for lane in range(LANES)),
        ("Physical Code", "NA"),
        ("vendor rev", "NA"),
    ]
    return rows


def _lane(optic: Optic, values: Sequence[float], lane: int, unit: str) -> str:
    return "NA" if optic.two_lanes and lane > 1 else f"{values[lane]:.4f} {unit}"


def _snr(values: Optional[Sequence[float]], lane: int) -> str:
    return "not supported" if values is None else f"{values[lane]:.4f} dB"


def _media_snr(optic: Optic, lane: int) -> str:
    if optic.media_snr_db is not None and optic.two_lanes and lane > 1:
        return "NA"
    return _snr(optic.media_snr_db, lane)
