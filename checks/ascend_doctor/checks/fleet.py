"""What a check of the cluster sees: the facts that nodes tell about topics."""

from __future__ import annotations

import operator
from typing import (
    Any,
    Callable,
    Dict,
    FrozenSet,
    Iterable,
    Iterator,
    Mapping,
    Optional,
    Protocol,
    Sequence,
    Tuple,
    TypeVar,
)

from ascend_doctor.checks.told_forms import UNTOLD
from ascend_doctor.checks.topic import Topic, read_quotes
from ascend_doctor.checks.topics.node import NODE
from ascend_doctor.checks.view import NodeView, UndeclaredReadError
from ascend_doctor.facts.source import Source
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.forms import CodecError
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Absence, Missing, Reading
from ascend_doctor.model.subject import Subject

T = TypeVar("T")
D = TypeVar("D")


NO_TIMES: Mapping[str, float] = {}


class Telling(Protocol):
    """What a node tells about one topic. Two are equal when they say the same; `Told` is one."""

    @property
    def facts(self) -> bytes:
        """The facts as the topic writes them, empty where it tells none."""
        ...

    @property
    def quotes(self) -> bytes:
        """The lines that prove them, empty where there are none."""
        ...


class _Teller(Protocol):
    """Who tells the facts of one node."""

    def facts(self, topic: Topic[T]) -> Reading[T]:
        """Return the facts of a topic, or why there are none."""
        ...

    def quotes(self, topic: Topic[Any], keys: Tuple[str, ...]) -> Tuple[Quote, ...]:
        """Return the lines that prove them, of these subjects."""
        ...

    def collected_at(self, topic: Topic[Any]) -> float:
        """Return when the oldest answer behind them was collected, 0.0 when there is none."""
        ...


class _Seen:
    """A node of which the answers are at hand."""

    def __init__(self, view: NodeView) -> None:
        self._view = view

    def facts(self, topic: Topic[T]) -> Reading[T]:
        return topic.facts_of(self._view)

    def quotes(self, topic: Topic[Any], keys: Tuple[str, ...]) -> Tuple[Quote, ...]:
        found = topic.quotes_of(self._view)
        return tuple(quote for key in keys for quote in found.get(key, ()))

    def collected_at(self, topic: Topic[Any]) -> float:
        return self._view.collected_at(topic.reads)


class _Heard:
    """A node that has told its facts over the wire."""

    __slots__ = ("_times", "told")

    def __init__(self, told: Mapping[str, Telling], times: Mapping[str, float]) -> None:
        self.told = told
        self._times = times

    def facts(self, topic: Topic[T]) -> Reading[T]:
        told = self.told.get(topic.name)
        facts = b"" if told is None else told.facts
        try:
            return topic.decode(facts) if facts else UNTOLD
        except CodecError as error:
            return Missing(Absence.UNPARSED, f"the node tells it in a form that is not known: {error}")

    def quotes(self, topic: Topic[Any], keys: Tuple[str, ...]) -> Tuple[Quote, ...]:
        told = self.told.get(topic.name)
        quotes = b"" if told is None else told.quotes
        try:
            return read_quotes(quotes, keys) if quotes else ()
        except CodecError:
            return ()  # the facts count; where they stand a person can look up on the node

    def collected_at(self, topic: Topic[Any]) -> float:
        return self._times.get(topic.name, 0.0)


class NodeFacts:
    """What one node tells. Every topic is read at most once, whoever asks; also from another thread.

    `told` is what came over the wire and `times` when the oldest answer behind it was collected (seconds since the
    epoch by the node's clock), by the names of the topics. `seen_at` is when the newest answer of the node was
    collected, None when that is not known.
    """

    __slots__ = ("_kept", "_teller", "name", "seen_at", "sort_key")

    def __init__(
        self,
        name: str,
        told: Mapping[str, Telling],
        times: Mapping[str, float] = NO_TIMES,
        seen_at: Optional[float] = None,
    ) -> None:
        self.name = name
        self.seen_at = seen_at
        self.sort_key = subjects.natural(name)
        self._teller: _Teller = _Heard(told, times)
        self._kept: Dict[str, Reading[Any]] = {}

    @classmethod
    def of(cls, view: NodeView) -> NodeFacts:
        """Return what a node tells of which the answers are at hand."""
        times = [item.started_at for item in view.evidence.values() if item.started_at]
        found = cls(view.name, {}, seen_at=max(times, default=None))
        found._teller = _Seen(view)
        return found

    def followed_by(
        self, told: Mapping[str, Telling], times: Mapping[str, float] = NO_TIMES, seen_at: Optional[float] = None
    ) -> NodeFacts:
        """Return the same node with what it tells now. What it tells as before is not read again.

        The facts of such a topic are the same object as before: by that a `FleetJudge` sees what has changed.
        """
        after = NodeFacts.__new__(NodeFacts)
        after.name, after.sort_key, after.seen_at = self.name, self.sort_key, seen_at
        after._teller = _Heard(told, times)  # noqa: SLF001 - its own class
        before = self._teller.told if isinstance(self._teller, _Heard) else {}
        kept = self._kept.copy()  # at one stroke: another thread may be reading
        after._kept = {  # noqa: SLF001 - its own class
            topic: facts for topic, facts in kept.items() if told.get(topic) == before.get(topic)
        }
        return after

    @property
    def subject(self) -> Subject:
        """The node itself as a subject."""
        return subjects.node(self.name)

    def read(self, topic: Topic[T]) -> Reading[T]:
        """Return what the node tells about a topic, or why it does not. A check asks its fleet instead."""
        known: Optional[Reading[T]] = self._kept.get(topic.name)
        if known is not None:
            return known
        found = self._teller.facts(topic)
        self._kept[topic.name] = found
        return found

    def quotes(self, topic: Topic[Any], *keys: str, of: Sequence[Source[Any]] = ()) -> Tuple[Quote, ...]:
        """Return the lines that prove what is told of some subjects; with `of` those of these sources only."""
        found = self._teller.quotes(topic, keys)
        names = {source.name for source in of}
        return tuple(quote for quote in found if not names or quote.key.partition("@")[0] in names)

    def collected_at(self, topics: Iterable[Topic[Any]]) -> float:
        """Return when the oldest answer behind some topics was collected, 0.0 when there is none."""
        return min(filter(None, map(self._teller.collected_at, topics)), default=0.0)

    def is_one_of(self, generations: FrozenSet[Generation]) -> bool:
        """Tell whether the node's product is of one of these generations; True where it is not known."""
        facts = self.read(NODE)
        return isinstance(facts, Missing) or facts.is_one_of(generations)


class FleetView:
    """The facts of all nodes of a cluster, by the names of the nodes in natural order."""

    def __init__(self, nodes: Iterable[NodeFacts]) -> None:
        self.nodes: Tuple[NodeFacts, ...] = tuple(sorted(nodes, key=operator.attrgetter("sort_key")))
        # None for the whole itself: what refers to itself is not freed until Python looks for such things.
        self._part_of: Optional[FleetView] = None
        self._allowed: Optional[FrozenSet[str]] = None
        self._derived: Dict[object, Any] = {}

    @classmethod
    def of(cls, views: Iterable[NodeView]) -> FleetView:
        """Return what nodes tell of which the answers are at hand."""
        return cls(map(NodeFacts.of, views))

    @property
    def _whole(self) -> FleetView:
        return self if self._part_of is None else self._part_of

    @property
    def subject(self) -> Subject:
        """What a statement about all nodes is about: the cluster, or the only node."""
        nodes = self._whole.nodes
        return nodes[0].subject if len(nodes) == 1 else subjects.cluster()

    def each(self, topic: Topic[T]) -> Iterator[Tuple[NodeFacts, T]]:
        """Yield every node that tells about a topic, and what. Of the others the engine speaks."""
        self._require(topic)
        for node in self.nodes:
            facts = node.read(topic)
            if not isinstance(facts, Missing):
                yield node, facts

    def derived(self, build: Callable[[FleetView], D], *topics: Topic[Any]) -> D:
        """Return what a function makes of these topics of all nodes. It is made once, whoever asks."""
        for topic in topics:
            self._require(topic)
        if build not in self._derived:
            self._derived[build] = build(self._whole)
        found: D = self._derived[build]
        return found

    def limited_to(self, topics: Iterable[Topic[Any]], nodes: Sequence[NodeFacts]) -> FleetView:
        """Return a view of some nodes of the fleet, in order, that refuses to read any other topic but `NODE`."""
        view = FleetView(())
        view.nodes = tuple(nodes)
        view._part_of, view._derived = self._whole, self._derived
        view._allowed = frozenset((NODE.name, *(topic.name for topic in topics)))
        return view

    def _require(self, topic: Topic[Any]) -> None:
        if self._allowed is not None and topic.name not in self._allowed:
            raise UndeclaredReadError(topic.name)
