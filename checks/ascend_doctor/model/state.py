"""What is known of one node, and how it changes: what the node itself keeps and tells its own processes."""

from __future__ import annotations

from typing import Callable, Dict, FrozenSet, Iterable, Mapping, Optional, Tuple, TypeVar

import attrs

from ascend_doctor.model.finding import Finding
from ascend_doctor.model.status import Status, worst
from ascend_doctor.model.transition import Transition, is_news

V = TypeVar("V")
W = TypeVar("W")


@attrs.frozen
class Told:
    """What a node tells its cluster about one topic.

    `facts`, and the `quotes` that prove them, are as the topic writes them. `collected_at` is when the oldest answer
    that they rest on was collected (epoch seconds, 0.0 when there is none).
    """

    facts: bytes
    quotes: bytes = b""
    collected_at: float = 0.0


@attrs.frozen
class NodeState:
    """The newest finding on every subject, by its key, and what the node tells about every topic, by its name.

    Never changed in place; `apply` makes the next one. The mappings must not be changed after they were given. What the
    tools answered is not part of it: that stays with the probe.
    """

    findings: Mapping[str, Finding] = attrs.field(factory=dict)
    topics: Mapping[str, Told] = attrs.field(factory=dict)

    @classmethod
    def of(cls, findings: Iterable[Finding], topics: Optional[Mapping[str, Told]] = None) -> NodeState:
        """Return the state that holds the given findings under their own keys.

        Of two findings with one key the worse is kept, so that a failure cannot hide behind a pass.
        """
        by_key: Dict[str, Finding] = {}
        for finding in findings:
            other = by_key.get(finding.key, finding)
            by_key[finding.key] = finding if worst((finding.status, other.status)) is finding.status else other
        return cls(by_key, topics or {})


@attrs.frozen
class Change:
    """What turns one state of a node into the next.

    `findings` and `topics` are new or differ in content. `judged_at` and `collected_at` are the new times of those
    whose content is the same as before: they keep results current. A key stands in at most one of the three for its
    kind.
    `transitions` tell which results changed their status; they outlive the change when it is folded into others.
    """

    findings: Mapping[str, Finding] = attrs.field(factory=dict)
    topics: Mapping[str, Told] = attrs.field(factory=dict)
    judged_at: Mapping[str, float] = attrs.field(factory=dict)
    collected_at: Mapping[str, float] = attrs.field(factory=dict)
    removed_findings: FrozenSet[str] = frozenset()
    removed_topics: FrozenSet[str] = frozenset()
    transitions: Tuple[Transition, ...] = ()

    def __bool__(self) -> bool:
        """Whether the change changes anything."""
        return any(attrs.astuple(self, recurse=False))


def apply(state: NodeState, change: Change) -> NodeState:
    """Return the state after the change.

    Times and removals of what the state does not hold are ignored. The work is in the changed entries; of the rest only
    the tables of keys are copied.
    """
    return NodeState(
        _applied(state.findings, change.findings, change.judged_at, change.removed_findings, _judged),
        _applied(state.topics, change.topics, change.collected_at, change.removed_topics, _collected),
    )


def difference(old: NodeState, new: NodeState, now: float = 0.0) -> Change:
    """Return the smallest change for which `apply(old, change) == new`.

    `now` (epoch seconds) is when results went that are gone.
    """
    findings, judged_at, removed_findings = _compared(old.findings, new.findings, _judgement_time, _judged)
    topics, collected_at, removed_topics = _compared(old.topics, new.topics, _collection_time, _collected)
    transitions = [_came(old.findings.get(key), item) for key, item in findings.items()]
    transitions += [_went(old.findings[key], now) for key in sorted(removed_findings)]
    told = tuple(item for item in transitions if is_news(item.before, item.after))
    return Change(findings, topics, judged_at, collected_at, removed_findings, removed_topics, told)


def with_since(findings: Iterable[Finding], before: NodeState) -> Tuple[Finding, ...]:
    """Return the findings with the time since when they are as bad as they are; what is good says nothing.

    It is the time of the earlier finding with the same key and status, else that of the finding's own evidence.
    """
    found = []
    for finding in findings:
        if finding.status not in (Status.PASS, Status.SKIP):
            old = before.findings.get(finding.key)
            same = old is not None and old.status is finding.status
            finding = attrs.evolve(finding, since=old.since if old and same else finding.judged_at)  # noqa: PLW2901
        found.append(finding)
    return tuple(found)


def _came(before: Optional[Finding], now: Finding) -> Transition:
    status = None if before is None else before.status
    return Transition(now.check, now.subject.key, status, now.status, now.judged_at, now.summary)


def _went(before: Finding, at: float) -> Transition:
    return Transition(before.check, before.subject.key, before.status, None, at, before.summary)


def _applied(
    old: Mapping[str, V],
    upserts: Mapping[str, V],
    times: Mapping[str, W],
    removed: FrozenSet[str],
    retimed: Callable[[V, W], V],
) -> Dict[str, V]:
    entries = dict(old)
    for key in removed:
        entries.pop(key, None)
    entries.update(upserts)
    for key, time in times.items():
        if key in entries:
            entries[key] = retimed(entries[key], time)
    return entries


def _compared(
    old: Mapping[str, V], new: Mapping[str, V], times_of: Callable[[V], W], retimed: Callable[[V, W], V]
) -> Tuple[Dict[str, V], Dict[str, W], FrozenSet[str]]:
    """Return what is new or differs, the new times of what differs in nothing else, and the keys that are gone."""
    upserts: Dict[str, V] = {}
    times: Dict[str, W] = {}
    for key, item in new.items():
        before = old.get(key)
        if before is item or before == item:
            continue
        if before is not None and retimed(before, times_of(item)) == item:
            times[key] = times_of(item)
        else:
            upserts[key] = item
    return upserts, times, frozenset(old.keys() - new.keys())


def _judgement_time(finding: Finding) -> float:
    return finding.judged_at


def _judged(finding: Finding, judged_at: float) -> Finding:
    return attrs.evolve(finding, judged_at=judged_at)


def _collection_time(told: Told) -> float:
    return told.collected_at


def _collected(told: Told, collected_at: float) -> Told:
    return attrs.evolve(told, collected_at=collected_at)


EMPTY = NodeState()
"""The state of a node of which nothing is known."""
