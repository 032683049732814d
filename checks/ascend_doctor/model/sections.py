"""What a node shares with its collector: sections, each all that one check found or all that one topic tells.

A section is the unit that changes, travels, is compared and is kept. Its content is the same on every node where it
says the same, so that a collector holds it once for a whole fleet.
"""

from __future__ import annotations

import hashlib
from typing import FrozenSet, Iterable, Mapping, Tuple

import attrs

from ascend_doctor.model.finding import Finding
from ascend_doctor.model.rows import Row, numbers, row
from ascend_doctor.model.status import Severity, Status
from ascend_doctor.model.transition import Transition

_MODULUS = 1 << 256


def _digest(section: Section) -> bytes:
    return hashlib.sha256(section.content).digest()


@attrs.frozen(eq=False)
class Section:
    """One section. Two are equal when their contents are.

    `name` is the id of a check or the name of a topic; `content` is the section as it travels, name included, and
    everything else is what was read from it. Of a check: `subjects` are the keys of all subjects, the own node in them
    as `.`; `statuses` their outcomes in the same order; `findings` what there is to say of those that did not pass,
    where the own node has no name. What a topic tells is read from the content when somebody wants to know.
    """

    name: str
    content: bytes = attrs.field(repr=False)
    severity: Severity = Severity.BLOCKING
    subjects: Tuple[str, ...] = ()
    statuses: Tuple[Status, ...] = ()
    findings: Tuple[Finding, ...] = ()
    digest: bytes = attrs.field(init=False, repr=False, default=attrs.Factory(_digest, takes_self=True))
    passed: int = attrs.field(init=False, repr=False)
    skipped: int = attrs.field(init=False, repr=False)
    """How many subjects passed, and were skipped."""

    @passed.default
    def _count_passed(self) -> int:
        return self.statuses.count(Status.PASS)

    @skipped.default
    def _count_skipped(self) -> int:
        return self.statuses.count(Status.SKIP)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Section) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def outcomes(self) -> Mapping[str, Status]:
        """The outcome for every subject."""
        return dict(zip(self.subjects, self.statuses))


def _compact(sections: Mapping[str, Section]) -> Row[Section]:
    return row(sections)


@attrs.frozen
class Sections:
    """All sections of a node by their names, and when what they rest on was collected (epoch seconds, 0.0 unknown).

    Never changed in place. Two are equal when their sections are, whatever the times.
    """

    sections: Mapping[str, Section] = attrs.field(factory=dict, converter=_compact)
    times: Mapping[str, float] = attrs.field(factory=dict, converter=numbers, eq=False)
    _sum: int = attrs.field(eq=False, repr=False, alias="sum_")
    size: int = attrs.field(eq=False, repr=False)
    """How many bytes the contents have together."""

    @_sum.default
    def _sum_of_all(self) -> int:
        return _sum_over(self.sections.values())

    @size.default
    def _size_of_all(self) -> int:
        return _size_over(self.sections.values())

    @property
    def digest(self) -> bytes:
        """32 bytes that are equal when two nodes' sections are: the sum of their sha256, whatever their order."""
        return (self._sum % _MODULUS).to_bytes(32, "big")


@attrs.frozen
class SectionsChange:
    """What turns the sections of a node into the next.

    `sections` are new or differ, `times` are new times of any, `removed` are gone. `transitions` say which results
    changed on the way there, each with the sequence number of the change that brought it.
    """

    sections: Mapping[str, Section] = attrs.field(factory=dict)
    times: Mapping[str, float] = attrs.field(factory=dict)
    removed: FrozenSet[str] = frozenset()
    transitions: Tuple[Tuple[int, Transition], ...] = ()

    @property
    def is_quiet(self) -> bool:
        """Whether it brings new times at most: all is as before."""
        return not (self.sections or self.removed or self.transitions)

    @property
    def size(self) -> int:
        """About how many bytes the change takes in memory and on the wire; good enough to bound a queue."""
        told = sum(_ENTRY_BYTES + len(item.summary) for _, item in self.transitions)
        return _size_over(self.sections.values()) + _ENTRY_BYTES * (len(self.times) + len(self.removed)) + told


_ENTRY_BYTES = 80


def whole(state: Sections, transitions: Tuple[Tuple[int, Transition], ...] = ()) -> SectionsChange:
    """Return the change that makes the sections from nothing."""
    return SectionsChange(state.sections, state.times, frozenset(), transitions)


def apply(state: Sections, change: SectionsChange) -> Sections:
    """Return the sections after the change. Times and removals of what is not there are ignored."""
    sections, total, size = state.sections, state._sum, state.size  # noqa: SLF001
    if change.sections or change.removed:
        left = [sections[name] for name in {*change.sections, *change.removed} if name in sections]
        total += _sum_over(change.sections.values()) - _sum_over(left)
        size += _size_over(change.sections.values()) - _size_over(left)
        sections = _followed_by(sections, change.sections, change.removed)
    # As a rule a round brings new times, and of nothing that was not there.
    times = None if change.removed else numbers(state.times).with_known(change.times)
    if times is not None:
        return Sections(sections, times, sum_=total % _MODULUS, size=size)
    merged = {name: at for name, at in {**state.times, **change.times}.items() if name in sections}
    return Sections(sections, merged, sum_=total % _MODULUS, size=size)


def _followed_by(
    sections: Mapping[str, Section], upserts: Mapping[str, Section], removed: FrozenSet[str]
) -> Mapping[str, Section]:
    known = None if removed else row(sections).with_known(upserts)
    if known is not None:
        return known
    return {**{name: item for name, item in sections.items() if name not in removed}, **upserts}


def difference(old: Sections, new: Sections) -> SectionsChange:
    """Return the smallest change for which `apply(old, change)` is the new sections with the new times."""
    upserts = {name: item for name, item in new.sections.items() if old.sections.get(name) != item}
    times = {name: at for name, at in new.times.items() if old.times.get(name) != at}
    return SectionsChange(upserts, times, frozenset(old.sections.keys() - new.sections.keys()))


def _sum_over(sections: Iterable[Section]) -> int:
    return sum(int.from_bytes(item.digest, "big") for item in sections)


def _size_over(sections: Iterable[Section]) -> int:
    return sum(len(item.content) for item in sections)


NOTHING = Sections()
"""The sections of a node that has said nothing."""
