"""The NPUs do not agree on TLS.

What it reads: the TLS switch of every NPU of the job, as `roce.tls` reports it.

Why it matters: two NPUs with different switches cannot set up a link; HCCL waits for its timeout (EI0006) or says
    EI0016. Ping between them works, so nothing else shows it.

What to do: set the odd NPUs to the value of the others. The value is kept in the device's flash and read when a job
    starts.

Disruption: none for jobs that run.

Limits: `expected` is our own policy: -1 means that only equality counts, 0 or 1 that every NPU has to have this
    value. All 0 and all 1 are both right. The smaller group is the culprit; two groups of one size are decided by the
    value 0 that the engines' guides advise, with little confidence.

Sources: hicann/hccl, cluster_info_verify_fail and param_link_stage (EI0016, EI0006); vllm-ascend and MindIE guides
    (all 0).
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Tuple

import attrs

from ascend_doctor.checks import fabric
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, passed
from ascend_doctor.checks.view import FleetView, NodeView
from ascend_doctor.facts.hccn_tool import tls
from ascend_doctor.facts.source import Target
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Confidence
from ascend_doctor.model.subject import Subject
from ascend_doctor.model.wording import counted

ADVISED = 0
"""The value that the engines' guides advise; it decides between two groups of one size."""
MAX_QUOTES = 4


@attrs.frozen
class Limits:
    """`expected`: the value every NPU has to have, -1 when only equality counts."""

    expected: int = -1


@attrs.frozen
class Switch:
    """The switch of one NPU, with where it was read."""

    view: NodeView
    target: Target
    subject: Subject
    value: int

    @property
    def quotes(self) -> Tuple[Quote, ...]:
        """The line that shows it."""
        return self.view.quote(tls.SOURCE, self.target, "tls switch", "certificate")


def judge(fleet: FleetView, limits: Limits) -> Iterator[Finding]:
    """Name the NPUs, or the whole nodes, that have another switch than the rest."""
    switches = list(_switches(fleet))
    if not switches:
        yield fabric.nobody_told(fleet, "the TLS switch of every NPU")
        return
    groups: Dict[int, List[Switch]] = {}
    for switch in switches:
        groups.setdefault(switch.value, []).append(switch)
    right, confidence = _right_value(groups, limits)
    odd = [switch for switch in switches if switch.value != right]
    if not odd:
        yield passed(
            fleet.subject, f"{counted(len(switches), 'NPU has', 'NPUs have')} the TLS switch {right}", observed=right
        )
    sides = [f"TLS switch {value}: {_named(members)}" for value, members in sorted(groups.items())]
    for node in dict.fromkeys(switch.view.name for switch in odd):
        here = [switch for switch in odd if switch.view.name == node]
        others = f"{right} on {counted(len(switches) - len(odd), 'other')}"
        yield _odd(here, right, others, sides if confidence is Confidence.WEAK else [])


def _switches(fleet: FleetView) -> Iterator[Switch]:
    for view, target, subject, facts in fleet.each(tls.SOURCE):
        switch = facts if isinstance(facts, Missing) else facts.switch
        if not isinstance(switch, Missing):
            yield Switch(view, target, subject, switch)
        elif switch.why is Absence.NOT_CONFIGURED:
            yield Switch(view, target, subject, 0)


def _right_value(groups: Dict[int, List[Switch]], limits: Limits) -> Tuple[int, Confidence]:
    if limits.expected >= 0:
        return limits.expected, Confidence.DIRECT
    most = max(len(members) for members in groups.values())
    leading = [value for value, members in groups.items() if len(members) == most]
    if len(leading) == 1:
        return leading[0], Confidence.DIRECT
    return (ADVISED if ADVISED in leading else leading[0]), Confidence.WEAK


def _odd(odd: List[Switch], right: int, others: str, sides: List[str]) -> Finding:
    """Name the odd NPUs of one node; `sides` are both groups where their sizes do not decide."""
    values = ", ".join(sorted({str(switch.value) for switch in odd}))
    single = len(odd) == 1
    doubt = ": the evidence does not decide, the engines' guides say 0" if sides else ""
    return failed(
        odd[0].subject if single else odd[0].view.subject,
        f"TLS switch {values}{'' if single else f' on {len(odd)} NPUs'}, and {others}{doubt}",
        expected=f"TLS switch {right} on every NPU",
        remedies=[
            Remedy("Set the switch of the odd NPU.", f"hccn_tool -i {switch.subject.name} -tls -s enable {right}")
            for switch in odd
        ],
        observed=values,
        quotes=tuple(quote for switch in odd[:MAX_QUOTES] for quote in switch.quotes),
        affected=() if single else [switch.subject for switch in odd],
        confidence=Confidence.WEAK if sides else Confidence.DIRECT,
        candidates=sides,
    )


def _named(members: List[Switch]) -> str:
    """Return the members by node."""
    by_node: Dict[str, List[str]] = {}
    for switch in members:
        by_node.setdefault(switch.view.name, []).append(switch.subject.name)
    return "; ".join(f"{node} NPU {', '.join(names)}" for node, names in by_node.items())


CHECK = Check(
    id="cluster.tls-equal",
    reads=(tls.SOURCE,),
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    own_limits=("expected",),
)
