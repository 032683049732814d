"""Settings that should be the same on all RoCE ports of a node."""

from __future__ import annotations

from collections import Counter
from typing import Callable, Hashable, Iterator, List, Optional, Sequence, Tuple, TypeVar

import attrs

from ascend_doctor.checks import ports
from ascend_doctor.checks.outcome import failed, missing, passed, skipped, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.source import Source, Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, Reading
from ascend_doctor.model.subject import Subject

F = TypeVar("F")
Say = Callable[..., Finding]


@attrs.frozen
class Setting:
    """What one port says of its setting."""

    target: Target
    subject: Subject
    value: Hashable


def settings(
    view: NodeView, source: Source[F], what: str, value: Callable[[F], Reading[Hashable]]
) -> Tuple[List[Setting], List[Finding]]:
    """Return the setting of every port in use, and for the others why there is nothing to compare.

    `what` names the setting (`the MTU`), `value` takes it out of the facts. A check that asks has to declare
    `ports.USE` among its sources.
    """
    found: List[Setting] = []
    gaps: List[Finding] = []
    for target, subject, facts in view.each(source):
        reading = facts if isinstance(facts, Missing) else value(facts)
        if ports.unused(view, target):
            gaps.append(skipped(subject, ports.UNUSED))
        elif isinstance(reading, Missing):
            gaps.append(missing(subject, what, reading, view.quote(source, target)))
        else:
            found.append(Setting(target, subject, reading))
    return found, gaps


def common(found: Sequence[Setting]) -> Optional[Hashable]:
    """Return the value that more than half of the ports have, None when there is none."""
    counts = Counter(setting.value for setting in found).most_common(1)
    return counts[0][0] if counts and 2 * counts[0][1] > len(found) else None


def compare(
    view: NodeView,
    source: Source[F],
    found: Sequence[Setting],
    *,
    what: str,
    shown: Callable[[Hashable], str],
    remedies: Callable[[Target], Sequence[Remedy]],
    say: Say = failed,
) -> Iterator[Finding]:
    """Judge each setting against that of most ports; where there is no such, the node as a whole has one warning.

    `say` is `failed` or `warned`: how a port that differs from the others is told.
    """
    usual = common(found)
    if found and usual is None:
        values = ", ".join(sorted({shown(setting.value) for setting in found}))
        yield warned(
            view.subject,
            f"{what} differs between the ports: {values}",
            expected=f"{what} to be the same on all ports",
            remedies=remedies(found[0].target),
            quotes=view.quote(source, found[0].target),
            affected=[setting.subject for setting in found],
        )
        return
    for setting in found:
        text = shown(setting.value)
        if setting.value == usual:
            yield passed(setting.subject, f"{what} is {text}", observed=text)
        else:
            yield say(
                setting.subject,
                f"{what} is {text}, and {shown(usual)} on the other ports",
                expected=f"{shown(usual)}, as on the other ports",
                remedies=remedies(setting.target),
                observed=text,
                quotes=view.quote(source, setting.target),
            )
