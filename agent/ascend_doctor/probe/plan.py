"""Which questions are due, to whom they go, and in which order. Pure: time is passed in."""

from __future__ import annotations

import enum
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

import attrs

from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.engine import DEFAULTS, STALE_AFTER_INTERVALS, STALE_GRACE_S, Settings, is_enabled
from ascend_doctor.facts import catalogue
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import info, mapping
from ascend_doctor.facts.source import Cost, Medium, Query, Scope, Source

ALWAYS: Tuple[Source[Any], ...] = (mapping.SOURCE, info.SOURCE, identity.SOURCE)
"""What every plan holds: without the map there is nobody to ask, without the host facts nothing tells of a reboot."""

_ORDER = (Cost.CHEAP, Cost.STATIC, Cost.DEVICE, Cost.SLOW, Cost.ACTIVE)


class Lane(enum.Enum):
    """The lock that a tool takes. Runs in one lane follow each other; lanes run side by side."""

    NODE = "node"
    """One lock for the whole node."""
    DEVICE = "device"
    """One lock for each NPU; a question about a card goes into the lane of its lowest phy-id."""


Lanes = Mapping[str, Lane]
"""The lane of a source by its name, where it is not the one of its scope. Which real tools share a lock is learned in
the field: busy answers that the doctor causes itself show that a source belongs into a wider lane."""

NO_EXCEPTIONS: Lanes = {}


def sources_for(entries: Mapping[str, Entry], settings: Settings = DEFAULTS) -> Tuple[Source[Any], ...]:
    """Return what the enabled checks read and `ALWAYS`, in the order of the catalogue."""
    enabled = (entry.check for entry in entries.values() if is_enabled(entry.check, settings))
    names = {source.name for check in enabled for source in check.reads} | {source.name for source in ALWAYS}
    return tuple(source for source in catalogue.SOURCES if source.name in names)


def harmless_sources(entries: Mapping[str, Entry]) -> Tuple[Source[Any], ...]:
    """Return every source but those that send traffic or that only opt-in checks read."""
    asked = {source.name for entry in entries.values() if entry.check.opt_in for source in entry.check.reads}
    asked -= {source.name for entry in entries.values() if not entry.check.opt_in for source in entry.check.reads}
    return tuple(source for source in catalogue.SOURCES if source.cost is not Cost.ACTIVE and source.name not in asked)


def interval_s(sources: Iterable[Source[Any]], intervals_s: Optional[Mapping[str, float]] = None) -> float:
    """Return how often the node is looked at: the shortest of the intervals, each overridden by name where it is."""
    overrides = intervals_s or {}
    return min(overrides.get(source.name, source.interval_s) for source in sources)


def current_s(sources: Iterable[Source[Any]], intervals_s: Optional[Mapping[str, float]] = None) -> float:
    """Return for how long what was found out about the node counts when nothing newer comes."""
    return STALE_AFTER_INTERVALS * interval_s(sources, intervals_s) + STALE_GRACE_S


@attrs.frozen
class NodePlan:
    """The questions to the node as a whole: `tools` one after the other, the map first; `others` take no lock."""

    tools: Tuple[Query[Any], ...]
    others: Tuple[Query[Any], ...]


def for_node(sources: Iterable[Source[Any]]) -> NodePlan:
    """Return the questions to the node itself."""
    found = [source.about() for source in _in_order(sources) if source.scope is Scope.NODE]
    tools = [query for query in found if query.source.medium is Medium.TOOL]
    tools.sort(key=lambda query: query.source is not mapping.SOURCE)
    return NodePlan(tuple(tools), tuple(query for query in found if query.source.medium is not Medium.TOOL))


def for_devices(
    sources: Iterable[Source[Any]], devices: DeviceMap, exceptions: Lanes = NO_EXCEPTIONS
) -> Mapping[Optional[int], Tuple[Query[Any], ...]]:
    """Return the questions to the NPUs by lane, cheap ones first in each; the lane None is the node. Longest first."""
    lanes: Dict[Optional[int], List[Query[Any]]] = {}
    for source in _in_order(sources):
        if source.scope is Scope.NODE:
            continue
        for target in devices.targets(source):
            query = source.about(target)
            lane = None if exceptions.get(source.name) is Lane.NODE else device_of(query, devices)
            lanes.setdefault(lane, []).append(query)
    return {lane: tuple(lanes[lane]) for lane in sorted(lanes, key=lambda lane: -len(lanes[lane]))}


def device_of(query: Query[Any], devices: DeviceMap) -> Optional[int]:
    """Return the phy-id of the NPU that a question occupies, the lowest of a card; None for one to the node."""
    if query.target.phy_id is not None:
        return query.target.phy_id
    if query.target.npu is None:
        return None
    chip = query.target.chip
    on_card = [device.phy_id for device in devices.of_card(query.target.npu) if chip is None or device.chip == chip]
    return min(on_card, default=None)


def _in_order(sources: Iterable[Source[Any]]) -> List[Source[Any]]:
    return sorted(sources, key=lambda source: _ORDER.index(source.cost))
