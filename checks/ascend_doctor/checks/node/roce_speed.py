"""A port is slower than the others of its node.

What it reads: `hccn_tool -i N -speed -g`, and whether the link is up.

Why it matters: a collective operation is as slow as its slowest port; one port that agreed on half the speed halves
    the bandwidth of the whole job.

What to do: compare the settings of the switch port with those of the others; reseat or replace a module or cable that
    came up with fewer lanes.

Disruption: setting the speed on the switch interrupts the network of the NPU.

Limits: none. Ports are compared with the other ports of the node; without a link there is no speed to judge, nor
    where the speed was asked before the link came up.

Sources: hicann/driver, hccn_tool source (`Unknown!` while the link is down); Ascend/mind-cluster toolkit (check of the
    RoCE port's configuration).
"""

from __future__ import annotations

from typing import Hashable, Iterator, Sequence

from ascend_doctor.checks import alike, ports, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import link, speed
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Disruption, Status

WHAT = "the speed"


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Compare the speeds of the ports that have a link."""
    found, gaps = alike.settings(view, speed.SOURCE, WHAT, lambda facts: facts.speed_mbps)
    down = {target.phy_id for target, _, _ in view.each(link.SOURCE) if ports.is_down(view, target)}
    late = {
        subject
        for target, subject, facts in view.each(speed.SOURCE)
        if not isinstance(facts, Missing) and ports.is_older_than_link(view, target, speed.SOURCE)
    }
    for gap in gaps:
        is_gap = gap.status is Status.UNKNOWN and gap.subject.name.isdecimal()
        if is_gap and int(gap.subject.name) in down:
            yield skipped(gap.subject, "the link is down, so there is no speed")
        elif is_gap and gap.subject in late:
            yield skipped(gap.subject, f"there is no speed: {ports.NOT_TOLD_SINCE}")
        else:
            yield gap
    yield from alike.compare(view, speed.SOURCE, found, what=WHAT, shown=_shown, remedies=_steps)


def _shown(value: Hashable) -> str:
    return f"{value} Mb/s"


def _steps(target: Target) -> Sequence[Remedy]:
    return [
        Remedy(
            "Compare the speed of the switch port with that of the others, and look at the module.",
            f"hccn_tool -i {remedies.which(target.phy_id)} -optical -g",
            Disruption.TRAFFIC,
        )
    ]


CHECK = Check(
    id="roce.speed",
    reads=(speed.SOURCE, link.SOURCE, *ports.USE),
    judge=judge,
    limits=NoLimits(),
    generations=ROCE,
)
