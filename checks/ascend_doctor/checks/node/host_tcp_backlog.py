"""Too few connections may wait to be accepted.

What it reads: `net.core.somaxconn` and `net.ipv4.tcp_max_syn_backlog`.

Why it matters: at the start of a job all ranks connect to one process at once. Connections beyond what may wait are
    dropped and tried again seconds later; on a large job that takes longer than HCCL waits (EI0015).

What to do: raise both above the number of ranks.

Disruption: none.

Limits: `ranks` is our own policy: the number of ranks of the largest job that should start without trouble. A container
    has settings of its own, which say nothing about a job's.

Sources: hicann/hccl documentation (fault diagnosis of EI0015); Ascend/mind-cluster, ascend-faultdiag (HCCL_005).
"""

from __future__ import annotations

from typing import Iterator

import attrs

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import passed, skipped, unknown, warned
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.host import limits as kernel_limits
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Severity

RAISED = 65_535


@attrs.frozen
class Limits:
    """`ranks`: how many ranks may connect at once."""

    ranks: int = 1024


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge both settings; the smaller one decides."""
    if in_container(view):
        yield skipped(view.subject, "the doctor's container has network settings of its own")
        return
    quotes = host.lines(view, kernel_limits.SOURCE, "somaxconn", "tcp_max_syn_backlog")
    small = []
    for name, value in (
        ("net.core.somaxconn", host.told(view, kernel_limits.SOURCE, lambda found: found.somaxconn)),
        (
            "net.ipv4.tcp_max_syn_backlog",
            host.told(view, kernel_limits.SOURCE, lambda found: found.tcp_max_syn_backlog),
        ),
    ):
        if isinstance(value, Missing):
            yield unknown(view.subject, name, value, quotes)
            return
        if value < limits.ranks:
            small.append((name, value))
    if not small:
        yield passed(view.subject, f"{limits.ranks} ranks may connect at once")
        return
    yield warned(
        view.subject,
        " and ".join(f"{name} is {value}" for name, value in small),
        expected=f"at least {limits.ranks}, the number of ranks that may connect at once",
        remedies=[host.sysctl(name, max(RAISED, limits.ranks)) for name, _ in small],
        observed=small[0][1],
        quotes=quotes,
    )


CHECK = Check(
    id="host.tcp-backlog",
    reads=(kernel_limits.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
    own_limits=("ranks",),
)
