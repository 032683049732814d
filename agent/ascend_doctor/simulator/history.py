"""What a port remembers of its past: when its link changed, and what has passed through it."""

from __future__ import annotations

import functools
import random
from typing import Dict, Iterable, List, Tuple

import attrs

from ascend_doctor.simulator.hardware import LinkEvent

Interval = Tuple[float, float]
"""From when until when, in epoch seconds; the end may be infinite."""

LINK_UP_AFTER_BOOT_S = 10.0
"""How long after the boot the link comes up for the first time."""

_KEPT_RECORDS = 10
"""How many changes the device keeps (vendor source, the link_stat answer)."""


@attrs.frozen
class LinkHistory:
    """The past of one link: counts, the newest changes first, and how long it has been up in all, in seconds."""

    up_count: int
    down_count: int
    records: Tuple[Tuple[float, LinkEvent], ...]
    up_for_s: float


def link_history(booted_at: float, dark: Iterable[Interval], now: float) -> LinkHistory:
    """Work out the past of a link from the times at which it could not be up. Overlapping times count once."""
    events: List[Tuple[float, LinkEvent]] = []
    up_since = booted_at + LINK_UP_AFTER_BOOT_S
    up_for = 0.0
    for start, end in _merged(dark):
        if start >= now:
            break
        if start > up_since:
            events += [(up_since, LinkEvent.UP), (start, LinkEvent.DOWN)]
            up_for += start - up_since
        up_since = max(up_since, end)
    if up_since <= now:
        events.append((up_since, LinkEvent.UP))
        up_for += now - up_since
    ups = sum(event is LinkEvent.UP for _, event in events)
    newest_first = tuple(reversed(events[-_KEPT_RECORDS:]))
    return LinkHistory(ups, len(events) - ups, newest_first, up_for)


def _merged(intervals: Iterable[Interval]) -> List[Interval]:
    merged: List[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


_FRAME_BYTES = 512
_OVERHEAD_BYTES = 18

_SHARES: Tuple[Tuple[str, float, int], ...] = (
    # Counter, its share of the port's frames, bytes that each of them counts for (0: it counts frames).
    ("mac_tx_total_pkt_num", 1.0, 0),
    ("mac_tx_total_oct_num", 1.0, _FRAME_BYTES + _OVERHEAD_BYTES),
    ("mac_rx_total_pkt_num", 1.0, 0),
    ("mac_rx_total_oct_num", 1.0, _FRAME_BYTES + _OVERHEAD_BYTES),
    ("roce_rx_rc_pkt_num", 0.9, 0),
    ("roce_rx_all_pkt_num", 0.9, 0),
    ("roce_tx_rc_pkt_num", 0.9, 0),
    ("roce_tx_all_pkt_num", 0.9, 0),
    ("roce_cqe_num", 0.1, 0),
    ("nic_tx_all_pkg_num", 0.1, 0),
    ("nic_tx_all_oct_num", 0.1, _FRAME_BYTES),
    ("nic_rx_all_pkg_num", 0.1, 0),
    ("nic_rx_all_oct_num", 0.1, _FRAME_BYTES),
    ("rx_send_app_good_pkts", 1.0, 0),
    # A code word carries 514 bytes; one in a million needs a correction, of a single bit.
    ("cw_total_cnt", 1.03, 0),
    ("cw_before_correct_cnt", 1.03, 0),
    ("trans_total_bit", 1.0, (_FRAME_BYTES + _OVERHEAD_BYTES) * 8),
    ("cw_correct_cnt", 1e-6, 0),
    ("cw_total_correct_bit", 1e-6, 0),
)
_RDMA = {"pd": 12, "mr": 40, "cq": 24, "qp": 16}
"""How many objects of each kind a port has made since its start; a port without a job holds none."""
_MEGABYTE = 1e6


def traffic(seed: str, up_for_s: float) -> Dict[str, int]:
    """Return the counters of healthy traffic on a link that has been up for so long. Error counters stay 0.

    The rate belongs to the port: the same seed counts the same, and a longer time never counts less.
    """
    frames = int(_rate(seed) * max(up_for_s, 0.0))
    counters = {name: int(frames * share) * (size or 1) for name, share, size in _SHARES}
    for thing, count in _RDMA.items():
        counters[f"{thing}_alloc"] = counters[f"{thing}_dealloc"] = count
    return counters


def bandwidth(seed: str) -> Tuple[float, float]:
    """Return what the same port sends and receives while its link is up, in megabytes per second."""
    rate = _rate(seed) * (_FRAME_BYTES + _OVERHEAD_BYTES) / _MEGABYTE
    return rate, rate


@functools.lru_cache(maxsize=65536)
def _rate(seed: str) -> float:
    """Return how many frames pass each second, in either direction."""
    return random.Random(seed).uniform(800.0, 1200.0)  # noqa: S311 - no secret, and the same each time


def registers_of(history: LinkHistory) -> List[Dict[str, int]]:
    """Return what the device kept of each loss of the link that its records show: a local fault, no block decoded."""
    return [{"err_block_cnt": 0x3F, "rf_lf": 0x1} for _, event in history.records if event is LinkEvent.DOWN]
