"""Nobody keeps the node's clock right.

What it reads: whether the kernel holds its clock for synchronised, and which time services run.

Why it matters: certificates are refused by a clock that is off, and the logs of a failed job cannot be put in order
    across nodes.

What to do: start chrony (or another time service), and let it reach its servers.

Disruption: none; a jump of the clock may end sessions, so step it before a job starts.

Limits: `settle_s` is how long after the start of the node a clock may still be unsynchronised. How far the clock is
    off can only be seen across nodes. Some virtual machines keep their clock by their host without telling the
    kernel.

Sources: the rule is ours; the state is that of adjtimex(2).
"""

from __future__ import annotations

from typing import Iterator, Sequence, Tuple

import attrs

from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import passed, skipped, unknown, warned
from ascend_doctor.checks.surroundings import booted_since_s
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity, services
from ascend_doctor.facts.host.services import TIME_KEEPERS
from ascend_doctor.facts.source import WHOLE_NODE
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, Reading, known, part
from ascend_doctor.model.status import Severity


@attrs.frozen
class Limits:
    """`settle_s`: seconds after the start in which a clock need not be synchronised yet."""

    settle_s: float = 600.0


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the clock by the word of the kernel."""
    facts = view.read(services.SOURCE)
    synchronised = part(facts, lambda found: found.clock_synchronised)
    if isinstance(synchronised, Missing):
        yield unknown(view.subject, "whether the clock is synchronised", synchronised, view.quote(services.SOURCE))
        return
    running = part(facts, lambda found: found.running)
    keepers = [name for name in TIME_KEEPERS if name in (known(running) or ())]
    up_s = booted_since_s(view, view.evidence.get(services.SOURCE.name))
    if synchronised:
        yield passed(view.subject, f"the clock is synchronised{f' by {keepers[0]}' if keepers else ''}")
    elif up_s is not None and 0 <= up_s < limits.settle_s:
        yield skipped(view.subject, "the node has just started, and its clock is not synchronised yet")
    else:
        yield warned(
            view.subject,
            f"the clock is not synchronised{_because(keepers, running)}",
            expected="a clock that the kernel holds for synchronised",
            remedies=[_step(keepers[0] if keepers else "")],
            observed="unsynchronised",
            quotes=view.quote(services.SOURCE, WHOLE_NODE, "clock_synchronised", *keepers),
        )


def _because(keepers: Sequence[str], running: Reading[Tuple[str, ...]]) -> str:
    if keepers:
        return f": {keepers[0]} runs"
    return "" if isinstance(running, Missing) else ": no time service runs"


def _step(keeper: str) -> Remedy:
    if not keeper:
        step = "On the host install a time service, such as chrony, and start it."
        return Remedy(step, "systemctl enable --now chronyd")
    return Remedy(
        "See which servers it reaches.", "chronyc sources -v" if keeper.startswith("chrony") else "timedatectl"
    )


CHECK = Check(
    id="host.time",
    reads=(services.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
    own_limits=("settle_s",),
)
