"""The kernel swaps too readily.

What it reads: `vm.swappiness`, and the size of the swap in `/proc/meminfo`.

Why it matters: memory of the processes that feed the NPUs goes to disk while files stay in memory; fetching it back
    stalls all ranks of a job.

What to do: set `vm.swappiness` to 0, or turn the swap off.

Disruption: none. Turning the swap off needs free memory for what is in it.

Limits: the vendor's guide wants 0. Up to `most` is accepted, which is our own policy: below about 10 the kernel swaps
    only when memory runs out. Without swap it does not matter.

Sources: vllm-ascend, guide on optimization and tuning; SGLang documentation for Ascend.
"""

from __future__ import annotations

from typing import Iterator

import attrs

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import passed
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import memory, tuning
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.status import Severity


@attrs.frozen
class Limits:
    """`most`: the highest value that passes."""

    most: int = 10


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the setting, where there is swap at all."""
    if host.told(view, memory.SOURCE, lambda found: found.swap_mb) == 0:
        yield passed(view.subject, "the node has no swap")
        return
    yield host.setting(
        view.subject,
        "vm.swappiness",
        host.told(view, tuning.SOURCE, lambda found: found.swappiness),
        lambda value: value <= limits.most,
        expected=f"at most {limits.most}",
        remedies=[host.sysctl("vm.swappiness", 0)],
        quotes=host.lines(view, tuning.SOURCE, "swappiness"),
    )


CHECK = Check(
    id="host.swappiness",
    reads=(tuning.SOURCE, memory.SOURCE),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
    own_limits=("most",),
)
