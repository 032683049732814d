"""A port does not send and receive at the same time.

What it reads: `hccn_tool -i N -duplex -g`, and whether the link is up.

Why it matters: a port in half duplex waits for its neighbour and loses packets; RoCE does not work over it.

What to do: set the port of the switch to full duplex, or let both sides negotiate.

Disruption: setting the switch port interrupts the network of the NPU.

Limits: none. Without a link there is nothing to judge, nor where the mode was asked before the link came up.

Sources: hicann/driver, hccn_tool source; Ascend/mind-cluster toolkit, threshold_config.py.
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import ports
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed, skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import duplex, link
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Disruption

SET = Remedy("Set the port of the switch to full duplex, or let both sides negotiate.", "", Disruption.TRAFFIC)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the mode of every port."""
    for target, subject, facts in view.each(duplex.SOURCE):
        mode = facts if isinstance(facts, Missing) else facts.duplex
        quotes = view.quote(duplex.SOURCE, target)
        if ports.unused(view, target):
            yield skipped(subject, ports.UNUSED)
        elif not isinstance(mode, Missing) and mode == "Full":
            yield passed(subject, "sends and receives at the same time", observed=mode)
        elif not isinstance(mode, Missing):
            yield failed(
                subject,
                "runs in half duplex",
                expected="Duplex: Full",
                remedies=[SET],
                observed=mode,
                quotes=quotes,
            )
        elif not isinstance(facts, Missing) and ports.is_down(view, target):
            yield skipped(subject, "the link is down, so there is no mode")
        elif not isinstance(facts, Missing) and ports.is_older_than_link(view, target, duplex.SOURCE):
            yield skipped(subject, f"there is no mode: {ports.NOT_TOLD_SINCE}")
        else:
            yield missing(subject, "the duplex mode", mode, quotes)


CHECK = Check(
    id="roce.duplex",
    reads=(duplex.SOURCE, link.SOURCE, *ports.USE),
    judge=judge,
    limits=NoLimits(),
    generations=ROCE,
)
