"""The part of a note about `hccn_tool` that tells of traffic, signal and flow control."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ascend_doctor.simulator.hardware import Port
from ascend_doctor.simulator.hccn_tool.flow import EXTRA, RDMA

Truth = Mapping[str, Any]

_LOOPBACKS = (
    "no loopback mode",
    "host side input loopback mode",
    "media side output loopback mode",
    "host side output loopback mode",
    "media side input loopback mode",
)


def feed(port: Port, truth: Truth, argv: Sequence[str]) -> None:
    """Set what one run was fed with; what its note leaves out had the values of the run of a healthy A2."""
    values = truth.get("values") or ()
    port.counters.update(zip(EXTRA, values if "-stat_extra" in argv and values else range(1, len(EXTRA) + 1)))
    port.counters.update(zip(RDMA, values if "-hw_stats" in argv and values else range(3, len(RDMA) + 3)))
    for priority in range(8):
        port.counters[f"pfc_tx{priority}_us"] = 1000 * _at(truth, "tx_ms", priority)
        port.counters[f"pfc_rx{priority}_us"] = _at(truth, "rx_us", priority)
        port.counters[f"pfc_warn{priority}"] = _at(truth, "warn", priority, 0)
        port.counters[f"pfc_err{priority}"] = _at(truth, "err", priority, 0)
    port.bandwidth_mb_s = (truth.get("tx_mb_s", 1234.56), truth.get("rx_mb_s", 0.65))
    # The layer under the tool answered neither of these in any run.
    port.serdes_snr, port.optic.snr_query = None, None
    if "loopback" in truth:
        port.optic.loopback = _LOOPBACKS.index(truth["loopback"])
    port.optic.tx_disable = truth.get("tx_disable", 0)


def _at(truth: Truth, key: str, priority: int, otherwise: int = -1) -> int:
    """Return the value of a priority; a single one stands for all of them."""
    values = truth.get(key, priority + 1 if otherwise < 0 else otherwise)
    return int(values[priority] if isinstance(values, list) else values)
