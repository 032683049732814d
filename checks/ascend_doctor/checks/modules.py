"""What the checks of optical modules share: which modules can be judged, and what is said of the others."""

from __future__ import annotations

from typing import Iterator, Sequence, Tuple, Union

from ascend_doctor.checks import ports
from ascend_doctor.checks.outcome import missing, skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import optical
from ascend_doctor.facts.hccn_tool.optical import OpticalFacts
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, Reading
from ascend_doctor.model.status import Disruption
from ascend_doctor.model.subject import Subject

USE = (optical.SOURCE, *ports.USE)
"""The sources that a check has to declare when it asks for modules."""

REPLACE = Remedy("Replace the module of this port.", "", Disruption.TRAFFIC)
NO_MODULE = "no module answers"

Module = Tuple[Target, Subject, OpticalFacts]


def each(view: NodeView, what: str) -> Iterator[Union[Module, Finding]]:
    """Yield every module that is there and in use, and a finding for each port without one.

    `what` names the thing that is not known when the tool does not answer.
    """
    for target, subject, facts in view.each(optical.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, what, facts, view.quote(optical.SOURCE, target))
        elif facts.present is not True or facts.control_link is False:
            # Whether that is a fault is what `roce.optical.present` says.
            yield skipped(subject, NO_MODULE)
        elif ports.unused(view, target):
            yield skipped(subject, ports.UNUSED)
        else:
            yield target, subject, facts


def lanes(values: Sequence[Reading[float]]) -> Tuple[Tuple[int, float], ...]:
    """Return the lanes that tell their value, each with it."""
    return tuple((lane, value) for lane, value in enumerate(values) if not isinstance(value, Missing))


def named(which: Sequence[int]) -> str:
    """Return lanes in words: `lane 2`, `lanes 0, 1`."""
    return f"lane{'' if len(which) == 1 else 's'} {', '.join(map(str, which))}"
