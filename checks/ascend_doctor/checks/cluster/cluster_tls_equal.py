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

from typing import Dict, Iterator, List, Sequence, Tuple

import attrs

from ascend_doctor.checks import fabric
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.fleet import FleetView, NodeFacts
from ascend_doctor.checks.outcome import failed, passed
from ascend_doctor.checks.topics.tls import TLS, TlsSwitches
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.status import Confidence
from ascend_doctor.model.wording import counted

ADVISED = 0
"""The value that the engines' guides advise; it decides between two groups of one size."""
MAX_QUOTES = 4
MAX_NAMED = 32
"""So many nodes of a side are named, of the rest it is told how many they are."""


@attrs.frozen
class Limits:
    """`expected`: the value every NPU has to have, -1 when only equality counts."""

    expected: int = -1


Nodes = Sequence[Tuple[NodeFacts, TlsSwitches]]


def judge(fleet: FleetView, limits: Limits) -> Iterator[Finding]:
    """Name the NPUs, or the whole nodes, that have another switch than the rest."""
    nodes = list(fleet.each(TLS))
    sizes: Dict[int, int] = {}
    for _, facts in nodes:
        for value, phy_ids in facts.by_value.items():
            sizes[value] = sizes.get(value, 0) + len(phy_ids)
    if not sizes:
        yield fabric.nobody_told(fleet, "the TLS switch of every NPU")
        return
    right, confidence = _right_value(sizes, limits)
    total, same = sum(sizes.values()), sizes.get(right, 0)
    if same == total:
        yield passed(fleet.subject, f"{counted(total, 'NPU has', 'NPUs have')} the TLS switch {right}", observed=right)
        return
    others = f"{right} on {counted(same, 'other')}"
    sides = [f"TLS switch {value}: {_named(nodes, value)}" for value in sorted(sizes)]
    for node, facts in nodes:
        odd = {value: phy_ids for value, phy_ids in facts.by_value.items() if value != right}
        if odd:
            yield _odd(node, odd, right, others, sides if confidence is Confidence.WEAK else [])


def _right_value(sizes: Dict[int, int], limits: Limits) -> Tuple[int, Confidence]:
    if limits.expected >= 0:
        return limits.expected, Confidence.DIRECT
    most = max(sizes.values())
    leading = [value for value, size in sizes.items() if size == most]
    if len(leading) == 1:
        return leading[0], Confidence.DIRECT
    return (ADVISED if ADVISED in leading else leading[0]), Confidence.WEAK


def _odd(node: NodeFacts, odd: Dict[int, Tuple[int, ...]], right: int, others: str, sides: List[str]) -> Finding:
    """Name the odd NPUs of one node; `sides` are both groups where their sizes do not decide."""
    values = ", ".join(map(str, sorted(odd)))
    phy_ids = sorted(phy_id for group in odd.values() for phy_id in group)
    ports = [subjects.port(node.name, phy_id) for phy_id in phy_ids]
    single = len(ports) == 1
    doubt = ": the evidence does not decide, the engines' guides say 0" if sides else ""
    return failed(
        ports[0] if single else node.subject,
        f"TLS switch {values}{'' if single else f' on {len(ports)} NPUs'}, and {others}{doubt}",
        expected=f"TLS switch {right} on every NPU",
        remedies=[
            Remedy("Set the switch of the odd NPU.", f"hccn_tool -i {phy_id} -tls -s enable {right}")
            for phy_id in phy_ids
        ],
        observed=values,
        quotes=node.quotes(TLS, *map(str, phy_ids[:MAX_QUOTES])),
        affected=() if single else ports,
        confidence=Confidence.WEAK if sides else Confidence.DIRECT,
        candidates=sides,
    )


def _named(nodes: Nodes, value: int) -> str:
    """Return the NPUs with a value, by node."""
    having = [(node.name, facts.by_value[value]) for node, facts in nodes if value in facts.by_value]
    named = [f"{name} NPU {', '.join(map(str, phy_ids))}" for name, phy_ids in having[:MAX_NAMED]]
    rest = len(having) - len(named)
    return "; ".join([*named, f"and {counted(rest, 'more node')}"] if rest else named)


CHECK = Check(
    id="cluster.tls-equal",
    topics=(TLS,),
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    own_limits=("expected",),
)
