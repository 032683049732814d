"""What a check of one node sees: its parsed answers."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Generic, Iterator, Mapping, Optional, Sequence, Tuple, TypeVar

import attrs

from ascend_doctor.facts import catalogue, devices
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.facts.npu_smi import info, mapping
from ascend_doctor.facts.source import EARLIER, WHOLE_NODE, Query, Scope, Source, Target
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.evidence import Evidence, Quote, quote
from ascend_doctor.model.reading import Absence, Missing, Reading
from ascend_doctor.model.subject import Subject

F = TypeVar("F")


@attrs.frozen
class Earlier(Generic[F]):
    """An earlier answer of a source about the same target. `age_s` is how much older it is than the present one."""

    age_s: float
    facts: F


NOT_ASKED = Missing(Absence.NOT_RUN, "not asked in this round")
Readings = Mapping[str, Reading[Any]]
NOTHING_READ: Readings = {}


class UndeclaredReadError(Exception):
    """A check or a topic read a source, or a check a topic, that it does not declare: a bug of it."""


class NodeView:
    """The answers of one node. Every answer is parsed at most once, whoever asks.

    `evidence` holds the answers by their keys. `now` is the time of judging in seconds since the epoch by the node's
    clock, None for a recording or a single run, where nothing grows old. `intervals_s` says how often sources are
    asked, by their names, where it is not the interval of their own. `readings` are the facts of answers that have been
    parsed already, by the keys of the answers.
    """

    def __init__(
        self,
        name: str,
        evidence: Mapping[str, Evidence],
        now: Optional[float] = None,
        intervals_s: Optional[Mapping[str, float]] = None,
        readings: Readings = NOTHING_READ,
    ) -> None:
        self.name = name
        self.evidence = evidence
        self.now = now
        self.intervals_s: Mapping[str, float] = intervals_s or {}
        self._readings: Dict[str, Reading[Any]] = {key: item for key, item in readings.items() if key in evidence}
        self._allowed: Optional[FrozenSet[str]] = None
        self._devices: Optional[Reading[DeviceMap]] = None
        self._oldest: Dict[str, float] = {}
        self._asked: Dict[Source[Any], Sequence[Target]] = {}

    @property
    def subject(self) -> Subject:
        """The node itself as a subject."""
        return subjects.node(self.name)

    @property
    def devices(self) -> Reading[DeviceMap]:
        """The map of the node's NPUs, or why there is none. Every check may use it."""
        if self._devices is None:
            found = devices.build(self._read(mapping.SOURCE.about()), self._read(info.SOURCE.about()))
            self._devices = found if isinstance(found, Missing) else found.with_ports(self._read)
        return self._devices

    def has(self, source: Source[Any]) -> bool:
        """Tell whether the product has what the source asks about; True where the product is not known."""
        found = self.devices
        return isinstance(found, Missing) or found.has(source)

    def read(self, source: Source[F], target: Target = WHOLE_NODE) -> Reading[F]:
        """Return the facts that a source gave about a target, or why there are none."""
        self._require(source)
        return self._read(source.about(target))

    def each(self, source: Source[F]) -> Iterator[Tuple[Target, Subject, Reading[F]]]:
        """Yield the answer of a source for every target it has on this node, and what the target is.

        Where nobody knows the targets (no map of the NPUs) those that have an answer count. Where the source was put to
        none of its targets the node stands for all of them, once, with the reason: a check never passes over in silence
        what it could not see. Nothing comes from a product that does not have the thing.
        """
        self._require(source)
        if not self.has(source):
            return
        targets = self._targets(source)
        if not any(source.about(target).key in self.evidence for target in targets):
            gap = self.devices if isinstance(self.devices, Missing) else NOT_ASKED
            yield WHOLE_NODE, self.subject, gap
            return
        for target in targets:
            reading: Reading[F] = self._read(source.about(target))
            yield target, self.subject_of(source, target), reading

    def earlier(self, source: Source[F], target: Target) -> Tuple[Earlier[F], ...]:
        """Return the earlier answers about a target that are kept and can be read, newest first.

        Empty for the first answer after the start of the agent, and for a single look at a node.
        """
        self._require(source)
        query = source.about(target)
        present = self.evidence.get(query.key)
        found = []
        for number in range(1, source.keeps + 1):
            key = query.earlier_key(number)
            reading: Reading[F] = self._parsed(query, key)
            if present is not None and not isinstance(reading, Missing):
                found.append(Earlier(present.started_at - self.evidence[key].started_at, reading))
        return tuple(found)

    def answered(self, source: Source[Any], target: Target) -> Target:
        """Return the target under which an answer about this one stands.

        A recording may hold the answer for a whole card in place of one for each of its chips.
        """
        card = attrs.evolve(target, chip=None)
        asked = source.about(target).key in self.evidence
        return card if not asked and source.about(card).key in self.evidence else target

    def answers(self) -> Iterator[Tuple[Query[Any], Reading[Any]]]:
        """Yield every answer there is, whoever asked. For checks of the tools themselves, which judge no facts."""
        for key in self.evidence:
            query = catalogue.query_for_key(key)
            if query is not None:
                yield query, self._read(query)

    def quote(self, source: Source[Any], target: Target = WHOLE_NODE, *containing: str) -> Tuple[Quote, ...]:
        """Quote the lines of an answer that hold any of the texts, its first lines without texts; empty if unasked."""
        evidence = self.evidence.get(source.about(target).key)
        return () if evidence is None else (quote(evidence, *containing),)

    def subject_of(self, source: Source[Any], target: Target) -> Subject:
        """Return what a source's target is: the port of an NPU for `hccn_tool`, the NPU for `npu-smi`, else the node.

        A card with several chips stays a card.
        """
        if source.scope is Scope.NODE:
            return self.subject
        if target.phy_id is not None:
            return subjects.port(self.name, target.phy_id)
        if target.npu is None:
            return self.subject
        if target.udie is not None and target.port is not None:
            return subjects.ub_port(self.name, self._phy_id_of(target.npu), target.udie, target.port)
        chips = () if isinstance(self.devices, Missing) else self.devices.of_card(target.npu)
        if target.chip is not None:
            chips = tuple(device for device in chips if device.chip == target.chip)
        return subjects.npu(self.name, chips[0].phy_id) if len(chips) == 1 else subjects.card(self.name, target.npu)

    def _phy_id_of(self, npu: int) -> int:
        """Return the phy-id of the only NPU on a card; the card's own number where the map does not know it."""
        chips = () if isinstance(self.devices, Missing) else self.devices.of_card(npu)
        return chips[0].phy_id if len(chips) == 1 else npu

    def collected_at(self, sources: Sequence[Source[Any]]) -> float:
        """Return when the oldest answer to the sources was collected, 0.0 when there is none."""
        if not self._oldest:
            for key, item in self.evidence.items():
                if EARLIER not in key:
                    name = key.partition("@")[0]
                    self._oldest[name] = min(self._oldest.get(name, item.started_at), item.started_at)
        return min((self._oldest[source.name] for source in sources if source.name in self._oldest), default=0.0)

    def followed_by(self, evidence: Mapping[str, Evidence], readings: Readings = NOTHING_READ) -> NodeView:
        """Return the view of the same node with newer answers. What is answered as before is not parsed again.

        `readings` are the facts of those answers that have been parsed already, by the keys of the answers.
        """
        view = NodeView(self.name, evidence, self.now, self.intervals_s, readings)
        for key, reading in self._readings.items():
            old, new = self.evidence.get(key), evidence.get(key)
            if key in readings or old is None or new is None:
                continue
            if new is old or (new.note == old.note and new.digest == old.digest):
                view._readings[key] = reading
        return view

    def limited_to(self, sources: Sequence[Source[Any]]) -> NodeView:
        """Return a view of the same node that refuses to read any other source."""
        view = NodeView(self.name, self.evidence, self.now, self.intervals_s)
        view._readings = self._readings  # one parse for all checks
        view._devices = self.devices
        view._oldest = self._oldest
        view._asked = self._asked
        view._allowed = frozenset(source.name for source in sources)
        return view

    def _require(self, source: Source[Any]) -> None:
        if self._allowed is not None and source.name not in self._allowed:
            raise UndeclaredReadError(source.name)

    def _targets(self, source: Source[Any]) -> Sequence[Target]:
        if source not in self._asked:
            self._asked[source] = self._find_targets(source)
        return self._asked[source]

    def _find_targets(self, source: Source[Any]) -> Sequence[Target]:
        found = self.devices
        # Whom a source of pairs is put to the configuration says, not the map.
        if not isinstance(found, Missing) and source.scope is not Scope.PAIR:
            return tuple(dict.fromkeys(self.answered(source, target) for target in found.targets(source)))
        queries = [catalogue.query_for_key(key) for key in self.evidence]
        return [query.target for query in queries if query is not None and query.source is source]

    def _read(self, query: Query[Any]) -> Reading[Any]:
        return self._parsed(query, query.key)

    def _parsed(self, query: Query[Any], key: str) -> Reading[Any]:
        if key not in self._readings:
            evidence = self.evidence.get(key)
            self._readings[key] = NOT_ASKED if evidence is None else query.source.read(evidence)
        return self._readings[key]
