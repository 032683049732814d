"""The kernel has logged trouble.

What it reads: the lines of the kernel's log since the start that tell of uncorrectable PCIe errors (AER), machine
    checks, memory that ran out, tasks that hang, and errors of the NPU driver.

Why it matters: such a line often explains, hours before or after, why a job died or an NPU dropped.

What to do: by what was logged; the finding says it for each kind. Never reset an NPU for a `Conflict open udevid`
    line: a container asked for an NPU that another one has.

Disruption: none.

Limits: `window_s` is how far back lines count, `driver_errors` how many errors of the NPU driver in it are a warning;
    the driver logs one for many a harmless question. Corrected errors do not count, and conflicts over a device pass
    with a note. What the kernel has already dropped from its log is not seen. Lines that programs wrote into it do
    not count.

Sources: hicann/driver, dmc_log.h (form of the driver's lines); a field report on uda_occupy_dev_by_ns (a side effect
    of a wrongly set up container); the rules are ours.
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Mapping, Sequence

import attrs

from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import passed, skipped, unknown, warned
from ascend_doctor.checks.surroundings import booted_since_s, in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity, kernel_log
from ascend_doctor.facts.host.kernel_log import (
    AER,
    DEVICE_CONFLICT,
    DRIVER_ERROR,
    HUNG_TASK,
    MACHINE_CHECK,
    OUT_OF_MEMORY,
    LogLine,
)
from ascend_doctor.facts.source import WHOLE_NODE
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, part
from ascend_doctor.model.status import Severity
from ascend_doctor.model.wording import counted

WORDS = {
    MACHINE_CHECK: ("machine check", "machine checks"),
    AER: ("uncorrectable PCIe error", "uncorrectable PCIe errors"),
    OUT_OF_MEMORY: ("process killed for want of memory", "processes killed for want of memory"),
    HUNG_TASK: ("hanging task", "hanging tasks"),
    DRIVER_ERROR: ("error of the NPU driver", "errors of the NPU driver"),
}
STEPS: Mapping[str, Remedy] = {
    MACHINE_CHECK: Remedy("Look at the memory and the processors with the tools of the server's maker."),
    AER: Remedy("Look at the link of the device that the line names (see `npu.pcie`)."),
    OUT_OF_MEMORY: Remedy("See what needed the memory, and raise the limit of its container or need less.", "dmesg -T"),
    HUNG_TASK: Remedy("See what the task waits for: most often a disk, a file server or a device.", "dmesg -T"),
    DRIVER_ERROR: Remedy("See what the driver says; collect its logs for support when it goes on.", "dmesg -T"),
}


@attrs.frozen
class Limits:
    """`window_s`: how far back lines count. `driver_errors`: how many errors of the NPU driver are a warning."""

    window_s: float = 86_400.0
    driver_errors: int = 10


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the newest lines of the log."""
    facts = view.read(kernel_log.SOURCE)
    lines = part(facts, lambda found: found.lines)
    if isinstance(lines, Missing):
        if in_container(view):
            yield skipped(view.subject, "a container does not show the kernel's log")
        else:
            yield unknown(view.subject, "what the kernel has logged", lines, view.quote(kernel_log.SOURCE))
        return
    found = _by_kind(_recent(view, lines, limits.window_s))
    kinds = [
        kind for kind in WORDS if len(found.get(kind, ())) >= (limits.driver_errors if kind == DRIVER_ERROR else 1)
    ]
    if kinds:
        newest = [found[kind][-1].text for kind in kinds]
        yield warned(
            view.subject,
            f"the kernel has logged {', '.join(counted(len(found[kind]), *WORDS[kind]) for kind in kinds)}",
            expected=f"none within {limits.window_s / 3600:g} hours",
            remedies=[STEPS[kind] for kind in kinds],
            observed=sum(len(found[kind]) for kind in kinds),
            quotes=view.quote(kernel_log.SOURCE, WHOLE_NODE, *newest),
        )
    else:
        yield passed(view.subject, f"the kernel has logged no trouble{_note(found)}")


def _recent(view: NodeView, lines: Sequence[LogLine], window_s: float) -> List[LogLine]:
    """Return the lines within the window; all of them where the time of the start or of the look is not known."""
    up_s = booted_since_s(view, view.evidence.get(kernel_log.SOURCE.name))
    return [line for line in lines if up_s is None or line.at_s >= up_s - window_s]


def _by_kind(lines: Sequence[LogLine]) -> Dict[str, List[LogLine]]:
    found: Dict[str, List[LogLine]] = {}
    for line in lines:
        found.setdefault(line.kind, []).append(line)
    return found


def _note(found: Mapping[str, Sequence[LogLine]]) -> str:
    notes = [
        counted(len(found[kind]), *words)
        for kind, words in (
            (DRIVER_ERROR, WORDS[DRIVER_ERROR]),
            (DEVICE_CONFLICT, ("device asked for by two containers", "devices asked for by two containers")),
        )
        if kind in found
    ]
    return f" that matters; {' and '.join(notes)}" if notes else ""


CHECK = Check(
    id="host.dmesg",
    reads=(kernel_log.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
    own_limits=("window_s", "driver_errors"),
)
