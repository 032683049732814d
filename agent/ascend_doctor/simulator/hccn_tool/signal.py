"""`hccn_tool -serdes -g`, `-scdr -t 5` and `-down_data -g`: the electrical signal, and what it was like at a loss.

Vendor source: tool_ops_ext.c and tool_scdr.c.
"""

from __future__ import annotations

import math
from typing import List, Optional

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hccn_tool.outcome import DENIED, UNSUPPORTED, Outcome, Request
from ascend_doctor.simulator.hccn_tool.usage import unknown_option, wrong_count

_WIDTH = 51
ATLAS_9000 = (0x1C, 0x1D)
"""Main boards of the Atlas 9000 A3, on which an NPU has two groups of lanes and keeps nothing of a lost link."""
_LANES = 4
_FAILED = Outcome(err=("Cmd execute failed!",), code=2)
"""How `-serdes` tells a failed call: it asks the device by another way than the other commands."""

REGISTERS = (
    "ber_cnt",
    "err_block_cnt",
    "e_blk_cnt",
    "dec_err_blk_cnt",
    "test_err_cnt",
    "lane_bip_err_cnt",
    "pcs_link",
    "mac_link",
    "rf_lf",
)
"""What is kept of a loss of the link, in the order of the answer."""


def serdes(request: Request) -> Outcome:
    """Return the linear signal-to-noise measure of each lane of the NPU's receivers."""
    ratios = request.port.serdes_snr
    if ratios is None:
        return _FAILED
    lines = [f"----PHY {request.phy_id} RX SNR INFO:-----------------------------"]
    lanes = [f"npu serdes lane{lane}  :  {ratio:08}" for lane, ratio in enumerate(ratios)]
    if request.machine.board.main_board_id not in ATLAS_9000:
        return Outcome((*lines, *lanes, "-" * _WIDTH))
    for port in range(2):
        lines += [*lanes, "", "npu serdes speed  :  56.125G", "npu lane cnt      :  4"]
        lines.append(f"----THE SERDES INFO OF PORT {port}----------------------")
    return Outcome(lines)


def check_scdr(request: Request) -> Optional[Outcome]:
    """Return the tool's complaint about the words, None for `-t 5`; the other types are not simulated."""
    first, *words = request.words
    if first == "-g":
        return UNSUPPORTED
    if first not in ("-t", "--type"):
        return unknown_option("scdr")
    if len(words) != 1:
        return wrong_count("scdr")
    if words == ["5"]:
        return None
    return UNSUPPORTED if words[0] in ("4", "8") else DENIED if words[0] in tuple("012367") else unknown_option("scdr")


def scdr(request: Request) -> Outcome:
    """Return the signal in the retimer; boards of A2 and A1 have none."""
    retimer = request.port.retimer
    groups = (
        ("Cdr Host SNR Lane", retimer.host_snr, True),
        ("Cdr Media SNR Lane", retimer.media_snr, True),
        ("Cdr His Host SNR Lane", retimer.host_snr_history, not retimer.in_db),
        ("Cdr His Media SNR Lane", retimer.media_snr_history, not retimer.in_db),
    )
    has_one = request.machine.generation is Generation.A3
    lines: List[str] = []
    for name, ratios, measures in groups:
        for lane in range(_LANES):
            value = _ratio(ratios[lane], retimer.in_db) if has_one and measures else "not supported"
            lines.append(f"{name + str(lane + 1):<28}: {value}")
    return Outcome(lines)


def _ratio(linear: int, in_db: bool) -> str:
    if not in_db:
        return str(linear)
    return f"{10 * math.log10(linear) if linear else 0.0:.4f} dB"


def down_data(request: Request) -> Outcome:
    """Return what the device kept of each loss of the link, newest first."""
    if request.machine.board.main_board_id in ATLAS_9000:
        return UNSUPPORTED
    mark, downs = f"[devid {request.phy_id}]", request.port.link_downs
    if not downs:
        return Outcome((f"{mark} link down record : NA",))
    lines = [f"{mark} ======================", f"{mark} link down record :"]
    for number, registers in enumerate(downs):
        lines.append(f"[time {number}] =======================")
        lines += [f"[time {number}] {name:<16} : {registers.get(name, 0):#x}" for name in REGISTERS]
    return Outcome((*lines, f"[time {len(downs) - 1}] ======================="))
