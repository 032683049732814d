"""Some ports of a node lead to a switch and others straight to another NPU.

What it reads: `hccn_tool -i N -lldp -g`: the neighbour's description of itself.

Why it matters: HCCL does not reach every NPU over direct cables; a node that is half on a switch and half on direct
    cables fits no plan, and gateway and probed address are wrong on one half.

What to do: look which cable is in the wrong place.

Disruption: moving a cable interrupts the network of the NPU.

Limits: none. Ports of which the neighbour does not tell what it is do not count. The outcome never decides whether a
    node is ready.

Sources: Ascend-msit, msprechecker (`Routing` in the description is a switch, `AscendNPU` a direct cable).
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional, Tuple

from ascend_doctor.checks import ports
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed, skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import lldp
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Confidence, Disruption, Severity
from ascend_doctor.model.subject import Subject

WORDS = {"switch": "a switch", "npu": "another NPU"}
MOVE = Remedy("Look which cable is in the wrong place.", "", Disruption.TRAFFIC)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Compare to what the ports lead."""
    kinds: Dict[str, List[Tuple[Target, Subject]]] = {}
    gap: Optional[Missing] = None
    strangers = False
    for target, subject, facts in view.each(lldp.SOURCE):
        peer = facts if isinstance(facts, Missing) else facts.peer
        if not isinstance(facts, Missing) and facts.neighbour and isinstance(peer, Missing):
            strangers = True
        elif isinstance(peer, Missing):
            gap = gap if ports.unused(view, target) else peer
        else:
            kinds.setdefault(peer, []).append((target, subject))
    if len(kinds) > 1:
        yield _mixed(view, kinds)
    elif kinds:
        (kind,) = kinds
        yield passed(view.subject, f"the ports lead to {WORDS[kind]}", observed=kind)
    elif strangers:
        yield skipped(view.subject, "the neighbours do not say whether they are switches")
    elif gap is None:
        yield skipped(view.subject, f"nobody announces itself; {ports.UNUSED}")
    else:
        yield missing(view.subject, "whether the ports lead to a switch", gap)


def _mixed(view: NodeView, kinds: Dict[str, List[Tuple[Target, Subject]]]) -> Finding:
    rare, usual = sorted(kinds, key=lambda kind: len(kinds[kind]))
    few = kinds[rare]
    alone = len(few) == 1
    return failed(
        few[0][1] if alone else view.subject,
        f"leads to {WORDS[rare]}, and the other ports of the node to {WORDS[usual]}"
        if alone
        else f"{len(few)} ports lead to {WORDS[rare]}, and the others to {WORDS[usual]}",
        expected="all ports of a node on switches, or all on direct cables",
        remedies=[MOVE],
        observed=rare,
        quotes=view.quote(lldp.SOURCE, few[0][0]),
        affected=[subject for _, subject in few],
        confidence=Confidence.INFERRED,
    )


CHECK = Check(
    id="roce.conn-mode",
    reads=(lldp.SOURCE, *ports.USE),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
    generations=ROCE,
)
