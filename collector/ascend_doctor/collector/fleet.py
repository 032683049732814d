"""All nodes in memory: what they said last, and whether they still speak."""

from __future__ import annotations

import logging
from typing import Collection, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple

import attrs

from ascend_doctor.checks.fleet import NodeFacts
from ascend_doctor.collector.store import Entry, Standing, StoredNode
from ascend_doctor.collector.told import ToldSections
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.report import Liveness
from ascend_doctor.model.sections import NOTHING, Section, Sections, SectionsChange
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import natural
from ascend_doctor.model.transition import Transition, is_news
from ascend_doctor.wire.collector_session import Known
from ascend_doctor.wire.effects import Commit
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.frames import Hello
from ascend_doctor.wire.sections import SectionPool, absolute_key, findings_of

log = logging.getLogger(__name__)

CLOCK_SLACK_S = 60.0
"""So far may the clocks of collectors differ that share a store."""

_GOOD = frozenset((Status.PASS, Status.SKIP))


@attrs.frozen
class Deadlines:
    """After how many seconds without news a node is stale, and lost. A node may ask for more time to be current."""

    stale_after_s: float = 90.0
    lost_after_s: float = 600.0


DEFAULT_DEADLINES = Deadlines()


@attrs.frozen(eq=False)
class Member:
    """One node. Never changed: what is new makes a new one, so that others may look at this one meanwhile.

    `committed` is the newest sequence in the store, -1 for none of the epoch. `bad` are the names of the sections of
    checks that did not wholly pass; `passed` and `skipped` count the outcomes of all. `seen_at` is when its newest
    evidence was collected, by its own clock. What is `in_doubt` is not what the store has: the node is to say it again.
    """

    name: str
    standing: Standing
    committed: int
    sections: Sections
    bad: Tuple[str, ...]
    passed: int
    skipped: int
    facts: NodeFacts
    seen_at: Optional[float]
    in_doubt: bool = False

    def findings(self, *, passes: bool) -> Iterator[Finding]:
        """Yield what the node found: what did not pass, or with `passes` all of it."""
        names: Iterable[str] = self.sections.sections if passes else self.bad
        for name in names:
            at = self.sections.times.get(name, 0.0)
            yield from findings_of(self.sections.sections[name], self.name, at, passes=passes)

    @property
    def says_anything(self) -> bool:
        """Whether any check has an outcome."""
        return bool(self.passed or self.skipped or self.bad)


class Fleet:
    """The collector's memory. Not for several threads; every call returns at once."""

    def __init__(self, deadlines: Deadlines = DEFAULT_DEADLINES, expected: Collection[str] = ()) -> None:
        self.pool = SectionPool()
        """What all streams read sections with."""
        self.changes = 0
        """Rises with everything that may change a report beside the passing of time."""
        self._deadlines = deadlines
        self._expected = frozenset(expected)
        self._members: Dict[str, Member] = {}
        self._names: Optional[Tuple[str, ...]] = None

    def take_up(self, stored: Iterable[StoredNode]) -> None:
        """Take up what the store has: at the start, or what other collectors have put there."""
        for item in stored:
            try:
                read = {name: self.pool.read(content) for name, content in item.sections.items()}
            except WireError as error:
                log.warning("node %s: what the store has of it is damaged (%s); it is asked again", item.node, error)
                continue
            self._put(item.node, item.standing, item.standing.sequence, Sections(read, item.times))

    def known(self, node: str) -> Optional[Known]:
        """Return what a node need not say again, None for one that was never met or is in doubt."""
        member = self._members.get(node)
        if member is None or member.in_doubt:
            return None
        return Known(member.standing.epoch, member.standing.sequence, member.sections, member.committed)

    def accept(self, commit: Commit, hello: Hello, now: float) -> Entry:
        """Take new sections into memory, before the store has them, and return what the store is to keep.

        `hello` is how the node introduced itself on the stream that they came on.
        """
        before = self._members.get(commit.node)
        received_at, committed = now, -1
        if before is not None and before.standing.epoch == commit.epoch:
            # A whole state may come again under a number that the store has already, with other contents.
            committed = min(before.committed, commit.sequence - 1)
            if before.standing.sequence == commit.sequence:
                received_at = before.standing.received_at  # to say it again does not make it newer
        standing = Standing(commit.epoch, commit.sequence, received_at, hello.current_s or 0.0, hello.agent_version)
        self._put(commit.node, standing, committed, commit.state)
        old = NOTHING if before is None else before.sections
        return Entry(
            node=commit.node,
            standing=standing,
            whole=commit.whole,
            sections={name: section.content for name, section in commit.change.sections.items()},
            removed=commit.change.removed,
            times=commit.state.times,
            transitions=tuple(
                (sequence, attrs.evolve(item, subject=absolute_key(item.subject, commit.node)))
                for sequence, item in commit.change.transitions
            ),
            untold=tuple(_untold(commit, old, now)),
            compared=None if before is None else (before.standing.epoch, before.standing.sequence),
        )

    def stored(self, entry: Entry) -> None:
        """Remember that the store has a change."""
        member = self._members.get(entry.node)
        if member is not None and member.standing.epoch == entry.standing.epoch:
            committed = max(member.committed, entry.standing.sequence)
            self._members[entry.node] = attrs.evolve(member, committed=committed)

    def doubt(self, node: str) -> None:
        """Remember that the store has refused what a node said; until it says everything again, that is what counts."""
        member = self._members.get(node)
        if member is not None:
            self._members[node] = attrs.evolve(member, in_doubt=True)

    def forget(self, node: str) -> None:
        """Drop a node."""
        if self._members.pop(node, None) is not None:
            self.changes += 1
            self._names = None

    def liveness(self, node: str, now: float) -> Liveness:
        """Tell whether a node's results are still current. Results count, not signs of life: a probe may hang."""
        member = self._members.get(node)
        if member is None:
            return Liveness.NEVER_SEEN
        silent_s = now - member.standing.received_at
        stale_after_s = max(self._deadlines.stale_after_s, member.standing.current_s)
        if -CLOCK_SLACK_S <= silent_s <= stale_after_s:
            return Liveness.LIVE
        # Of a time to come it is not known how long ago that was: a clock was put back.
        return Liveness.LOST if silent_s > max(self._deadlines.lost_after_s, stale_after_s) else Liveness.STALE

    @property
    def names(self) -> Tuple[str, ...]:
        """The nodes that were met or are expected, in natural order."""
        if self._names is None:
            self._names = tuple(sorted(self._expected.union(self._members), key=natural))
        return self._names

    @property
    def members(self) -> Mapping[str, Member]:
        """The nodes that were met, by name."""
        return self._members

    def _put(self, node: str, standing: Standing, committed: int, sections: Sections) -> None:
        before = self._members.get(node)
        told = ToldSections(sections.sections)
        if before is None:
            self._names = None
        seen_at = max(sections.times.values(), default=0.0) or None
        if before is None:
            facts = NodeFacts(node, told, sections.times, seen_at)
        else:
            facts = before.facts.followed_by(told, sections.times, seen_at)
        if before is not None and sections.sections is before.sections.sections:
            bad, passed, skipped = before.bad, before.passed, before.skipped
            is_news = bool(bad)
        else:
            bad = tuple(name for name, item in sections.sections.items() if not _GOOD.issuperset(item.statuses))
            passed = sum(item.passed for item in sections.sections.values())
            skipped = sum(item.skipped for item in sections.sections.values())
            is_news = (
                before is None
                or bool(bad or before.bad)
                or (passed, skipped) != (before.passed, before.skipped)
                or told != ToldSections(before.sections.sections)
            )
        if is_news:
            self.changes += 1
        self._members[node] = Member(node, standing, committed, sections, bad, passed, skipped, facts, seen_at)


def _untold(commit: Commit, old: Sections, now: float) -> Iterator[Transition]:
    """Yield what the node did not tell of results that changed, and yet is so."""
    ends = {(item.check, item.subject): item.after for _, item in commit.change.transitions}
    for name in _changed(commit.change, old, whole=commit.whole):
        section, before = commit.change.sections.get(name), old.sections.get(name)
        was = {} if before is None else before.outcomes
        became = {} if section is None else section.outcomes
        for key in (*became, *(key for key in was if key not in became)):
            change = (was.get(key), became.get(key))
            if is_news(*change) and ends.get((name, key), _NEVER) is not change[1]:
                at = commit.state.times.get(name) or now
                subject = absolute_key(key, commit.node)
                shown = section if key in became else before
                yield Transition(name, subject, *change, at, _summary(shown, key))


_NEVER = object()


def _changed(change: SectionsChange, old: Sections, *, whole: bool) -> List[str]:
    gone = old.sections.keys() - change.sections.keys() if whole else change.removed & old.sections.keys()
    return [*(name for name, item in change.sections.items() if old.sections.get(name) != item), *sorted(gone)]


def _summary(section: Optional[Section], key: str) -> str:
    """Return what a section says of one of its subjects, empty of one that passed."""
    if section is None:
        return ""
    told = iter(section.findings)
    words = (next(told).summary if status is not Status.PASS else "" for status in section.statuses)
    return next(word for subject, word in zip(section.subjects, words) if subject == key)
