"""The kernel moves memory between NUMA nodes by itself.

What it reads: `kernel.numa_balancing`, and how many NUMA nodes there are.

Why it matters: the kernel unmaps pages from time to time to see who uses them, and moves them. The processes that feed
    the NPUs stall meanwhile, each at another time, and the others of a job wait for them.

What to do: turn it off, and bind processes to the processors near their NPU.

Disruption: none.

Limits: none. On a machine with one NUMA node it does nothing.

Sources: vllm-ascend, guide on optimization and tuning; SGLang documentation for Ascend.
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import system, tuning
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.status import Severity


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the setting, where there is anything to balance."""
    if host.told(view, system.SOURCE, lambda found: found.numa_nodes) == 1:
        yield skipped(view.subject, "the machine has one NUMA node")
        return
    yield host.setting(
        view.subject,
        "kernel.numa_balancing",
        host.told(view, tuning.SOURCE, lambda found: found.numa_balancing),
        lambda value: value == 0,
        expected="0",
        remedies=[host.sysctl("kernel.numa_balancing", 0)],
        quotes=host.lines(view, tuning.SOURCE, "numa_balancing"),
    )


CHECK = Check(
    id="host.numa-balancing",
    reads=(tuning.SOURCE, system.SOURCE),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
)
