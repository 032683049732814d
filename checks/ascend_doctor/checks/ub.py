"""What the checks of the 950's ports share: which ports an NPU has, and whether each is in use."""

from __future__ import annotations

from typing import Any, Generic, Iterator, Tuple, TypeVar, Union

import attrs

from ascend_doctor.checks.outcome import missing, skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool.ub import dev_info
from ascend_doctor.facts.hccn_tool.ub.dev_info import UbPort
from ascend_doctor.facts.source import Source, Target
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.reading import Missing, Reading
from ascend_doctor.model.subject import Subject

F = TypeVar("F")

PORTS: Tuple[Source[Any], ...] = (dev_info.SOURCE,)
"""The source that names the ports; a check of ports has to declare it."""

NO_PORT = "the NPU has no port in use"


@attrs.frozen
class PortAnswer(Generic[F]):
    """The answer about one port, and what the NPU's own list says of it."""

    target: Target
    subject: Subject
    port: UbPort
    facts: Reading[F]


def each(view: NodeView, source: Source[F]) -> Iterator[Union[PortAnswer[F], Finding]]:
    """Yield the answer of a source for every port of every NPU, and a finding for an NPU without ports or list.

    A single card has no port, and nothing is wrong with it. Of a source for optical ports only those are asked.
    """
    for target, subject, facts in view.each(dev_info.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the list of ports", facts, view.quote(dev_info.SOURCE, target))
            continue
        asked = () if isinstance(view.devices, Missing) else view.devices.targets(source)
        places = [(port, Target(npu=target.npu, udie=port.udie, port=port.port)) for port in facts.ports]
        found = [(port, place) for port, place in places if place in asked]
        if not found:
            yield skipped(subject, NO_PORT)
        for port, place in found:
            answer = view.read(source, place)
            yield PortAnswer(place, view.subject_of(source, place), port, answer)
