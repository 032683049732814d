"""Transparent huge pages are not always on.

What it reads: `/sys/kernel/mm/transparent_hugepage/enabled`.

Why it matters: with small pages the host spends more time in looking up addresses, and the throughput wavers.

What to do: set it to `always`.

Disruption: none.

Limits: `accepted` are the words that pass. The vendor's tool accepts `always` alone; add `madvise` where your engine
    asks for huge pages by itself.

Sources: Ascend-msit, msprechecker (preset of the host).
"""

from __future__ import annotations

from typing import Iterator, Tuple

import attrs

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import tuning
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.status import Severity

SET = Remedy(
    "Set it for now; `transparent_hugepage=always` on the kernel's command line sets it after every boot.",
    "echo always > /sys/kernel/mm/transparent_hugepage/enabled",
)


@attrs.frozen
class Limits:
    """`accepted`: the words of the kernel that pass."""

    accepted: Tuple[str, ...] = ("always",)


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the word that is chosen."""
    yield host.setting(
        view.subject,
        "the use of transparent huge pages",
        host.told(view, tuning.SOURCE, lambda found: found.transparent_hugepage),
        lambda word: word in limits.accepted,
        expected=" or ".join(limits.accepted),
        remedies=[SET],
        quotes=host.lines(view, tuning.SOURCE, "transparent_hugepage"),
    )


CHECK = Check(
    id="host.thp",
    reads=(tuning.SOURCE,),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
)
