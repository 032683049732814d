"""`hccn_tool -stat_extra|-pfc_stat|-hw_stats|-bandwidth -g`: more of what passes through a port."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from ascend_doctor.simulator.hccn_tool.outcome import Outcome, Request
from ascend_doctor.simulator.hccn_tool.usage import invalid, unknown_option, wrong_count

_LIMIT = 1 << 64
_PRIORITIES = range(8)

EXTRA: Tuple[str, ...] = (
    "cw_total_cnt",
    "cw_before_correct_cnt",
    "cw_correct_cnt",
    "cw_uncorrect_cnt",
    "cw_bad_cnt",
    "trans_total_bit",
    "cw_total_correct_bit",
    "rx_full_drop_cnt",
    "pcs_err_cnt",
    "rx_send_app_good_pkts",
    "rx_send_app_bad_pkts",
)
"""The counters of the error correction, in the order of the answer."""

RDMA: Tuple[str, ...] = (
    *(f"{thing}_{event}" for thing in ("pd", "mr", "cq", "qp") for event in ("alloc", "dealloc")),
    *(f"{thing}_active" for thing in ("pd", "mr", "cq", "qp")),
    "aeqe",
    "ceqe",
)
"""The counters of RDMA objects, in the order of the answer."""

PFC: Tuple[Tuple[str, str], ...] = (
    *((f"tx_pfc{priority}_duration_time=", f"pfc_tx{priority}_us") for priority in _PRIORITIES),
    *((f"rx_pfc{priority}_duration_time=", f"pfc_rx{priority}_us") for priority in _PRIORITIES),
    *((f"tx_pfc{priority}_duration_warn_cnt: ", f"pfc_warn{priority}") for priority in _PRIORITIES),
    *((f"tx_pfc{priority}_duration_err_cnt: ", f"pfc_err{priority}") for priority in _PRIORITIES),
)
"""The lines of flow control: how each begins, and the device's name of its counter; times are in microseconds."""

_TIMES_MS = range(100, 10_001)
_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]{1,8}|[0-9]{1,9})\Z", re.ASCII)


def stat_extra(request: Request) -> Outcome:
    """Return the counters of the error correction and the share of corrected bits."""
    counters = {name: request.port.counters.get(name, 0) % _LIMIT for name in EXTRA}
    total, corrected = counters["trans_total_bit"], counters["cw_total_correct_bit"]
    rate = f"{corrected / total:.2e}" if total else "0"
    lines = [f"{name} : {value}" for name, value in counters.items()]
    return Outcome(("extra statistics info:", *lines, f"correcting_bit_rate : {rate}"))


def pfc_stat(request: Request) -> Outcome:
    """Return for how long flow control has stopped either side, by priority, and what the watchdog counted."""
    lines = []
    for begin, name in PFC:
        value = request.port.counters.get(name, 0)
        lines.append(f"{begin}{value / 1000:.3f}ms" if name.endswith("_us") else f"{begin}{value}")
    return Outcome(lines)


def hw_stats(request: Request) -> Outcome:
    """Return the counters of RDMA objects."""
    counters = request.port.counters
    return Outcome(tuple(f"[devid {request.phy_id}] {name}: {counters.get(name, 0) % _LIMIT}" for name in RDMA))


def check_bandwidth(request: Request) -> Optional[Outcome]:
    """Return the tool's complaint about the words, None when there is none: `-g`, or `-g time MILLISECONDS`."""
    first, *words = request.words
    if first != "-g":
        return unknown_option("bandwidth")
    if words[2:] or words[:1] not in ([], ["time"]):
        return _complaint(words[2] if words[0] == "time" else words[0])
    if words == ["time"]:
        usage = wrong_count("bandwidth")
        return Outcome(("param [time] has no value", *usage.out), usage.err, usage.code)
    if words and not (_NUMBER.match(words[1]) and int(words[1], 0) in _TIMES_MS):
        return invalid("bandwidth")
    return None


def _complaint(word: str) -> Outcome:
    said = f"re-define param [{word}]" if word == "time" else f"param [{word}] is invalid"
    usage = unknown_option("bandwidth")
    return Outcome((said, *usage.out), usage.err, usage.code)


def bandwidth(request: Request) -> Outcome:
    """Return what passes through the port, whatever the time of measuring is."""
    lines = []
    for direction, rate in zip(("TX", "RX"), request.port.bandwidth_mb_s):
        whole, hundredths = divmod(round(rate * 100), 100)
        lines.append(f"Bandwidth {direction}: {whole:5}.{hundredths:02} MB/sec")
    return Outcome(lines)
