"""What the 950's tool says of one port: its link, its speed, its history, its counters."""

from __future__ import annotations

import time
from typing import Dict, List

from ascend_doctor.simulator.hardware import LinkEvent
from ascend_doctor.simulator.hccn_tool.outcome import Outcome
from ascend_doctor.simulator.hccn_tool_950.frames import PORT, frame
from ascend_doctor.simulator.hccn_tool_950.request import Question

_RX = """
    ub_glb_ipv4_pkt_cnt_rx ub_glb_ipv6_pkt_cnt_rx unic_ipv4_pkt_cnt_rx unic_ipv6_pkt_cnt_rx ub_clan_pkt_cnt_rx
    ub_umoc_ctph_cnt_rx ub_umoc_ntph_cnt_rx ub_mem_pkt_cnt_rx unknown_pkt_cnt_rx drop_ind_cnt_rx err_ind_cnt_rx
    to_host_pkt_cnt_rx to_imp_pkt_cnt_rx to_mar_pkt_cnt_rx to_link_pkt_cnt_rx to_noc_pkt_cnt_rx route_err_cnt_rx
    out_err_cnt_rx length_err_cnt_rx rx_busi_flit_num rx_send_ack_flit
"""
_TX = """
    ub_glb_ipv4_pkt_cnt_tx ub_glb_ipv6_pkt_cnt_tx unic_ipv4_pkt_cnt_tx unic_ipv6_pkt_cnt_tx ub_clan_pkt_cnt_tx
    ub_umoc_ctph_cnt_tx ub_umoc_ntph_cnt_tx ub_mem_pkt_cnt_tx unknown_pkt_cnt_tx drop_ind_cnt_tx err_ind_cnt_tx
    lpbk_ind_cnt_tx out_err_cnt_tx length_err_cnt_tx tx_busi_flit_num tx_recv_ack_flit retry_req_sum retry_ack_sum
    crc_error_sum
"""
COUNTERS = (*_RX.split(), *_TX.split())
"""In the order of the vendor's document; the counters of a port without Ethernet."""

_STATES = 16
_WAITING = "Waiting for startup initialization (controlled by 0x400)."
_NOT_LINKED = 0x302
_SNR = (459_340, 421_056, 438_960, 432_264)
_TAPS = (1, -10, 48, 4, 0)


def link(question: Question) -> Outcome:
    """Return whether the port has its link."""
    return Outcome((f"link status: {'UP' if question.the_port.works else 'DOWN'}",))


def link_stat(question: Question) -> Outcome:
    """Return how often the link went up and down, and the newest changes. A cell stands in its column's middle."""
    port = question.the_port
    lines = [f"link up count :    {port.link_up_count}", f"link down count :  {port.link_down_count}"]
    rows = [
        (*(f" {number}" for number in question.place), f" {_WORDS[event]}", _date(at))
        for at, event in port.link_history
    ]
    return Outcome((*lines, *frame((*PORT, "Link_Status", "Time_Stamp"), rows, (3, 4, 4, 11, 23))))


_WORDS: Dict[LinkEvent, str] = {LinkEvent.UP: "LINK_UP", LinkEvent.DOWN: "LINK_DOWN"}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _date(at: float) -> str:
    moment = time.gmtime(at)
    clock = f"{moment.tm_hour:02}:{moment.tm_min:02}:{moment.tm_sec:02}"
    return f"{_DAYS[moment.tm_wday]} {_MONTHS[moment.tm_mon - 1]} {moment.tm_mday} {clock} {moment.tm_year}"


def speed(question: Question) -> Outcome:
    """Return the speed and the lanes."""
    port = question.the_port
    rate = f"{port.speed_gbps * port.lanes_now // port.lanes} G" if port.works else "unknown"
    width = f"X{port.lanes_now}" if port.works else "NA"
    state = "abnormal" if not port.works else "normal" if port.lanes_now == port.lanes else "downgraded"
    head = (*PORT, "Speed", "Cap", "Width", "Status")
    return Outcome(frame(head, [(*question.place, rate, f"X{port.lanes}", width, state)], (3, 4, 4, 7, 3, 5, 9)))


def fec(question: Question) -> Outcome:
    """Return the modes of the error correction."""
    head = (*PORT, "rs_mode", "auto_change_mode", "itlv_mode")
    return Outcome(frame(head, [(*question.place, "128 T4", "Static", "Interweave")]))


def serdes(question: Question) -> Outcome:
    """Return how well each lane sees its signal."""
    head = (*PORT, "Lane", "snr", "fir pre2", "fir pre1", "fir main", "fir post1", "fir post2")
    lanes = range(question.the_port.lanes)
    alive = question.the_port.lanes_now if question.the_port.works else 0
    rows = [(*question.place, lane, _SNR[lane % 4] if lane < alive else 0, *_TAPS) for lane in lanes]
    return Outcome(frame(head, rows))


def stat(question: Question) -> Outcome:
    """Return the counters since the start."""
    port = question.the_port
    lines = [f"{name}: {port.counters.get(name, 0)}" for name in COUNTERS]
    return Outcome(("packet statistics:", f"port_id: {port.port}", "is_uboe_port: 0", *lines))


def bit_err(question: Question) -> Outcome:
    """Return the counts of the error correction since the start."""
    port = question.the_port
    return Outcome(
        (
            "-------------------------- dl-bit_err --------------------------",
            f"port_id: {port.port:#x}",
            f"st_fec_decoding_fail_num: {port.uncorrected:#x}",
            f"st_fec_err_bit_num: {port.wrong_bits:#x}",
        )
    )


def bandwidth(question: Question) -> Outcome:
    """Return what passes through the port: an idle machine sends nothing."""
    received = 266.84 if question.the_port.works else 0.0
    return Outcome((f"Bandwidth TX: {0.0:10.2f} MB/sec", f"Bandwidth RX: {received:10.2f} MB/sec"))


def peak_bw(_question: Question) -> Outcome:
    """Return the most that has passed through the port."""
    return Outcome((f"Peak Bandwidth TX: {0.0:8.2f} MB/sec", f"Peak Bandwidth RX: {0.0:8.2f} MB/sec"))


def port_info(question: Question) -> Outcome:
    """Return the settings and states of the port, as the device writes them.

    The manual shows a port with its link; the words for one without are those of the vendor's tool for the same chip
    from below the operating system (vendor source, ubctl).
    """
    port = question.the_port
    on, linked = "on" if port.enabled else "off", "link" if port.works else "no link"
    lanes, now = f"X{port.lanes}", f"X{port.lanes_now}" if port.works else "unset"
    states = ["0x0003", "0x7310", "0x5002"] if port.works else ["0x0001", "0x0000", "0x0000"]
    states += ["0x0000"] * (_STATES - len(states))
    first = {
        "target_speed": f"LANE_{port.speed_gbps}G_{lanes}",
        "speed_ability": f"{port.speed_gbps}Gbps",
        "lane_num": lanes,
        "fec": "FEC RS",
        "sds_rate": "unset",
        "port_usage": "used" if port.enabled else "unused",
        "port_enable": on,
        "port_link": linked,
        "driver_type": "TYPE_NONE",
        "port_mode": "PORT_MODE_SHARED",
        "link_down_err": f"{_NOT_LINKED:#x}",
        "link_state": "".join(f"{state} " for state in states),
    }
    second = {
        "port_cna": f"{0x20 + port.port - 4 if port.port >= 4 else 0x10 + port.port:#x}",
        "clock_freq": "0x4a3",
        "fec": "FEC Mode 1 RS (128, 120,T=4)",
        "phy_mode_ctrl": "Mode2",
        "sds_rate": "106.25G",
        "cur_speed": "data rate8",
        "cur_tx_lane_num": now,
        "cur_rx_lane_num": now,
        "init_succ_tx_lane_num": now,
        "init_succ_rx_lane_num": now,
        "port_en": on,
        "port_mode": f"{lanes} 2port",
        "port_mode_en": on,
        "dl_link": linked,
        "phy_link": linked,
        "cur_port_type": "slave",
        "lstm_state": "LINK_ACTIVE" if port.works else "LINK_IDLE",
        "decoded_fail_block_num": f"{port.uncorrected:#x}",
        "fec_err": f"{port.wrong_bits:#x}",
        "retry_cnt": "0x0",
        "dl_link_fsm": "Initialization succeeded." if port.works else _WAITING,
    }
    lines: List[str] = [f"port_id: {port.port:#x}", "======================= UB PORT LINK INFO ======================="]
    lines += [f"{key}: {value}" for key, value in first.items()]
    lines.append("======================== UB DLPHY INFO ==========================")
    return Outcome((*lines, *(f"{key}: {value}" for key, value in second.items())))


def credit(_question: Question) -> Outcome:
    """Return the credits, of which an idle port uses none."""
    lines = ["link_alloc_port_share_credit:562", "link_cur_used_port_share_credit:0"]
    for number in range(16):
        lines += [f"link_alloc_vl_pri_credit({number}):28", f"link_cur_used_pri_credit({number}):0"]
    return Outcome(lines)


_DOWN = ("lane", "snr_metric", "metric_his_min", "err_avg", "cycles_avg", "heh_avg", "c3_ud_2csr", "c5_ud_2csr")


def down_data(question: Question) -> Outcome:
    """Return what the lanes saw when the link went down, at most the five newest times."""
    port = question.the_port
    head = f"udie {port.udie} port {port.port}"
    if not port.link_down_count:
        return Outcome((f"{head}: no down data", ""))
    lines: List[str] = []
    for number in range(min(port.link_down_count, 5)):
        rows = [(lane, _SNR[lane] if number else 0, 0 if number else -2, 0, 760, 80, 93, 3) for lane in range(4)]
        lines += [f"down data of {head} - log row {number}:", "", *frame(_DOWN, rows)]
    return Outcome(lines)


def adapt_status(question: Question) -> Outcome:
    """Return how the link came up, the last five times."""
    steps = (
        "L0:link_proc|L1:link_fail",
        "L0:link_proc|L1:wait_detect|L2:linkdown|L3:linkdown_off",
        "L0:link_proc|L1:start|L2:switch_speed|L3:switch_speed_off",
        "L0:switch_speed",
        "L0:start",
    )
    started = _date(question.machine.boot_time)
    head = (*PORT, "Index", "Time_Stamp")
    rows = [(*question.place, index, started, text) for index, text in enumerate(steps)]
    raised = [(*question.place, 0, started, "L0:start")]
    return Outcome(
        (
            "print the adapt status table:",
            *frame((*head, "Adapt status: UB"), rows),
            "print the lane raise table:",
            *frame((*head, "Adapt status: LANE raise"), raised, (3, 4, 4, 5, 23, 31)),
        )
    )


def su_ber(question: Question) -> Outcome:
    """Return the mode of the bit error test, or its result; nobody has started it."""
    if "-result" in question.words:
        head = (*PORT, "Lane", "Done", "Bit_err_cnt", "Err_symb_t4", "Frm_cnt", "Frm_bit", "Su_ber_rate")
        rows = [
            (*question.place, f"{lane:#x}", "0x0", "0x0", "0x0", "0x8000000", "0x400", "0.000000e+00", "0.000000e+00")
            for lane in range(4)
        ]
        return Outcome(frame((*head, "Su_err_frame_rate"), rows))
    return Outcome(frame((*PORT, "su_itlv_mode", "status"), [(*question.place, "non-itlv", "stop")], (3, 4, 4, 12, 9)))
