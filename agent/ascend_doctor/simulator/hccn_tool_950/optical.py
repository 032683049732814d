"""`hccn_tool -g -optical` about a port of the 950: flags and readings lane by lane (vendor source, tool_optical.c)."""

from __future__ import annotations

from typing import List, Optional, Tuple

from ascend_doctor.simulator.hccn_tool.outcome import Outcome
from ascend_doctor.simulator.hccn_tool_950.frames import PORT, frame
from ascend_doctor.simulator.hccn_tool_950.request import Question

_NO_PORT = Outcome(
    err=("target port is invalid, please check.", "Enter [ hccn_tool -h -optical ] for more details."), code=13
)
_HEAD = (*PORT, "Items", "Value", "HighAlarm", "HighWarn", "LowWarn", "LowAlarm", "Status", "Optical_use")
_TX_LIMITS = (7.0, 5.5, -4.6005, -7.5995)
_RX_LIMITS = (7.0, 5.5, -6.3997, -9.4006)
_BIAS_LIMITS = (12.0, 11.0, 1.0, 0.5)
_ABSENT = ("-",) * 6


def optical(question: Question) -> Outcome:
    """Return the flags and the readings of all lanes; a port without light is no optical one, and is refused."""
    port = question.the_port
    if not port.light:
        return _NO_PORT
    lanes = [f"Lane{lane}" for lane in range(len(port.light))]
    flags = []
    for name in ("TxFault", "TxLos", "RxLos", "TxLol", "RxLol"):
        raised = [light.rx_los and name in ("RxLos", "RxLol") for light in port.light]
        flags.append((*question.place, f"{name} Flag", *("Abnormal" if one else "Normal" for one in raised)))
    rows: List[Tuple[object, ...]] = []
    for lane, light in enumerate(port.light):
        use = f"optical_{9 + lane // 2}_lane_{lane % 2 + 4}"
        rows.append((*question.place, f"Bias Lane{lane}(mA)", *_reading(light.bias_ma, _BIAS_LIMITS), use))
    for lane, light in enumerate(port.light):
        rows.append((*question.place, f"TxPower Lane{lane}(dBm)", *_reading(light.tx_dbm, _TX_LIMITS), "-"))
    for lane, light in enumerate(port.light):
        rows.append((*question.place, f"RxPower Lane{lane}(dBm)", *_reading(light.rx_dbm, _RX_LIMITS), "-"))
    for lane, light in enumerate(port.light):
        rows.append((*question.place, f"HostSNR Lane{lane}(dB)", f"{light.host_snr_db:.4f}", *_ABSENT))
    for lane, light in enumerate(port.light):
        rows.append((*question.place, f"MediaSNR Lane{lane}(dB)", f"{light.media_snr_db:.4f}", *_ABSENT))
    return Outcome((*frame((*PORT, "Items", *lanes), flags), *frame(_HEAD, rows)))


def _reading(value: Optional[float], limits: Tuple[float, float, float, float]) -> Tuple[str, ...]:
    text = "-inf" if value is None else f"{value:.4f}"
    normal = value is not None and limits[3] <= value <= limits[0]
    return (text, *(f"{limit:.4f}" for limit in limits), "Normal" if normal else "Abnormal")
