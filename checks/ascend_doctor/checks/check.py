"""The shape of a check: data and one pure function."""

from __future__ import annotations

from typing import Any, Callable, FrozenSet, Generic, Iterator, Optional, Tuple, TypeVar, Union

import attrs

from ascend_doctor.checks.fleet import FleetView
from ascend_doctor.checks.topic import Topic
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.source import Answered, Source, Target
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import ALL, Generation
from ascend_doctor.model.status import Severity

View = TypeVar("View", bound=Union[NodeView, FleetView])
Limits = TypeVar("Limits")


@attrs.frozen
class NoLimits:
    """The limits of a check that has none."""


@attrs.frozen(eq=False)
class Check(Generic[View, Limits]):
    """One check. Its title, reason and advice are the docstring of its module.

    `id` is permanent. A check of a node names the sources that `judge` looks at in `reads`, one of the cluster the
    topics in `topics`, of which the sources follow. The plan runs the union of all sources; looking at anything that is
    not declared is a bug. `judge` yields findings made with `ascend_doctor.checks.outcome`; the engine adds the check's
    id and severity. `limits` is an attrs instance with the defaults; configuration may change each of its fields.
    `own_limits` names the limits that are our policy and come from no vendor source.
    `opt_in` says why the check runs only where somebody asked for it (it sends traffic, takes long, disturbs), and is
    empty for a check of every round.
    `peers` tells for an NPU which pairs the sources of scope PAIR among `reads` are put to, from the limits and from
    what the NPU has answered by then.
    `metric` is the metric under which observed numbers are exported, empty when there is none.
    """

    id: str
    judge: Callable[[View, Limits], Iterator[Finding]]
    limits: Limits
    topics: Tuple[Topic[Any], ...] = ()
    reads: Tuple[Source[Any], ...] = attrs.field()
    severity: Severity = Severity.BLOCKING
    generations: FrozenSet[Generation] = ALL
    own_limits: Tuple[str, ...] = ()
    opt_in: str = ""
    peers: Optional[Callable[[Limits, Target, Answered], Tuple[Target, ...]]] = None
    metric: str = ""
    since: str = "0.1"

    @reads.default
    def _read_by_topics(self) -> Tuple[Source[Any], ...]:
        return tuple(dict.fromkeys(source for topic in self.topics for source in topic.reads))


NodeCheck = Check[NodeView, Any]
FleetCheck = Check[FleetView, Any]
AnyCheck = Union[NodeCheck, FleetCheck]
