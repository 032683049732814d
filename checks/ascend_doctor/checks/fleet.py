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
from ascend_doctor.checks.topic import Told, Topic, read_quotes
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

    def __init__(self, told: Mapping[str, Told]) -> None:
        self.told = told

    def facts(self, topic: Topic[T]) -> Reading[T]:
        told = self.told.get(topic.name)
        if told is None or not told.facts:
            return UNTOLD
        try:
            return topic.decode(told.facts)
        except CodecError as error:
            return Missing(Absence.UNPARSED, f"the node tells it in a form that is not known: {error}")

    def quotes(self, topic: Topic[Any], keys: Tuple[str, ...]) -> Tuple[Quote, ...]:
        told = self.told.get(topic.name)
        try:
            return read_quotes(told.quotes, keys) if told is not None and told.quotes else ()
        except CodecError:
            return ()  # the facts count; where they stand a person can look up on the node

    def collected_at(self, topic: Topic[Any]) -> float:
        told = self.told.get(topic.name)
        return 0.0 if told is None else told.collected_at


class NodeFacts:
    """What one node tells. Every topic is read at most once, whoever asks.

    `told` is what came over the wire, by the names of the topics. `seen_at` is when the newest answer of the node was
    collected (epoch seconds), None when that is not known.
    """

    __slots__ = ("_kept", "_teller", "name", "seen_at", "sort_key")

    def __init__(self, name: str, told: Mapping[str, Told], seen_at: Optional[float] = None) -> None:
        self.name = name
        self.seen_at = seen_at
        self.sort_key = subjects.natural(name)
        self._teller: _Teller = _Heard(told)
        self._kept: Dict[str, Reading[Any]] = {}

    @classmethod
    def of(cls, view: NodeView) -> NodeFacts:
        """Return what a node tells of which the answers are at hand."""
        times = [item.started_at for item in view.evidence.values() if item.started_at]
        found = cls(view.name, {}, max(times, default=None))
        found._teller = _Seen(view)  # noqa: SLF001 - its own class
        return found

    def followed_by(self, told: Mapping[str, Told], seen_at: Optional[float] = None) -> NodeFacts:
        """Return the same node with what it tells now. What it tells as before is not read again.

        The facts of such a topic are the same object as before: by that a `FleetJudge` sees what has changed.
        """
        after = NodeFacts(self.name, told, seen_at)
        before = self._teller.told if isinstance(self._teller, _Heard) else {}
        for topic, facts in self._kept.items():
            if topic in told and topic in before and told[topic].facts == before[topic].facts:
                after._kept[topic] = facts
        return after

    @property
    def subject(self) -> Subject:
        """The node itself as a subject."""
        return subjects.node(self.name)

    def read(self, topic: Topic[T]) -> Reading[T]:
        """Return what the node tells about a topic, or why it does not. A check asks its fleet instead."""
        found: Optional[Reading[T]] = self._kept.get(topic.name)
        if found is None:
            found = self._kept[topic.name] = self._teller.facts(topic)
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
        self._whole = self
        self._allowed: Optional[FrozenSet[str]] = None
        self._derived: Dict[object, Any] = {}

    @classmethod
    def of(cls, views: Iterable[NodeView]) -> FleetView:
        """Return what nodes tell of which the answers are at hand."""
        return cls(map(NodeFacts.of, views))

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
        whole = self._whole
        if build not in whole._derived:
            whole._derived[build] = build(whole)
        found: D = whole._derived[build]
        return found

    def limited_to(self, topics: Iterable[Topic[Any]], nodes: Sequence[NodeFacts]) -> FleetView:
        """Return a view of some nodes of the fleet, in order, that refuses to read any other topic but `NODE`."""
        view = FleetView(())
        view.nodes = tuple(nodes)
        view._whole = self._whole
        view._allowed = frozenset((NODE.name, *(topic.name for topic in topics)))
        return view

    def _require(self, topic: Topic[Any]) -> None:
        if self._allowed is not None and topic.name not in self._allowed:
            raise UndeclaredReadError(topic.name)
