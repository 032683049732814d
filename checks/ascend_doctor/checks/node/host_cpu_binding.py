"""There are too few processors to bind processes to the NPUs.

What it reads: the number of online processors and of NPUs; for processes that have an NPU open, whether they find the
    program `migratepages`.

Why it matters: on Arm, vllm-ascend binds its threads to processors near the NPU and moves their memory there. With
    fewer than five processors for each NPU, or without `migratepages`, it leaves that out, and throughput wavers.

What to do: put processors that are offline back online. Install the package numactl where the engine runs, which is
    inside its container.

Disruption: the engine has to be started again.

Limits: `cpus_per_npu` is that of vllm-ascend. Machines that are not aarch64 are not judged.

Sources: vllm-ascend, binding of processors (at least five for an NPU, migratepages).
"""

from __future__ import annotations

from typing import Iterator, Tuple

import attrs

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import passed, skipped, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity, processes, system
from ascend_doctor.facts.host.processes import NpuProcess
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, known
from ascend_doctor.model.status import Severity

ONLINE = Remedy("See which processors are offline, and why.", "lscpu | grep -i 'on-line\\|off-line'; cat /proc/cmdline")
INSTALL = Remedy("Install numactl where the engine runs, then start it again.", "yum install -y numactl")


@attrs.frozen
class Limits:
    """`cpus_per_npu`: how many processors there should be for each NPU."""

    cpus_per_npu: int = 5


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the processors for each NPU, and what the engines that run find."""
    machine = host.told(view, identity.SOURCE, lambda found: found.machine)
    npus = host.told(view, identity.SOURCE, lambda found: found.davinci)
    cpus = host.told(view, system.SOURCE, lambda found: found.cpus)
    if isinstance(machine, Missing):
        yield unknown(view.subject, "the architecture", machine)
    elif machine != "aarch64":
        yield skipped(view.subject, f"processes are bound on aarch64 only, and this is {machine}")
    elif isinstance(cpus, Missing):
        yield unknown(view.subject, "the number of processors", cpus, view.quote(system.SOURCE))
    elif isinstance(npus, Missing) or not npus:
        yield skipped(view.subject, "the node shows no NPU")
    else:
        yield _judge(view, cpus, len(npus), limits)


def _judge(view: NodeView, cpus: int, npus: int, limits: Limits) -> Finding:
    without = [user for user in _users(view) if user.migratepages is False]
    words = f"{cpus} processors for {npus} NPUs"
    if cpus < limits.cpus_per_npu * npus:
        return warned(
            view.subject,
            words,
            expected=f"at least {limits.cpus_per_npu} for each NPU",
            remedies=[ONLINE],
            observed=cpus,
            quotes=host.lines(view, system.SOURCE, "cpus"),
        )
    if without:
        return warned(
            view.subject,
            f"{without[0]} does not find migratepages, so it cannot be bound to processors",
            expected="migratepages is there for every process on an NPU",
            remedies=[INSTALL],
            quotes=host.lines(view, processes.SOURCE, "name", "migratepages"),
        )
    return passed(view.subject, words, observed=cpus)


def _users(view: NodeView) -> Tuple[NpuProcess, ...]:
    return known(host.users_of_npus(view)) or ()


CHECK = Check(
    id="host.cpu-binding",
    reads=(system.SOURCE, identity.SOURCE, processes.SOURCE),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
)
