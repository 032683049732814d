"""A port hears no neighbour.

What it reads: `hccn_tool -i N -lldp -g`, and whether the link is up and since when. An empty line means that no
    neighbour was heard.

Why it matters: nobody can tell which port of which switch the NPU is cabled to.

What to do: enable LLDP on the switch; if only one port hears nothing, look at its fibre.

Disruption: none.

Limits: `grace_s` is our own policy: so soon after a start of the node or of the link no announcement is due yet. A port
    that hears nothing while half of its siblings or more do fails; where fewer hear something, the switch may not send
    LLDP at all: one warning for the node. The outcome never decides whether a node is ready.

Sources: hicann/driver, ds_net.c (the tool prints the device's text as it is, and ends with 0 when there is none);
    Ascend/mind-cluster toolkit.
"""

from __future__ import annotations

from typing import Iterator, List

import attrs

from ascend_doctor.checks import ports, settling
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed, skipped, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import link, lldp
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Severity
from ascend_doctor.model.subject import Subject
from ascend_doctor.model.wording import counted

EXPECTED = "a neighbour's announcement"
ENABLE = Remedy("Enable LLDP on the port of the switch; if only this port hears nothing, look at its fibre.")


@attrs.frozen
class Limits:
    """`grace_s`: for how many seconds after a start nobody needs to be heard."""

    grace_s: float = 60.0


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge every port by itself, and the node where no port hears anything."""
    silent: List[Subject] = []
    heard = _most_hear(view)
    for target, subject, facts in view.each(lldp.SOURCE):
        quotes = view.quote(lldp.SOURCE, target)
        if isinstance(facts, Missing):
            yield missing(subject, "the neighbour", facts, quotes)
        elif facts.neighbour:
            where = "" if isinstance(facts.port_id, Missing) else f" at {facts.port_id}"
            yield passed(subject, f"hears its neighbour{where}", observed=where[4:] or None)
        elif ports.unused(view, target):
            yield skipped(subject, f"hears no neighbour, but {ports.UNUSED}")
        elif settling.is_early(view, target, lldp.SOURCE, limits.grace_s):
            yield skipped(subject, "hears no neighbour, but none is due so soon after a start")
        elif heard or ports.is_down(view, target):
            yield failed(
                subject,
                "hears no neighbour, and other ports of the node do"
                if heard
                else "hears no neighbour, and its link is down",
                expected=EXPECTED,
                remedies=[ENABLE],
                quotes=quotes,
            )
        else:
            silent.append(subject)
    if silent:
        yield warned(
            view.subject,
            f"{counted(len(silent), 'port hears', 'ports hear')} no neighbour: the switch may not send LLDP",
            expected=EXPECTED,
            remedies=[ENABLE],
            affected=silent,
            quotes=view.quote(lldp.SOURCE, Target(phy_id=int(silent[0].name))),
        )


def _most_hear(view: NodeView) -> bool:
    told = [
        facts.neighbour
        for target, _, facts in view.each(lldp.SOURCE)
        if not isinstance(facts, Missing) and (facts.neighbour or not ports.unused(view, target))
    ]
    return 2 * sum(told) >= len(told)


CHECK = Check(
    id="roce.lldp",
    reads=(lldp.SOURCE, link.SOURCE, *ports.USE, *settling.USE),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
    generations=ROCE,
    own_limits=("grace_s",),
)
