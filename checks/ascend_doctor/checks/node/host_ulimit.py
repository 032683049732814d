"""A process may open too few files, or lock too little memory.

What it reads: the soft limits of the processes that have an NPU open. Where there is none, those of the doctor when
    somebody who has logged in started it: a job that is started the same way gets the same.

Why it matters: the process that collects all ranks of a job holds a connection to each; when it may open no more, the
    job fails to start with EI0015. Memory for RDMA has to be locked.

What to do: raise both limits for the service (`LimitNOFILE`, `LimitMEMLOCK` in its unit, `--ulimit` for a container) or
    for users in `/etc/security/limits.conf`.

Disruption: the service or the login has to be started again.

Limits: `open_files` is our own policy. Locked memory should have no limit.

Sources: hicann/hccl documentation (fault diagnosis of EI0015); Ascend/mind-cluster, ascend-faultdiag (HCCL_005).
"""

from __future__ import annotations

from typing import Iterator, List, Sequence, Tuple

import attrs

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import passed, skipped, unknown, warned
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity, limits, processes
from ascend_doctor.facts.host.limits import UNLIMITED, ProcessLimits
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, Reading
from ascend_doctor.model.status import Severity

MB = 1024 * 1024
MAX_NAMED = 4
FOR_LOGINS = Remedy(
    "Raise both for the users who start jobs, and log in again.",
    "printf '* - nofile 1048576\\n* - memlock unlimited\\n' > /etc/security/limits.d/ascend.conf",
)
FOR_SERVICES = Remedy(
    "Start it again with LimitNOFILE=1048576 and LimitMEMLOCK=infinity in its unit, or a container with "
    "--ulimit nofile=1048576 --ulimit memlock=-1."
)


@attrs.frozen
class Limits:
    """`open_files`: how many files a process should be allowed to open."""

    open_files: int = 65_535


Holder = Tuple[str, ProcessLimits]
LOGIN = "a login"


def judge(view: NodeView, wanted: Limits) -> Iterator[Finding]:
    """Judge the limits of those who matter."""
    holders = _holders(view)
    if isinstance(holders, Missing):
        yield unknown(view.subject, "the limits of processes", holders, view.quote(processes.SOURCE))
    elif not holders:
        yield skipped(view.subject, "no process has an NPU open, and the doctor's own limits are not those of a job")
    else:
        yield _judge(view, holders, wanted)


def _holders(view: NodeView) -> Reading[Sequence[Holder]]:
    """Return whose limits count: the processes on the NPUs, else a login, else nobody."""
    users = host.users_of_npus(view)
    if not isinstance(users, Missing) and users:
        return [(str(user), user.limits) for user in users]
    facts = view.read(limits.SOURCE)
    if not isinstance(facts, Missing) and facts.from_a_login is True and not in_container(view):
        return [(LOGIN, facts.own)]
    return users if isinstance(users, Missing) else []


def _judge(view: NodeView, holders: Sequence[Holder], wanted: Limits) -> Finding:
    source = limits.SOURCE if holders[0][0] == LOGIN else processes.SOURCE
    quotes = host.lines(view, source, "open_files", "locked_bytes")
    low: List[str] = []
    for name, found in holders:
        if isinstance(found.open_files, Missing):
            return unknown(view.subject, f"how many files {name} may open", found.open_files, quotes)
        if isinstance(found.locked_bytes, Missing):
            return unknown(view.subject, f"how much memory {name} may lock", found.locked_bytes, quotes)
        if found.open_files != UNLIMITED and found.open_files < wanted.open_files:
            low.append(f"{name} may open {found.open_files} files")
        if found.locked_bytes != UNLIMITED:
            low.append(f"{name} may lock {found.locked_bytes / MB:.1f} MB of memory")
    if not low:
        return passed(view.subject, f"{holders[0][0]} may open enough files and lock memory")
    return warned(
        view.subject,
        "; ".join(low[:MAX_NAMED]),
        expected=f"at least {wanted.open_files} open files, and no limit for locked memory",
        remedies=[FOR_LOGINS if holders[0][0] == LOGIN else FOR_SERVICES],
        quotes=quotes,
    )


CHECK = Check(
    id="host.ulimit",
    reads=(limits.SOURCE, processes.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
    own_limits=("open_files",),
)
