"""A port of the 950 has no link, or fewer lanes than it should.

What it reads: the list of ports in `hccn_tool -g -dev_info -i N`, and `hccn_tool -g -port_info -i N -u U -p P` of each.

Why it matters: the NPUs of a node and its neighbours talk over these ports; a job over a missing one does not start,
    over one with fewer lanes it is slow.

What to do: look at the cable or the board between both ends; a port inside the node has none, there the module is at
    fault.

Disruption: pulling a cable interrupts the traffic of the NPU.

Limits: only ports that are switched on (`port_enable: on`) and used count: which these are differs between products
    and between two and four cards, and a single card has none. A port has fewer lanes than it should when it carries
    fewer than it is set up for, or is set up for fewer than most ports of its speed on the node. When no optical port
    of the node has a module nobody has wired them, and they are skipped.

Sources: hicann/driver, Ascend_950_HCCN_Tool (port status, device information).
"""

from __future__ import annotations

from collections import Counter
from typing import Dict, Iterator, List, Optional

from ascend_doctor.checks import ub
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed, skipped
from ascend_doctor.checks.ub import PortAnswer
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool.ub import dev_info, optical, port_info
from ascend_doctor.facts.hccn_tool.ub.port_info import PortInfoFacts
from ascend_doctor.facts.hccn_tool.ub.question import A5
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, known
from ascend_doctor.model.status import Disruption

LOOK = Remedy(
    "Look at the cable between both ends and at the port of the other end; replace what is at fault.",
    "",
    Disruption.TRAFFIC,
)
OFF = "the port is switched off, as it is where the product does not use it"
UNWIRED = "no optical port of the node has a module, so none of them is wired"
IN_USE, LINKED = "used", "link"


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge every port of every NPU."""
    answers: List[PortAnswer[PortInfoFacts]] = []
    for item in ub.each(view, port_info.SOURCE):
        if isinstance(item, Finding):
            yield item
        else:
            answers.append(item)
    usual = _usual_lanes(answers)
    unwired = _unwired(view)
    for answer in answers:
        yield _judge(view, answer, usual.get(answer.port.speed_gbps), unwired=unwired)


def _usual_lanes(answers: List[PortAnswer[PortInfoFacts]]) -> Dict[int, int]:
    """Return how many lanes most ports of each speed are set up for; nothing where no number leads."""
    counts: Dict[int, Counter[int]] = {}
    for answer in answers:
        lanes = None if isinstance(answer.facts, Missing) else known(answer.facts.lanes)
        if lanes is not None:
            counts.setdefault(answer.port.speed_gbps, Counter())[lanes] += 1
    leaders = {speed: found.most_common(2) for speed, found in counts.items()}
    return {speed: top[0][0] for speed, top in leaders.items() if len(top) == 1 or top[0][1] > top[1][1]}


def _unwired(view: NodeView) -> bool:
    """Tell whether every optical port of the node says that it has no module."""
    modules = [item.facts for item in ub.each(view, optical.SOURCE) if isinstance(item, PortAnswer)]
    return bool(modules) and all(not isinstance(facts, Missing) and facts.is_absent for facts in modules)


def _judge(view: NodeView, answer: PortAnswer[PortInfoFacts], usual: Optional[int], *, unwired: bool) -> Finding:
    subject, facts = answer.subject, answer.facts
    quotes = view.quote(port_info.SOURCE, answer.target, "port_enable", "port_link", "lane_num")
    if isinstance(facts, Missing):
        return missing(subject, "the state of the port", facts, quotes)
    enabled, usage = facts.enabled, facts.value("port_usage")
    if isinstance(enabled, Missing):
        return missing(subject, "whether the port is switched on", enabled, quotes)
    if not enabled or (not isinstance(usage, Missing) and usage != IN_USE):
        return skipped(subject, OFF)
    if answer.port.media == dev_info.OPTICAL and unwired:
        return skipped(subject, UNWIRED)
    if answer.port.link != "UP" or known(facts.value("port_link")) not in (None, LINKED):
        return failed(
            subject, "the port has no link", expected="a link", remedies=[LOOK], observed="DOWN", quotes=quotes
        )
    lanes, now = known(facts.lanes), known(facts.lanes_now)
    wanted = max(lanes or 0, usual or 0)
    fewest = min(count for count in (lanes, now, wanted) if count is not None)
    if fewest < wanted:
        return failed(
            subject,
            f"the port has {fewest} of {wanted} lanes",
            expected=f"{wanted} lanes, as it is set up for or as most ports of its speed have",
            remedies=[LOOK],
            observed=fewest,
            quotes=quotes,
        )
    return passed(subject, "the port has its link and all lanes", observed="UP")


CHECK = Check(
    id="ub.ports",
    reads=(*ub.PORTS, port_info.SOURCE, optical.SOURCE),
    judge=judge,
    limits=NoLimits(),
    generations=A5,
)
