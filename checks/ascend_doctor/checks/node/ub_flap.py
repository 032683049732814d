"""The link of a port of the 950 has gone down and come back.

What it reads: the history in `hccn_tool -g -link_stat -i N -u U -p P`, at most ten changes. The tool prints no present
    time beside it, so that ages count from the node's own clock.

Why it matters: each interruption of more than a few seconds ends a running job.

What to do: look at the cable and at the signal of the lanes (`hccn_tool -g -down_data`); replace cable or module if it
    happens again.

Disruption: pulling a cable interrupts the traffic of the NPU.

Limits: within the last `window_s` seconds `warn_downs` interruptions warn and `max_downs` fail, or one that lasted
    `max_down_s` seconds, as for RoCE ports. The changes within `settle_s` seconds of the first one belong to the start,
    where the history reaches back to it: our own policy. A device whose clock was never set, or runs ahead of the
    node's, has a history without ages, and is skipped.

Sources: hicann/driver, Ascend_950_HCCN_Tool (historical link status); Ascend/mind-cluster, faultCustomization.json
    (five a day) and ascend-faultdiag (30 seconds).
"""

from __future__ import annotations

from typing import Iterator, List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks import ub
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.device_time import seconds
from ascend_doctor.checks.outcome import failed, missing, passed, skipped
from ascend_doctor.checks.ub import PortAnswer
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool.link_stat import LinkStatFacts
from ascend_doctor.facts.hccn_tool.ub.question import A5
from ascend_doctor.facts.hccn_tool.ub.same_answers import LINK_STAT
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Disruption, Status
from ascend_doctor.model.wording import counted

LOOK = Remedy(
    "Look at the cable and at what the lanes saw when the link went down.",
    "hccn_tool -g -down_data -i {npu} -u {udie} -p {port}",
    Disruption.TRAFFIC,
)
NO_AGES = "the device's clock does not agree with the node's, so the history of the link has no ages"
NEVER = 946_684_800.0
"""The start of the year 2000: a device that prints an earlier time was never told the time."""
AHEAD_S = 300.0


@attrs.frozen
class Limits:
    """How many interruptions are too many.

    `window_s`: how far back counts. `warn_downs`, `max_downs`: interruptions within it. `max_down_s`: how long one may
    last. `settle_s`: changes so soon after the first one belong to the start.
    """

    window_s: float = 24 * 3600.0
    warn_downs: int = 1
    max_downs: int = 5
    max_down_s: float = 30.0
    settle_s: float = 600.0


Change = Tuple[float, str]


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the history of every port."""
    for item in ub.each(view, LINK_STAT):
        yield item if isinstance(item, Finding) else _judge(view, item, limits)


def _judge(view: NodeView, answer: PortAnswer[LinkStatFacts], limits: Limits) -> Finding:
    subject, facts = answer.subject, answer.facts
    quotes = view.quote(LINK_STAT, answer.target, "link down count", "LINK_DOWN")
    if isinstance(facts, Missing):
        return missing(subject, "the history of the link", facts, quotes)
    now = view.evidence[LINK_STAT.about(answer.target).key].started_at
    changes = _oldest_first(facts, now)
    if changes is None:
        return skipped(subject, NO_AGES)
    recent = [change for change in _since_start(changes, facts, limits) if now - change[0] <= limits.window_s]
    count = sum(state == "DOWN" for _, state in recent)
    if count < limits.warn_downs:
        return passed(subject, "the link has been up without interruption", observed=count)
    longest = max((up[0] - down[0] for down, up in zip(recent, recent[1:]) if down[1] == "DOWN"), default=0.0)
    long = longest >= limits.max_down_s
    words = f", once for {longest:.0f} seconds" if long else ""
    target = answer.target
    return failed(
        subject,
        f"the link went down {counted(count, 'time')} in the last {limits.window_s / 3600:.0f} hours{words}",
        expected=f"fewer than {limits.warn_downs}, none of {limits.max_down_s:.0f} seconds",
        remedies=[attrs.evolve(LOOK, command=LOOK.command.format(npu=target.npu, udie=target.udie, port=target.port))],
        observed=count,
        quotes=quotes,
        status=Status.FAIL if long or count >= limits.max_downs else Status.WARN,
    )


def _oldest_first(facts: LinkStatFacts, now: float) -> Optional[List[Change]]:
    """Return the changes oldest first, None when their times mean nothing beside the node's clock."""
    found: List[Change] = []
    for text, state in reversed(facts.records):
        at = seconds(text)
        if at is None or at < NEVER or at > now + AHEAD_S:
            return None
        found.append((at, state))
    return found


def _since_start(changes: Sequence[Change], facts: LinkStatFacts, limits: Limits) -> Sequence[Change]:
    """Leave out the changes that belong to the start of the device, where the history reaches back to it."""
    ups = sum(state == "UP" for _, state in changes)
    if facts.link_up_count > ups:
        return changes
    return [change for change in changes if change[0] - changes[0][0] > limits.settle_s]


CHECK = Check(
    id="ub.flap",
    reads=(*ub.PORTS, LINK_STAT),
    judge=judge,
    limits=Limits(),
    generations=A5,
    own_limits=("settle_s",),
    metric="npu_ub_link_downs_per_day",
)
