"""A process on an NPU writes debug logs.

What it reads: `ASCEND_GLOBAL_LOG_LEVEL` in the environment of the processes that have an NPU open.

Why it matters: at debug level every operator writes lines; throughput drops by a multiple, and the disk fills.

What to do: leave the variable out (then errors alone are logged), or set it to 3.

Disruption: the process has to be started again.

Limits: `lowest` is the lowest level that passes: 0 is debug, 1 info, 2 warning, 3 error, 4 nothing. Guides warn of
    debug only.

Sources: CANN documentation of ASCEND_GLOBAL_LOG_LEVEL; MindIE documentation; operators' deployment notes.
"""

from __future__ import annotations

from typing import Iterator, List, Tuple

import attrs

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import passed, skipped, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity, processes
from ascend_doctor.facts.host.processes import NpuProcess
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Severity

QUIETER = Remedy("Leave the variable out, then start the process again.", "unset ASCEND_GLOBAL_LOG_LEVEL")
LEVELS = ("debug", "info", "warning", "error", "nothing")


@attrs.frozen
class Limits:
    """`lowest`: the lowest level of the log that passes."""

    lowest: int = 1


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the level of every process on an NPU."""
    users = host.users_of_npus(view)
    quotes = host.lines(view, processes.SOURCE, "name", "log_level")
    if isinstance(users, Missing):
        yield unknown(view.subject, "at which level the processes on the NPUs log", users, quotes)
    elif not users:
        yield skipped(view.subject, "no process has an NPU open")
    else:
        yield _judge(view, users, limits)


def _judge(view: NodeView, users: Tuple[NpuProcess, ...], limits: Limits) -> Finding:
    loud: List[Tuple[NpuProcess, str]] = []
    quotes = host.lines(view, processes.SOURCE, "name", "log_level")
    for user in users:
        if isinstance(user.log_level, Missing):
            return unknown(view.subject, f"at which level {user} logs", user.log_level, quotes)
        if user.log_level in [str(level) for level in range(limits.lowest)]:
            loud.append((user, user.log_level))
    if not loud:
        return passed(view.subject, "no process on an NPU writes debug logs")
    user, level = loud[0]
    return warned(
        view.subject,
        f"{user} logs at level {level} ({LEVELS[int(level)]})",
        expected=f"level {limits.lowest} or higher, or none",
        remedies=[QUIETER],
        observed=level,
        quotes=quotes,
    )


CHECK = Check(
    id="host.log-level",
    reads=(processes.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
)
