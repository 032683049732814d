"""Shared memory is small.

What it reads: the size of `/dev/shm` in the table of mounts, and the memory of the host where the mount says none.

Why it matters: the processes of an engine pass data to each other through shared memory. When it is full they die with
    "Bus error", or wait for each other ("No available shared memory broadcast block").

What to do: on the host mount it with a size. A container gets 64 MB unless it is started with `--shm-size`, or shares
    the host's with `--ipc=host`; then `--shm-size` means nothing.

Disruption: a container has to be started again.

Limits: `min_gb` is our own policy, in GB of 1024 MB: guides ask for 1 GB up to 500 GB, depending on engine and model.
    When the doctor runs in a container it sees the shared memory of that container, which says nothing about a job's;
    with `in_container` it is judged there too.

Sources: documentation of MindIE, SGLang and vllm-ascend (start of the container); operators' deployment notes.
"""

from __future__ import annotations

from typing import Iterator

import attrs

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import passed, skipped, unknown, warned
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity, memory
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Severity

GROW = Remedy("Give the host's shared memory a size, also in /etc/fstab.", "mount -o remount,size=500g /dev/shm")
RESTART = Remedy("Start the container with more shared memory, or with the host's (`--ipc=host`).")
GB = 1024


@attrs.frozen
class Limits:
    """`min_gb`: how large it should be. `in_container`: whether the doctor's own container is one that runs jobs."""

    min_gb: float = 16.0
    in_container: bool = False


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the size."""
    contained = in_container(view)
    size_mb = host.told(view, memory.SOURCE, lambda found: found.shm_mb)
    quotes = host.lines(view, memory.SOURCE, "shm_mb")
    if contained and not limits.in_container:
        yield skipped(view.subject, "the doctor's container has a shared memory of its own")
    elif isinstance(size_mb, Missing):
        yield unknown(view.subject, "the size of /dev/shm", size_mb, quotes)
    elif size_mb >= limits.min_gb * GB:
        yield passed(view.subject, f"shared memory may grow to {size_mb / GB:.0f} GB", observed=Quantity(size_mb, "MB"))
    else:
        yield warned(
            view.subject,
            f"shared memory may grow to {size_mb} MB at most",
            expected=f"at least {limits.min_gb:g} GB",
            remedies=[RESTART if contained else GROW],
            observed=Quantity(size_mb, "MB"),
            quotes=quotes,
        )


CHECK = Check(
    id="host.shm",
    reads=(memory.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
    own_limits=("min_gb", "in_container"),
)
