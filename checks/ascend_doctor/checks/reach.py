"""What the checks that ping share: one statement for each port about all the addresses that it was asked about."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Sequence, Tuple, Union

from ascend_doctor.checks.outcome import failed, missing, passed
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool.hccs_ping import HccsPingFacts
from ascend_doctor.facts.hccn_tool.ping import PingFacts
from ascend_doctor.facts.hccn_tool.ub.ub_ping import UbPingFacts
from ascend_doctor.facts.source import Source, Target
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.reading import Missing, Reading
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import Subject

Answer = Union[PingFacts, HccsPingFacts, UbPingFacts]
Asked = Tuple[Target, Reading[Answer]]


def by_port(view: NodeView, source: Source[Any]) -> Iterator[Tuple[Subject, List[Asked]]]:
    """Yield every port, or the node where none was asked, with all that it was asked."""
    found: Dict[Subject, List[Asked]] = {}
    for target, subject, facts in view.each(source):
        found.setdefault(subject, []).append((target, facts))
    yield from found.items()


def judge(
    view: NodeView, source: Source[Any], port: Tuple[Subject, Sequence[Asked]], remedies: Sequence[Remedy]
) -> Finding:
    """Judge what came back: nothing of an address fails, a part of it warns, an answer that is missing is unknown."""
    subject, asked = port
    answered = [(target, facts) for target, facts in asked if not isinstance(facts, Missing)]
    lost = [(target, facts) for target, facts in answered if facts.received < facts.transmitted]
    if lost:
        dead = [(target, facts) for target, facts in lost if not facts.received]
        target, facts = (dead or lost)[0]
        also = f", and from {len(lost) - 1} more" if len(lost) > 1 else ""
        return failed(
            subject,
            f"{facts.received} of {facts.transmitted} packets came back from {facts.destination}{also}",
            expected="all packets come back",
            remedies=remedies,
            observed=Quantity(facts.loss_pct, "%"),
            quotes=view.quote(source, target, "packet"),
            status=Status.FAIL if dead else Status.WARN,
        )
    gaps = [(target, facts) for target, facts in asked if isinstance(facts, Missing)]
    for target, gap in gaps:
        return missing(subject, "whether the addresses answer", gap, view.quote(source, target))
    return passed(subject, f"every packet came back from {', '.join(facts.destination for _, facts in answered)}")
