"""The host runs short of memory.

What it reads: total and available memory in `/proc/meminfo`.

Why it matters: the weights pass through the host's memory when a model is loaded, and every rank keeps buffers there.
    When it runs out the kernel ends the largest process, which is a rank of the job.

What to do: end what else runs on the node; look for huge pages that are reserved and not used (`HugePages_Free`), and
    for files left over in `/dev/shm`, which is memory too.

Disruption: ending a process ends its job.

Limits: `need_gb` is what your job needs to start, in GB of 1024 MB; nothing is asked where it is 0. `min_available_pct`
    is our own policy: with less available memory it warns.

Sources: an operator's deployment notes; MindIE documentation (memory of the host).
"""

from __future__ import annotations

from typing import Iterator

import attrs

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, passed, unknown
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import memory
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Status

LOOK = Remedy("See who holds it, what is reserved as huge pages, and what lies in /dev/shm.", "free -m; ls -l /dev/shm")
GB = 1024


@attrs.frozen
class Limits:
    """`need_gb`: what a job needs, 0 for nothing. `min_available_pct`: what should be available, in percent."""

    need_gb: float = 0.0
    min_available_pct: float = 20.0


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the available memory against the need of a job, and against the whole."""
    available_mb = host.told(view, memory.SOURCE, lambda found: found.available_mb)
    total_mb = host.told(view, memory.SOURCE, lambda found: found.total_mb)
    quotes = host.lines(view, memory.SOURCE, "available_mb", "total_mb")
    if isinstance(available_mb, Missing):
        yield unknown(view.subject, "the available memory", available_mb, quotes)
        return
    if isinstance(total_mb, Missing):
        yield unknown(view.subject, "the size of the memory", total_mb, quotes)
        return
    observed = Quantity(available_mb, "MB")
    words = f"{available_mb / GB:.0f} of {total_mb / GB:.0f} GB of memory are available"
    short = available_mb < limits.need_gb * GB
    if short or available_mb * 100 < limits.min_available_pct * total_mb:
        yield failed(
            view.subject,
            words,
            expected=f"{limits.need_gb:g} GB for a job" if short else f"at least {limits.min_available_pct:g} %",
            remedies=[LOOK],
            observed=observed,
            quotes=quotes,
            status=Status.FAIL if short else Status.WARN,
        )
    else:
        yield passed(view.subject, words, observed=observed)


CHECK = Check(
    id="host.memory",
    reads=(memory.SOURCE,),
    judge=judge,
    limits=Limits(),
    own_limits=("min_available_pct",),
    metric="host_memory_available_megabytes",
)
