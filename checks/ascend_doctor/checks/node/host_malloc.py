"""A process on an NPU was told to load a library that is not there.

What it reads: `LD_PRELOAD` of the processes that have an NPU open, whether its libraries are there for the process, and
    which allocators (jemalloc, tcmalloc) the node has.

Why it matters: guides preload jemalloc or tcmalloc for more throughput. A path that does not exist is passed over with
    one line in the log, and the engine runs slower than it should; the path differs between distributions
    (`/usr/lib64` and `/usr/lib/aarch64-linux-gnu`).

What to do: install the library, or correct the path in `LD_PRELOAD`.

Disruption: the process has to be started again.

Limits: none. That no allocator is installed is told and is no problem. Only paths below the system's library folders
    are looked at, so that a look never waits for a network.

Sources: vllm-ascend, guide on optimization and tuning; Ascend-msit, msprechecker.
"""

from __future__ import annotations

from typing import Iterator, Tuple

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import passed, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity, processes, system
from ascend_doctor.facts.host.processes import NpuProcess
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, Reading
from ascend_doctor.model.status import Severity

INSTALL = Remedy(
    "Install the library, or correct LD_PRELOAD; then start the process again.", "ldconfig -p | grep malloc"
)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge what the processes preload."""
    users = host.users_of_npus(view)
    if isinstance(users, Missing):
        yield unknown(view.subject, "what the processes on the NPUs preload", users, view.quote(processes.SOURCE))
        return
    absent = [(user, path) for user in users for path in _absent(user)]
    if absent:
        (user, path), more = absent[0], len(absent) - 1
        yield warned(
            view.subject,
            f"{user} should preload {path}, which is not there{f', and {more} more' if more else ''}",
            expected="every library of LD_PRELOAD is there",
            remedies=[INSTALL],
            observed=path,
            quotes=host.lines(view, processes.SOURCE, "name", "absent_preloads", *(path for _, path in absent)),
        )
        return
    yield passed(view.subject, _words(users, host.told(view, system.SOURCE, lambda found: found.allocators)))


def _absent(user: NpuProcess) -> Tuple[str, ...]:
    return () if isinstance(user.absent_preloads, Missing) else user.absent_preloads


def _words(users: Tuple[NpuProcess, ...], installed: Reading[Tuple[str, ...]]) -> str:
    there = "" if isinstance(installed, Missing) else ", ".join(installed)
    words = "every library that is preloaded is there" if users else "no process has an NPU open"
    return f"{words}; on the node: {there or 'no allocator but that of the C library'}"


CHECK = Check(
    id="host.malloc",
    reads=(processes.SOURCE, system.SOURCE, identity.SOURCE),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
)
