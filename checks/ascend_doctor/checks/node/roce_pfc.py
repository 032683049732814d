"""PFC does not protect what RoCE needs, or a port sorts packets otherwise than the others.

What it reads: `hccn_tool -i N -pfc -g`, `-dscp_to_tc -g` and `-prio_tc -g`.

Why it matters: RoCE slows down badly when packets are lost. PFC protects one priority from losses; packets that are
    sorted into another class, or a port that protects another priority than its neighbours, lose packets under load.

What to do: protect the priority of the job (`HCCL_RDMA_SL`, 4 by default) on every port and every switch, and let the
    DSCP of the job (`HCCL_RDMA_TC` divided by 4, 33 by default) lead to the same class.

Disruption: setting PFC interrupts the network of the NPU for a moment.

Limits: `priority` and `dscp` are HCCL's defaults; a site that sets the environment otherwise changes them. That the
    class of the DSCP has to be the class of the priority is our own reading of HCCL's documents.

Sources: hicann/hccl, documentation of HCCL_RDMA_SL and HCCL_RDMA_TC; hicann/driver, tool_cmd.c and tool_ops.c.
"""

from __future__ import annotations

from typing import Hashable, Iterator, List, Sequence, Tuple

import attrs

from ascend_doctor.checks import alike, ports, remedies
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import dscp_to_tc, pfc, prio_tc
from ascend_doctor.facts.hccn_tool.dscp_to_tc import DscpToTcFacts
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading
from ascend_doctor.model.status import Disruption, Severity, Status
from ascend_doctor.model.subject import Subject

PROTECTION = "the protection by PFC"
SORTING = "the map of DSCPs"


@attrs.frozen
class Limits:
    """`priority`: the priority of the job's packets. `dscp`: the DSCP in their heads."""

    priority: int = 4
    dscp: int = 33


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge both settings together: one finding for each port, or one for the node where all are alike wrong."""
    found, gaps = alike.settings(view, pfc.SOURCE, PROTECTION, lambda facts: facts.enabled)
    judged = [*gaps, *_protection(view, found, limits)]
    troubled = {finding.subject for finding in judged if finding.status is not Status.PASS}
    yield from (finding for finding in judged if finding.status is not Status.PASS)
    sorting, _ = alike.settings(view, dscp_to_tc.SOURCE, SORTING, lambda facts: tuple(facts.classes.items()))
    odd = [*_sorting(view, sorting, limits)]
    yield from (finding for finding in odd if finding.subject not in troubled and view.subject not in troubled)
    troubled |= {finding.subject for finding in odd}
    yield from (finding for finding in judged if finding.status is Status.PASS and finding.subject not in troubled)


def _protection(view: NodeView, found: Sequence[alike.Setting], limits: Limits) -> Iterator[Finding]:
    bare = [item for item in found if not _enabled(item)[limits.priority]]
    if found and len(bare) == len(found):
        yield warned(
            view.subject,
            f"no port protects priority {limits.priority} by PFC",
            expected=f"PFC for priority {limits.priority}, here and on the switches",
            remedies=_steps(found[0].target, limits.priority),
            quotes=view.quote(pfc.SOURCE, found[0].target),
            affected=[item.subject for item in found],
        )
        return
    yield from alike.compare(
        view,
        pfc.SOURCE,
        found,
        what=PROTECTION,
        shown=_shown,
        remedies=lambda target: _steps(target, limits.priority),
        say=warned,
    )


def _enabled(item: alike.Setting) -> Tuple[int, ...]:
    return item.value if isinstance(item.value, tuple) else ()


def _shown(value: Hashable) -> str:
    bits = value if isinstance(value, tuple) else ()
    priorities = [str(number) for number, bit in enumerate(bits) if bit]
    return f"for priority {', '.join(priorities)}" if priorities else "off"


def _sorting(view: NodeView, found: List[alike.Setting], limits: Limits) -> Iterator[Finding]:
    """Yield a warning for each port that sorts packets otherwise than most, or apart from the protected class."""
    usual = alike.common(found)
    for item in found:
        if usual is not None and item.value != usual:
            words = f"{SORTING} to traffic classes differs from that of the other ports"
        else:
            words = _apart(view, item.target, limits)
        if words:
            yield _misled(view, item.target, item.subject, words)


def _apart(view: NodeView, target: Target, limits: Limits) -> str:
    """Return in words that the job's packets are not in the protected class, empty where they are or nobody knows."""
    priorities, dscps = view.read(prio_tc.SOURCE, target), view.read(dscp_to_tc.SOURCE, target)
    of_dscp = _class_of(dscps, limits.dscp)
    if isinstance(priorities, Missing) or isinstance(of_dscp, Missing):
        return ""
    of_priority = priorities.tc[limits.priority]
    if of_priority == of_dscp:
        return ""
    return f"DSCP {limits.dscp} leads to traffic class {of_dscp}, and the protected priority uses class {of_priority}"


def _class_of(facts: Reading[DscpToTcFacts], dscp: int) -> Reading[int]:
    return facts if isinstance(facts, Missing) else facts.classes.get(dscp, NOT_REPORTED)


def _misled(view: NodeView, target: Target, subject: Subject, words: str) -> Finding:
    return warned(
        subject,
        words,
        expected="the job's packets in the protected class, on every port alike",
        remedies=[
            Remedy(
                "Set the map as on the other ports.",
                f"hccn_tool -i {remedies.which(target.phy_id)} -dscp_to_tc -s dscp DSCP tc TC",
                Disruption.TRAFFIC,
            )
        ],
        quotes=(*view.quote(dscp_to_tc.SOURCE, target), *view.quote(prio_tc.SOURCE, target)),
    )


def _steps(target: Target, priority: int) -> Sequence[Remedy]:
    bitmap = ",".join(str(int(number == priority)) for number in range(8))
    return [
        Remedy(
            "Protect the priority of the job, here and on the switches.",
            f"hccn_tool -i {remedies.which(target.phy_id)} -pfc -s bitmap {bitmap}",
            Disruption.TRAFFIC,
        )
    ]


CHECK = Check(
    id="roce.pfc",
    reads=(pfc.SOURCE, dscp_to_tc.SOURCE, prio_tc.SOURCE, *ports.USE),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
    generations=ROCE,
)
