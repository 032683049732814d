"""`hccn_tool -stat -g` and `hccn_tool -link_stat -g`: what has passed through a port, and how its link changed."""

from __future__ import annotations

import time
from typing import Dict, Tuple

from ascend_doctor.simulator.hccn_tool.outcome import Outcome, Request

_PRIORITIES = range(8)

_RENAMED: Dict[str, str] = {
    "roce_err_ack_num": "roce_unexpected_ack_num",
    "roce_err_psn_num": "roce_out_of_order_num",
    "roce_err_qp_status_num": "roce_qp_status_err_num",
}

_NAMES = (
    "mac_tx_mac_pause_num",
    "mac_rx_mac_pause_num",
    "mac_tx_pfc_pkt_num",
    *(f"mac_tx_pfc_pri{priority}_pkt_num" for priority in _PRIORITIES),
    "mac_rx_pfc_pkt_num",
    *(f"mac_rx_pfc_pri{priority}_pkt_num" for priority in _PRIORITIES),
    "mac_tx_total_pkt_num",
    "mac_tx_total_oct_num",
    "mac_tx_bad_pkt_num",
    "mac_tx_bad_oct_num",
    "mac_rx_total_pkt_num",
    "mac_rx_total_oct_num",
    "mac_rx_bad_pkt_num",
    "mac_rx_bad_oct_num",
    "mac_rx_fcs_err_pkt_num",
    "roce_rx_rc_pkt_num",
    "roce_rx_all_pkt_num",
    "roce_rx_err_pkt_num",
    "roce_tx_rc_pkt_num",
    "roce_tx_all_pkt_num",
    "roce_tx_err_pkt_num",
    "roce_cqe_num",
    "roce_rx_cnp_pkt_num",
    "roce_tx_cnp_pkt_num",
    "roce_err_ack_num",
    "roce_err_psn_num",
    "roce_verification_err_num",
    "roce_err_qp_status_num",
    "roce_new_pkt_rty_num",
    "roce_ecn_db_num",
    "nic_tx_all_pkg_num",
    "nic_tx_all_oct_num",
    "nic_rx_all_pkg_num",
    "nic_rx_all_oct_num",
)

COUNTERS: Tuple[Tuple[str, str], ...] = tuple((_RENAMED.get(name, name), name) for name in _NAMES)
"""The counters in the order of the answer: the name that is printed, and the device's name for it."""

_COUNTER_LIMIT = 1 << 64
_MAX_RECORDS = 10


def stat(request: Request) -> Outcome:
    """Return all counters; one that the device does not know is 0."""
    counters = request.port.counters
    lines = [f"{printed}:{counters.get(name, 0) % _COUNTER_LIMIT}" for printed, name in COUNTERS]
    return Outcome(("packet statistics:", *lines))


def link_stat(request: Request) -> Outcome:
    """Return the changes of the link, newest first, in the device's time (UTC on the simulated device)."""
    port, mark = request.port, f"[devid {request.phy_id}]"
    records = port.link_history[:_MAX_RECORDS]
    lines = [
        f"{mark}current time        : {_text(request.now)}",
        f"{mark}link up count       : {port.link_up_count}",
        f"{mark}link down count     : {port.link_down_count}",
        f"{mark}link change records :{'' if records else ' NA'}",
        *(f"{mark}    {_text(when)}    {event.value}" for when, event in records),
    ]
    return Outcome(lines)


def _text(seconds: float) -> str:
    return time.asctime(time.gmtime(seconds))
