"""The kernel refuses memory that is not there yet.

What it reads: `vm.overcommit_memory`.

Why it matters: engines reserve far more address space than they use, and start workers by copying themselves. With
    strict accounting (2) both fail with "Cannot allocate memory" while most of the memory is free.

What to do: set it to 0 or 1.

Disruption: none.

Limits: `accepted` are the values that pass, our own policy: 0 is the kernel's own choice, 1 is what some engines ask
    for.

Sources: Linux documentation, overcommit accounting; Ascend-msit, msprechecker (collects it for engine presets).
"""

from __future__ import annotations

from typing import Iterator, Tuple

import attrs

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import tuning
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.status import Severity


@attrs.frozen
class Limits:
    """`accepted`: the values of the setting that pass."""

    accepted: Tuple[int, ...] = (0, 1)


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the setting."""
    yield host.setting(
        view.subject,
        "vm.overcommit_memory",
        host.told(view, tuning.SOURCE, lambda found: found.overcommit_memory),
        lambda value: value in limits.accepted,
        expected=" or ".join(map(str, limits.accepted)),
        remedies=[host.sysctl("vm.overcommit_memory", next(iter(limits.accepted), 0))],
        quotes=host.lines(view, tuning.SOURCE, "overcommit_memory"),
        effect="reservations may fail while memory is free",
    )


CHECK = Check(
    id="host.overcommit",
    reads=(tuning.SOURCE,),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
    own_limits=("accepted",),
)
