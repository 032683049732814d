"""Cards of the 950 are not connected to each other as they should be.

What it reads: `hccn_tool -g -ub_connect -i N` of every card, which knows the ports that two or four cards use among
    themselves.

Why it matters: cards that should work as one cannot reach each other, or only slowly.

What to do: seat the bridge between the cards, and look for a port that somebody has switched off.

Disruption: the cards have to be taken out of use.

Limits: the command is for cards (Atlas 350); a server's NPUs are skipped. A single card has no port, and `DOWN` is
    right for it. A port that has no link fails; one with fewer lanes (`PARTIAL UP`, in other releases `PARTIAL LINK`)
    warns. A port that is still starting (`INITIAL`) is unknown. A link between two cards has two ends and shows at
    both, so that the node has one finding, which names them.

Sources: hicann/driver, Ascend_950_HCCN_Tool (interconnect status) and tool_product.c.
"""

from __future__ import annotations

from typing import Dict, Iterator, List

import attrs

from ascend_doctor.checks import ub
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed, skipped, unknown
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool.ub import connect
from ascend_doctor.facts.hccn_tool.ub.question import A5
from ascend_doctor.facts.source import Target
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Disruption, Status
from ascend_doctor.model.subject import Subject

SEAT = Remedy("Seat the bridge between the cards; switch the port on if it is off.", "", Disruption.REBOOT)
STARTING = Missing(Absence.NOT_READY, "it is starting")
DIE = 0
"""The ports of a card are on its first die (vendor source, comm_product.c)."""


@attrs.frozen
class End:
    """One port of a card, and what its card says of it."""

    card: Target
    subject: Subject
    state: str


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the links between all cards of the node."""
    ends: List[End] = []
    for target, subject, facts in view.each(connect.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "whether the card is connected", facts, view.quote(connect.SOURCE, target))
        elif not facts.ports:
            yield skipped(subject, ub.NO_PORT)
        else:
            phy_id = int(subject.name)
            ends += [
                End(target, subjects.ub_port(view.name, phy_id, DIE, port), state)
                for port, state in facts.ports.items()
            ]
    for end in ends:
        if end.state == "INITIAL":
            yield unknown(end.subject, "whether the port is connected", STARTING)
    judged = [end for end in ends if end.state != "INITIAL"]
    if judged:
        yield _judge(view, judged)


def _judge(view: NodeView, ends: List[End]) -> Finding:
    bad = [end for end in ends if end.state != "UP"]
    if not bad:
        return passed(view.subject, "all cards are connected", observed=len(ends))
    groups: Dict[str, List[str]] = {}
    for end in bad:
        groups.setdefault(end.state, []).append(end.subject.name)
    down = any(end.state == "DOWN" for end in bad)
    cards = list(dict.fromkeys(end.card for end in bad))
    words = [f"{state} at {', '.join(names)}" for state, names in sorted(groups.items())]
    return failed(
        view.subject,
        f"links between the cards are not complete: {'; '.join(words)} (NPU/die/port)",
        expected="UP at every port",
        remedies=[SEAT],
        observed=len(bad),
        affected=[end.subject for end in bad],
        quotes=tuple(quote for card in cards for quote in view.quote(connect.SOURCE, card, "DOWN", "PARTIAL")),
        status=Status.FAIL if down else Status.WARN,
    )


CHECK = Check(id="ub.connect", reads=(connect.SOURCE,), judge=judge, limits=NoLimits(), generations=A5)
