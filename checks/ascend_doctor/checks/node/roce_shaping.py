"""Somebody has limited what a port may send.

What it reads: `hccn_tool -i N -shaping -g`.

Why it matters: the link shows its full speed, and the job is as slow as the limit: it is easily forgotten after a test.

What to do: set the limit to what the port is capable of, unless it is meant.

Disruption: none; it takes effect at once.

Limits: none. A limit is a warning even where all ports have the same, because nothing else shows it.

Sources: hicann/driver, tool.c (limit, capability, the lower of the two); DemonCAT catalogue of faults (bandwidth
    limit).
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import ports, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import missing, passed, skipped, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import shaping
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Severity


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the limit of every port."""
    for target, subject, facts in view.each(shaping.SOURCE):
        quotes = view.quote(shaping.SOURCE, target)
        if isinstance(facts, Missing):
            yield missing(subject, "the limit of the bandwidth", facts, quotes)
        elif ports.unused(view, target):
            yield skipped(subject, ports.UNUSED)
        elif facts.bw_limit >= facts.bw_max:
            yield passed(subject, "may send at full speed", observed=facts.bw_limit)
        else:
            yield warned(
                subject,
                f"may send no more than {facts.bw_limit} of {facts.bw_max} Mb/s",
                expected=f"a limit of {facts.bw_max} Mb/s, which is none",
                remedies=[
                    Remedy(
                        "Take the limit away, unless it is meant.",
                        f"hccn_tool -i {remedies.which(target.phy_id)} -shaping -s bw_limit {facts.bw_max}",
                    )
                ],
                observed=facts.bw_limit,
                quotes=quotes,
            )


CHECK = Check(
    id="roce.shaping",
    reads=(shaping.SOURCE, *ports.USE),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
    generations=ROCE,
)
