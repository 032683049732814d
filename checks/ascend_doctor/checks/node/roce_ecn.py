"""A port is told to send more slowly much more often than its siblings.

What it reads: `roce_rx_cnp_pkt_num` of `hccn_tool -i N -stat -g` (notifications of congestion that came in) for each
    packet sent, as growth since the answer before.

Why it matters: the network on this port's path is full, and the job waits for its slowest port.

What to do: look at the load of the leaf switch and its uplinks on this port's path, and whether several jobs share it.

Disruption: none.

Limits: more than `max_share` notifications for each sent packet, and `times_median` times the median of the node's
    other ports, of which at least `min_siblings` have to be known. All are our own policy: congestion that all ports
    share is the network's, which no single node can judge.

Sources: Ascend/mind-cluster, collector_for_roce.go (the counters).
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional, Tuple

import attrs

from ascend_doctor.checks import growth, ports
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.median import median
from ascend_doctor.checks.outcome import missing, passed, skipped, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import stat
from ascend_doctor.facts.hccn_tool.stat import StatFacts
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Severity
from ascend_doctor.model.subject import Subject

LOOK = Remedy("Look at the load of the leaf switch and its uplinks, and whether several jobs share this path.")
NOTIFIED, SENT = "roce_rx_cnp_pkt_num", "roce_tx_all_pkt_num"


@attrs.frozen
class Limits:
    """`max_share`: notifications for each sent packet. `times_median`, `min_siblings`: see the module."""

    max_share: float = 0.01
    times_median: float = 5.0
    min_siblings: int = 3


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the notifications of every port against those of its siblings."""
    seen: List[Tuple[Target, Subject]] = []
    shares: Dict[Target, float] = {}
    for target, subject, facts in view.each(stat.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the count of congestion notifications", facts, view.quote(stat.SOURCE, target))
        elif ports.unused(view, target):
            yield skipped(subject, ports.UNUSED)
        else:
            seen.append((target, subject))
            share = _share(view, target, facts)
            shares.update({} if share is None else {target: share})
    for target, subject in seen:
        yield _judge(view, target, subject, shares, limits)


def _share(view: NodeView, target: Target, facts: StatFacts) -> Optional[float]:
    found = growth.windows(facts, view.earlier(stat.SOURCE, target), lambda answer: answer.counters)
    newest = growth.newest(found)
    return None if newest is None else newest.total(NOTIFIED) / max(newest.total(SENT), 1.0)


def _judge(view: NodeView, target: Target, subject: Subject, shares: Dict[Target, float], limits: Limits) -> Finding:
    if target not in shares:
        return growth.nothing_to_compare(subject)
    own = shares[target]
    others = [share for other, share in shares.items() if other != target]
    if own <= limits.max_share:
        return passed(subject, "the port is hardly told to slow down", observed=Quantity(round(own, 6)))
    if len(others) < limits.min_siblings:
        return skipped(subject, f"fewer than {limits.min_siblings} other ports to compare with")
    usual = median(others)
    if own <= limits.times_median * usual:
        return passed(subject, "the port is told to slow down as often as its siblings", observed=Quantity(own))
    return warned(
        subject,
        f"told to slow down {own:.3f} times for each packet sent, its siblings {usual:.3f} times",
        expected=f"at most {limits.max_share:g}, or {limits.times_median:g} times the siblings' median",
        remedies=[LOOK],
        observed=Quantity(round(own, 6)),
        quotes=view.quote(stat.SOURCE, target, NOTIFIED, SENT),
    )


CHECK = Check(
    id="roce.ecn",
    reads=(stat.SOURCE, *ports.USE),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
    generations=ROCE,
    own_limits=("max_share", "times_median", "min_siblings"),
)
