"""Which questions are due, to whom they go, and in which order. Pure: time is passed in."""

from __future__ import annotations

import enum
import functools
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

import attrs

from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.engine import (
    DEFAULTS,
    STALE_AFTER_INTERVALS,
    STALE_GRACE_S,
    CheckSettings,
    Settings,
    is_enabled,
)
from ascend_doctor.facts import catalogue
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.facts.hccn_tool.ub import dev_info
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import info, mapping
from ascend_doctor.facts.source import OF_PORTS, Answered, Cost, Medium, Peers, Query, Scope, Source, Target

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
    """Return what the enabled checks read and `ALWAYS`, in the order of the catalogue.

    Who asks about ports has to ask for the ports.
    """
    enabled = (entry.check for entry in entries.values() if is_enabled(entry.check, settings))
    wanted = [*(source for check in enabled for source in check.reads), *ALWAYS]
    wanted += [dev_info.SOURCE] if any(source.scope in OF_PORTS for source in wanted) else []
    names = {source.name for source in wanted}
    peers = _peers(entries, settings)
    asked = (source for source in catalogue.SOURCES if source.name in names)
    return tuple(attrs.evolve(source, peers=peers[source.name]) if source.name in peers else source for source in asked)


def _peers(entries: Mapping[str, Entry], settings: Settings) -> Dict[str, Peers]:
    """Return who tells the pairs of a source, by the source's name: the check that reads it, with its limits."""
    found: Dict[str, Peers] = {}
    for entry in entries.values():
        check = entry.check
        if check.peers is not None and is_enabled(check, settings):
            chosen = settings.get(check.id, CheckSettings()).limits
            tell = functools.partial(check.peers, check.limits if chosen is None else chosen)
            found.update({source.name: tell for source in check.reads if source.scope is Scope.PAIR})
    return found


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
    """Return the questions to the NPUs by lane, cheap ones first in each; the lane None is the node. Longest first.

    Those about single ports are left to `for_ports`, because only an answer of this round may tell which ports there
    are, and those about pairs to `for_pairs`. A lane in which they are all that is due is there nevertheless, empty.
    """
    lanes: Dict[Optional[int], List[Query[Any]]] = {}
    for source in _in_order(sources):
        if source.scope is Scope.NODE:
            continue
        if source.scope is Scope.PAIR:
            for phy_id in devices.phy_ids if devices.has(source) else ():
                lanes.setdefault(phy_id, [])
            continue
        if source.scope in OF_PORTS:
            for npu in devices.cards if devices.has(source) else ():
                lanes.setdefault(device_of(source.about(Target(npu=npu)), devices), [])
            continue
        for target in devices.targets(source):
            query = source.about(target)
            lane = None if exceptions.get(source.name) is Lane.NODE else device_of(query, devices)
            lanes.setdefault(lane, []).append(query)
    return {lane: tuple(lanes[lane]) for lane in sorted(lanes, key=lambda lane: -len(lanes[lane]))}


def for_ports(sources: Iterable[Source[Any]], devices: DeviceMap, phy_id: int) -> Tuple[Query[Any], ...]:
    """Return the questions about the ports of one NPU, cheap ones first."""
    queries = (
        source.about(target)
        for source in _in_order(sources)
        if source.scope in OF_PORTS
        for target in devices.targets(source)
    )
    return tuple(query for query in queries if device_of(query, devices) == phy_id)


def for_pairs(
    sources: Iterable[Source[Any]], devices: DeviceMap, phy_id: int, answered: Answered
) -> Tuple[Query[Any], ...]:
    """Return the questions of one NPU about those that it should reach, from what it has answered so far."""
    own = [Target(npu=device.npu, phy_id=phy_id) for device in devices.devices if device.phy_id == phy_id]
    return tuple(
        source.about(target)
        for source in sources
        if source.peers is not None and devices.has(source)
        for npu in own
        for target in source.peers(npu, answered)
    )


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
