"""What the checks of the host share: parts of facts, lines to quote, and steps that change a setting."""

from __future__ import annotations

import re
from typing import Any, Callable, Optional, Sequence, Tuple, TypeVar

from ascend_doctor.checks.outcome import passed, unknown, warned
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import processes
from ascend_doctor.facts.host.processes import NpuProcess
from ascend_doctor.facts.source import WHOLE_NODE, Source
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading
from ascend_doctor.model.subject import Subject

F = TypeVar("F")
T = TypeVar("T")
V = TypeVar("V", int, str)

NOT_SHOWN = Missing(Absence.NOT_REPORTED, "the kernel does not show it to the doctor")
NOT_SEEN = Missing(Absence.NO_PERMISSION, "only root sees which files other processes have open")


def told(view: NodeView, source: Source[F], get: Callable[[F], Reading[T]]) -> Reading[T]:
    """Return a part of the facts that a source gave about the node, or why there are none."""
    facts = view.read(source)
    found = facts if isinstance(facts, Missing) else get(facts)
    return NOT_SHOWN if found == NOT_REPORTED else found


def lines(view: NodeView, source: Source[Any], *names: str) -> Tuple[Quote, ...]:
    """Quote the lines of an answer about the host that hold these facts."""
    return view.quote(source, WHOLE_NODE, *(f'"{name}"' for name in names))


def setting(
    subject: Subject,
    what: str,
    value: Reading[V],
    passes: Callable[[V], bool],
    *,
    expected: str,
    remedies: Sequence[Remedy],
    quotes: Tuple[Quote, ...],
    unit: str = "",
    effect: str = "",
) -> Finding:
    """Judge a setting that has one value. `what` names it (`vm.swappiness`), `effect` says what a wrong one does."""
    if isinstance(value, Missing):
        return unknown(subject, what, value, quotes)
    observed = Quantity(value, unit)
    if passes(value):
        return passed(subject, f"{what} is {observed}", observed=observed)
    summary = f"{what} is {observed}{effect and ': '}{effect}"
    return warned(subject, summary, expected=expected, remedies=remedies, observed=observed, quotes=quotes)


def sysctl(name: str, value: object) -> Remedy:
    """Return the advice to set a kernel setting."""
    return Remedy(
        "Set it for now; a file in /etc/sysctl.d with the same line sets it after every boot.",
        f"sysctl -w {name}={value}",
    )


def kernel_number(release: str) -> Optional[Tuple[int, int]]:
    """Return the first two numbers of a kernel's release, None for any other text."""
    found = re.match(r"([0-9]{1,4})\.([0-9]{1,4})", release)
    return (int(found.group(1)), int(found.group(2))) if found else None


def users_of_npus(view: NodeView) -> Reading[Tuple[NpuProcess, ...]]:
    """Return the processes that have an NPU open, or why they are not known: who sees no files sees no process."""
    facts = view.read(processes.SOURCE)
    if isinstance(facts, Missing):
        return facts
    return NOT_SEEN if not facts.processes and facts.unseen and not in_container(view) else facts.processes
