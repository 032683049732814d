"""Frames of a port arrive damaged or are refused.

What it reads: `hccn_tool -i N -stat -g`, and how it has grown since the answers before: `mac_rx_fcs_err_pkt_num`,
    `mac_rx_bad_pkt_num`, `mac_tx_bad_pkt_num`, `roce_rx_err_pkt_num`, `roce_tx_err_pkt_num`,
    `roce_verification_err_num`, `roce_qp_status_err_num`.

Why it matters: what is damaged has to be sent again; too much of it ends the job (EI0013, retransmission exceeded).

What to do: look at the received light of this port and at the sent light of the other end, clean the fibre, then
    replace the cable. Bad frames that the port itself sends point at this side.

Disruption: pulling the fibre interrupts the network of the NPU.

Limits: only growth counts, never what has been counted since the start. Any growth between the two newest answers
    warns. Frames damaged in each of `windows` windows in a row fail, and so does a share above `max_share` of the
    received frames, if they are at least `min_frames`. All three are our own policy. Packets sent again or out of
    order are normal in a busy network and are not judged.

Sources: hicann/driver, tool.c (the counters); Ascend/mind-cluster, collector_for_roce.go.
"""

from __future__ import annotations

from typing import Iterator, Sequence

import attrs

from ascend_doctor.checks import ports
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.growth import Window, nothing_to_compare, windows
from ascend_doctor.checks.outcome import failed, missing, passed, skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import stat
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Disruption, Status
from ascend_doctor.model.subject import Subject
from ascend_doctor.model.wording import counted

CLEAN = Remedy(
    "Look at the received light of this port and at the sent light of the other end; clean the fibre's ends, then "
    "replace the cable.",
    "",
    Disruption.TRAFFIC,
)
RECEIVED, SENT = "mac_rx_total_pkt_num", "mac_tx_bad_pkt_num"
DAMAGED = ("mac_rx_fcs_err_pkt_num", "mac_rx_bad_pkt_num")
REFUSED = ("roce_rx_err_pkt_num", "roce_tx_err_pkt_num", "roce_verification_err_num", "roce_qp_status_err_num")


@attrs.frozen
class Limits:
    """When damaged frames fail.

    `max_share`: their share of the received ones. `min_frames`: fewer never fail by share. `windows`: in how many
    windows in a row they fail by coming again and again.
    """

    max_share: float = 1e-6
    min_frames: int = 10
    windows: int = 3


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the growth of the error counters of every port."""
    for target, subject, facts in view.each(stat.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the count of errors", facts, view.quote(stat.SOURCE, target))
        elif ports.unused(view, target):
            yield skipped(subject, ports.UNUSED)
        else:
            found = windows(facts, view.earlier(stat.SOURCE, target), lambda answer: answer.counters)
            yield _judge(view, target, subject, found, limits) if found else nothing_to_compare(subject)


def damaged(window: Window) -> float:
    """Return how many frames were damaged: a frame with a wrong checksum counts as a bad one too."""
    return max(window.total(name) for name in DAMAGED) + window.total(SENT)


def _judge(view: NodeView, target: Target, subject: Subject, found: Sequence[Window], limits: Limits) -> Finding:
    newest = found[0]
    broken, refused = int(damaged(newest)), int(newest.total(*REFUSED))
    if not broken + refused:
        return passed(subject, f"no errors in the last {newest.seconds:.0f} seconds", observed=0)
    often = len(found) >= limits.windows and all(damaged(window) > 0 for window in found[: limits.windows])
    share = broken / max(newest.total(RECEIVED), 1.0)
    many = broken >= limits.min_frames and share > limits.max_share
    grown = [name for name in (*DAMAGED, SENT, *REFUSED) if newest.total(name) > 0]
    return failed(
        subject,
        f"{counted(broken, 'damaged frame')} and {counted(refused, 'refused packet')} in the last "
        f"{newest.seconds:.0f} seconds{', as in the windows before' if often else ''}",
        expected="counters of errors that do not grow",
        remedies=[CLEAN],
        observed=broken + refused,
        quotes=view.quote(stat.SOURCE, target, *grown),
        status=Status.FAIL if often or many else Status.WARN,
    )


CHECK = Check(
    id="roce.errors",
    reads=(stat.SOURCE, *ports.USE),
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    own_limits=("max_share", "min_frames", "windows"),
    metric="npu_roce_errors",
)
