"""What is known of one node, and how it changes: the currency of spool, wire and store."""

from __future__ import annotations

import enum
import hashlib
import operator
from typing import Any, Callable, Dict, FrozenSet, Iterable, Mapping, Optional, Set, Tuple, TypeVar

import attrs

from ascend_doctor.model.evidence import Evidence, Quote
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.status import Status, worst
from ascend_doctor.model.subject import Subject
from ascend_doctor.model.transition import Transition, is_news

V = TypeVar("V")
W = TypeVar("W")

_MODULUS = 1 << 256


@attrs.frozen
class Rerun:
    """The same answer came again: when, how long it took and after how many attempts. Units as in `Evidence`."""

    started_at: float
    duration_s: float
    attempts: int = 1


@attrs.frozen
class NodeState:
    """The newest finding on every subject and the newest answer to every question, by their keys.

    Never changed in place; `apply` makes the next one. The mappings must not be changed after they were given.
    A key is the one its producer gave, as a rule `Finding.key` or `Evidence.key`.
    """

    findings: Mapping[str, Finding] = attrs.field(factory=dict)
    evidence: Mapping[str, Evidence] = attrs.field(factory=dict)
    _sum: int = attrs.field(eq=False, repr=False, alias="sum_")
    evidence_bytes: int = attrs.field(eq=False, repr=False)
    """How many bytes the streams of all evidence hold together."""

    @_sum.default
    def _sum_of_all(self) -> int:
        return _sum_over(self.findings, _finding_mark) + _sum_over(self.evidence, _evidence_mark)

    @evidence_bytes.default
    def _bytes_of_all(self) -> int:
        return sum(_size(item) for item in self.evidence.values())

    @classmethod
    def of(cls, findings: Iterable[Finding], evidence: Iterable[Evidence] = ()) -> NodeState:
        """Return the state that holds the given findings and answers under their own keys.

        Of two findings with one key the worse is kept, so that a failure cannot hide behind a pass; of two answers
        the later.
        """
        by_key: Dict[str, Finding] = {}
        for finding in findings:
            other = by_key.get(finding.key, finding)
            by_key[finding.key] = finding if worst((finding.status, other.status)) is finding.status else other
        return cls(by_key, {item.key: item for item in evidence})

    @property
    def digest(self) -> bytes:
        """32 bytes that are equal when two states say the same; times do not count, nor does the order.

        It is the sum of one sha256 per entry, so that `apply` keeps it with work for the changed entries only.
        Findings count with all their fields but `judged_at`, evidence with `Evidence.digest`.
        """
        return (self._sum % _MODULUS).to_bytes(32, "big")


@attrs.frozen
class Change:
    """What turns one state of a node into the next.

    `findings` and `evidence` are new or differ in content. `judged_at` and `reruns` are the new times of those whose
    content is the same as before: they keep results current. A key stands in at most one of the three for its kind.
    `transitions` tell which results changed their status; they outlive the change when it is folded into others.
    """

    findings: Mapping[str, Finding] = attrs.field(factory=dict)
    evidence: Mapping[str, Evidence] = attrs.field(factory=dict)
    judged_at: Mapping[str, float] = attrs.field(factory=dict)
    reruns: Mapping[str, Rerun] = attrs.field(factory=dict)
    removed_findings: FrozenSet[str] = frozenset()
    removed_evidence: FrozenSet[str] = frozenset()
    transitions: Tuple[Transition, ...] = ()

    def __bool__(self) -> bool:
        """Whether the change changes anything."""
        return any(attrs.astuple(self, recurse=False))

    @property
    def size(self) -> int:
        """About how many bytes the change takes in memory and on the wire; good enough to bound a queue."""
        return (
            sum(_ENTRY_BYTES + _size(item) for item in self.evidence.values())
            + sum(_ENTRY_BYTES + _finding_size(item) for item in self.findings.values())
            + _TIME_BYTES * (len(self.judged_at) + len(self.reruns))
            + _TIME_BYTES * (len(self.removed_findings) + len(self.removed_evidence))
        )


_ENTRY_BYTES = 200
_TIME_BYTES = 80


def whole(state: NodeState) -> Change:
    """Return the change that makes the state from nothing."""
    return Change(findings=state.findings, evidence=state.evidence)


def apply(state: NodeState, change: Change) -> NodeState:
    """Return the state after the change.

    Times and removals of what the state does not hold are ignored. The work is in the changed entries; of the rest only
    the tables of keys are copied.
    """
    findings, left, came = _applied(state.findings, change.findings, change.judged_at, change.removed_findings, _judged)
    total = state._sum - _sum_over(left, _finding_mark) + _sum_over(came, _finding_mark)  # noqa: SLF001
    evidence, gone, new = _applied(state.evidence, change.evidence, change.reruns, change.removed_evidence, _rerun)
    total += _sum_over(new, _evidence_mark) - _sum_over(gone, _evidence_mark)
    grown = sum(_size(item) for item in new.values()) - sum(_size(item) for item in gone.values())
    return NodeState(findings, evidence, sum_=total % _MODULUS, evidence_bytes=state.evidence_bytes + grown)


def difference(old: NodeState, new: NodeState, now: float = 0.0) -> Change:
    """Return the smallest change for which `apply(old, change) == new`.

    `now` (epoch seconds) is when results went that are gone.
    """
    findings, judged_at, removed_findings = _compared(old.findings, new.findings, _judgement_time, _judged)
    evidence, reruns, removed_evidence = _compared(old.evidence, new.evidence, _run_times, _rerun)
    transitions = [_came(old.findings.get(key), item) for key, item in findings.items()]
    transitions += [_went(old.findings[key], now) for key in sorted(removed_findings)]
    told = tuple(item for item in transitions if is_news(item.before, item.after))
    return Change(findings, evidence, judged_at, reruns, removed_findings, removed_evidence, told)


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
) -> Tuple[Dict[str, V], Dict[str, V], Mapping[str, V]]:
    """Return the new entries, those of the old that lost their content, and those that came with new content."""
    entries = dict(old)
    left = {key: entries.pop(key) for key in removed if key in entries}
    left.update({key: entries[key] for key in upserts if key in entries})
    entries.update(upserts)
    for key, time in times.items():
        if key in entries:
            entries[key] = retimed(entries[key], time)
    return entries, left, upserts


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
    gone: Set[str] = set(old) - set(new)
    return upserts, times, frozenset(gone)


def _judgement_time(finding: Finding) -> float:
    return finding.judged_at


def _judged(finding: Finding, judged_at: float) -> Finding:
    return attrs.evolve(finding, judged_at=judged_at)


def _run_times(evidence: Evidence) -> Rerun:
    return Rerun(evidence.started_at, evidence.duration_s, evidence.attempts)


def _rerun(evidence: Evidence, rerun: Rerun) -> Evidence:
    return attrs.evolve(evidence, started_at=rerun.started_at, duration_s=rerun.duration_s, attempts=rerun.attempts)


def _size(evidence: Evidence) -> int:
    return len(evidence.stdout) + len(evidence.stderr)


def _finding_size(finding: Finding) -> int:
    lines = sum(_ENTRY_BYTES + len(line) for quote in finding.quotes for line in quote.lines)
    return len(finding.summary) + len(finding.expected) + lines + sum(len(step.text) for step in finding.remedies)


def _sum_over(entries: Mapping[str, V], mark: Callable[[str, V], bytes]) -> int:
    return sum(int.from_bytes(hashlib.sha256(mark(key, item)).digest(), "big") for key, item in entries.items())


def _finding_mark(key: str, finding: Finding) -> bytes:
    return repr(("finding", key, _content(attrs.evolve(finding, judged_at=0.0)))).encode("utf-8", "backslashreplace")


def _evidence_mark(key: str, evidence: Evidence) -> bytes:
    return repr(("evidence", key, evidence.digest)).encode("utf-8", "backslashreplace")


_FIELDS_OF: Dict[type, operator.attrgetter[Any]] = {
    kind: operator.attrgetter(*(field.name for field in attrs.fields(kind)))
    for kind in (Finding, Quantity, Quote, Remedy, Subject)
}


def _content(value: object) -> object:
    """Nested tuples of words and numbers: their `repr` is the same on every Python and tells 1 from 1.0 and '1'."""
    fields_of = _FIELDS_OF.get(type(value))
    if fields_of is not None:
        value = fields_of(value)
    if isinstance(value, tuple):
        return tuple(_content(item) for item in value)
    return value.value if isinstance(value, enum.Enum) else value


EMPTY = NodeState()
"""The state of a node of which nothing is known."""
