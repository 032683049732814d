"""The link of a port has gone down and come back.

What it reads: the history in `hccn_tool -i N -link_stat -g`. Ages count from the time that the same answer prints,
    which is the device's own clock.

Why it matters: each interruption of more than a few seconds ends a running job (EI0013, heartbeat lost).

What to do: clean the fibre's ends and look at the received light; replace module or cable if it happens again.

Disruption: pulling the fibre interrupts the network of the NPU.

Limits: within the last `window_s` seconds `warn_downs` interruptions warn and `max_downs` fail, or one that lasted
    `max_down_s` seconds (the vendor's: five in a day; 30 seconds). `settle_s` and `settle_changes` are our own
    policy: the first changes after the start of the device are part of the start, as far as the history still shows
    them. A history that lies in the device's future has no ages, and is skipped.

Sources: hicann/hccl, fault diagnosis of task execution (a sample); Ascend/mind-cluster, faultCustomization.json (five
    a day) and ascend-faultdiag (30 seconds).
"""

from __future__ import annotations

from typing import Iterator, List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks import ports
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.device_time import seconds
from ascend_doctor.checks.outcome import failed, missing, passed, skipped, unknown
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import link_stat
from ascend_doctor.facts.hccn_tool.link_stat import LinkStatFacts
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Disruption, Status
from ascend_doctor.model.subject import Subject
from ascend_doctor.model.wording import counted

CLEAN = Remedy("Clean the ends of the fibre and look at the received light of both ends.", "", Disruption.TRAFFIC)
AHEAD_S = 300.0
SET_BACK = "the device's clock was set back, so that the history of the link has no ages"
BAD_TIME = Missing(Absence.UNPARSED, "a time in the history has a form that the doctor does not know")


@attrs.frozen
class Limits:
    """How many interruptions are too many.

    `window_s`: how far back counts. `warn_downs`, `max_downs`: interruptions within it. `max_down_s`: how long one may
    last. `settle_s`, `settle_changes`: changes so soon after the first one, and so many at most, belong to the start.
    """

    window_s: float = 24 * 3600.0
    warn_downs: int = 1
    max_downs: int = 5
    max_down_s: float = 30.0
    settle_s: float = 600.0
    settle_changes: int = 3


Change = Tuple[float, str]


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the history of every port."""
    for target, subject, facts in view.each(link_stat.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the history of the link", facts, view.quote(link_stat.SOURCE, target))
        elif ports.unused(view, target):
            yield skipped(subject, ports.UNUSED)
        else:
            yield _judge(view, target, subject, facts, limits)


def _judge(view: NodeView, target: Target, subject: Subject, facts: LinkStatFacts, limits: Limits) -> Finding:
    now = None if isinstance(facts.current_time, Missing) else seconds(facts.current_time)
    changes = _history(facts)
    quotes = view.quote(link_stat.SOURCE, target, "current time", "LINK DOWN")
    if now is None or changes is None:
        return unknown(subject, "the history of the link", BAD_TIME, quotes)
    if any(at > now + AHEAD_S for at, _ in changes):
        return skipped(subject, SET_BACK)
    downs = [change for change in _since_start(changes, facts, limits) if now - change[0] <= limits.window_s]
    count = sum(state == "DOWN" for _, state in downs)
    longest = _longest_down_s(downs)
    if count < limits.warn_downs:
        return passed(subject, "the link has been up without interruption", observed=count)
    long = longest >= limits.max_down_s
    hours = limits.window_s / 3600
    words = f"in the last {hours:.0f} hours{f', once for {longest:.0f} seconds' if long else ''}"
    is_cut = facts.link_up_count > sum(state == "UP" for _, state in changes) and downs == changes
    return failed(
        subject,
        f"the link went down {'at least ' if is_cut else ''}{counted(count, 'time')} {words}",
        expected=f"fewer than {limits.warn_downs}, none of {limits.max_down_s:.0f} seconds",
        remedies=[CLEAN],
        observed=count,
        quotes=quotes,
        status=Status.FAIL if long or count >= limits.max_downs else Status.WARN,
    )


def _history(facts: LinkStatFacts) -> Optional[List[Change]]:
    """Return the changes oldest first, None when one of the times cannot be read."""
    found: List[Change] = []
    for text, state in reversed(facts.records):
        at = seconds(text)
        if at is None:
            return None
        found.append((at, state))
    return found


def _since_start(changes: Sequence[Change], facts: LinkStatFacts, limits: Limits) -> Sequence[Change]:
    """Leave out the changes that belong to the start of the device, where the history reaches back to it."""
    ups = sum(state == "UP" for _, state in changes)
    if facts.link_up_count > ups:
        return changes
    return [
        change
        for position, change in enumerate(changes)
        if position >= limits.settle_changes or change[0] - changes[0][0] > limits.settle_s
    ]


def _longest_down_s(changes: Sequence[Change]) -> float:
    """Return how long the longest interruption lasted that has ended."""
    spans = [up[0] - down[0] for down, up in zip(changes, changes[1:]) if (down[1], up[1]) == ("DOWN", "UP")]
    return max(spans, default=0.0)


CHECK = Check(
    id="roce.flap",
    reads=(link_stat.SOURCE, *ports.USE),
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    own_limits=("settle_s", "settle_changes"),
    metric="npu_link_downs_per_day",
)
