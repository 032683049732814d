"""The kernel moves processes between processors too readily, or too seldom.

What it reads: `kernel.sched_migration_cost_ns`; since Linux 5.13 it is `migration_cost_ns` in debugfs, which only root
    may read.

Why it matters: it decides how long a process counts as warm on its processor. The value that the vendor recommends lets
    the many short threads of an engine spread sooner over free processors.

What to do: set the recommended value.

Disruption: none.

Limits: `recommended_ns` is the value of the guide, in nanoseconds. The kernel's own is 500000.

Sources: vllm-ascend, guide on optimization and tuning.
"""

from __future__ import annotations

from typing import Iterator

import attrs

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity, tuning
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import known
from ascend_doctor.model.status import Severity

MOVED_IN = (5, 13)


@attrs.frozen
class Limits:
    """`recommended_ns`: the value that passes, in nanoseconds."""

    recommended_ns: int = 50_000


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the setting."""
    yield host.setting(
        view.subject,
        "the scheduler's migration cost",
        host.told(view, tuning.SOURCE, lambda found: found.sched_migration_cost_ns),
        lambda value: value == limits.recommended_ns,
        expected=f"{limits.recommended_ns} ns",
        remedies=[_step(view, limits)],
        quotes=host.lines(view, tuning.SOURCE, "sched_migration_cost_ns"),
        unit="ns",
    )


def _step(view: NodeView, limits: Limits) -> Remedy:
    """Return the command for the running kernel, the older one where its release is not known."""
    release = known(host.told(view, identity.SOURCE, lambda found: found.kernel)) or ""
    if (host.kernel_number(release) or (0, 0)) < MOVED_IN:
        return host.sysctl("kernel.sched_migration_cost_ns", limits.recommended_ns)
    return Remedy(
        "Set it for now; a unit that runs at the start sets it after every boot.",
        f"echo {limits.recommended_ns} > /sys/kernel/debug/sched/migration_cost_ns",
    )


CHECK = Check(
    id="host.sched-migration",
    reads=(tuning.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
)
