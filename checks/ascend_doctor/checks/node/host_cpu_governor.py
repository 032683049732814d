"""The processors do not run at full speed.

What it reads: `scaling_governor` of every group of processors below `/sys/devices/system/cpu/cpufreq`.

Why it matters: the host hands operators to the NPU one by one, so its clock sets the pace. Operators report about a
    fifth more throughput in the high-performance mode.

What to do: set the governor `performance`, and the power policy of the BMC to high performance.

Disruption: none.

Limits: none. A machine whose kernel does not set the frequency, as most virtual ones, is not judged.

Sources: vllm-ascend, guide on optimization and tuning; Ascend-msit, msprechecker; an operator's deployment notes (the
    figure).
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import passed, skipped, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import tuning
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Severity

WANTED = "performance"
SET = Remedy(
    "Set the governor of all processors; the power policy of the BMC should be high performance too.",
    f"echo {WANTED} | tee /sys/devices/system/cpu/cpufreq/policy*/scaling_governor",
)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the governors of all processors."""
    governors = host.told(view, tuning.SOURCE, lambda found: found.governors)
    if isinstance(governors, Missing):
        yield unknown(view.subject, "the governor of the processors", governors, view.quote(tuning.SOURCE))
        return
    others = sorted(set(governors) - {WANTED})
    if not governors:
        yield skipped(view.subject, "the kernel does not set the frequency of the processors")
    elif not others:
        yield passed(view.subject, "all processors run at full speed", observed=WANTED)
    else:
        words = " and ".join(others)
        some = "some of the processors" if WANTED in governors else "the processors"
        yield warned(
            view.subject,
            f"the governor of {some} is {words}",
            expected=f"{WANTED} for all processors",
            remedies=[SET],
            observed=words,
            quotes=host.lines(view, tuning.SOURCE, *others),
        )


CHECK = Check(
    id="host.cpu-governor",
    reads=(tuning.SOURCE,),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
)
