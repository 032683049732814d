"""What of a node's state its collector gets: every outcome, what did not pass in words, and the facts of the topics.

The answers of the tools stay on the node; so do the values of what passed, which `/metrics` exports.
"""

from __future__ import annotations

import math
from typing import Any, Collection, Dict, Iterable, List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks.engine import OWN_INTERVALS, Intervals
from ascend_doctor.checks.topic import Topic
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.sections import NOTHING, Section, Sections, SectionsChange, difference
from ascend_doctor.model.state import Change, NodeState
from ascend_doctor.model.transition import Transition
from ascend_doctor.wire.sections import relative_key, write_check, write_topic


class Sharing:
    """Follows the state of a node. `unshared` are the checks of which the collector forms its own opinion."""

    def __init__(
        self,
        node: str,
        topics: Sequence[Topic[Any]],
        unshared: Collection[str],
        intervals_s: Intervals = OWN_INTERVALS,
    ) -> None:
        self._node = node
        self._topics = topics
        self._unshared = frozenset(unshared)
        self.sections = NOTHING
        """What the collector has to know by now."""
        self.view = NodeView(node, {}, intervals_s=intervals_s)
        """The answers behind it."""

    def begin(self, state: NodeState) -> Sections:
        """Return the sections of a state of which the way there is not known."""
        self.sections = NOTHING
        return self._move(state, None, None)

    def follow(self, state: NodeState, sequence: int, change: Change) -> SectionsChange:
        """Return what follows for the sections from a change, after which the node has the given state."""
        before = self.sections
        gone = {key.partition("|")[0] for key in change.removed_findings}
        checks = gone.union(item.check for item in change.findings.values())
        sources = {key.partition("@")[0] for key in (*change.evidence, *change.removed_evidence)}
        found = difference(before, self._move(state, checks, sources))
        return attrs.evolve(found, transitions=self.transitions([(sequence, item) for item in change.transitions]))

    def transitions(self, told: Iterable[Tuple[int, Transition]]) -> Tuple[Tuple[int, Transition], ...]:
        """Return transitions as they are shared."""
        return tuple(
            (sequence, attrs.evolve(item, subject=relative_key(item.subject, self._node)))
            for sequence, item in told
            if item.check not in self._unshared
        )

    def _move(
        self, state: NodeState, checks: Optional[Collection[str]], sources: Optional[Collection[str]]
    ) -> Sections:
        """Write the sections of the checks and of the topics over the sources anew; None for all of them."""
        if state.evidence is not self.view.evidence:
            self.view = self.view.followed_by(state.evidence)
        sections: Dict[str, Section] = {}
        times: Dict[str, float] = {}
        for check, findings in sorted(_by_check(state.findings.values()).items()):
            if check in self._unshared:
                continue
            known = self.sections.sections.get(check)
            is_new = known is None or checks is None or check in checks
            sections[check] = write_check(check, findings, self._node) if known is None or is_new else known
            times[check] = _whole_second(min(item.judged_at for item in findings))
        for topic in self._topics:
            known = self.sections.sections.get(topic.name)
            read = {source.name for source in topic.reads}
            if known is None or sources is None or not read.isdisjoint(sources):
                told = topic.told_by(self.view)
                known = write_topic(topic.name, told.facts, told.quotes)
            sections[topic.name] = known
            times[topic.name] = _whole_second(self.view.collected_at(topic.reads))
        self.sections = Sections(sections, times)
        return self.sections


def _by_check(findings: Iterable[Finding]) -> Dict[str, List[Finding]]:
    found: Dict[str, List[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.check, []).append(finding)
    return found


def _whole_second(time: float) -> float:
    """Round down: results of one round then have few different times, and none looks newer than it is."""
    return float(math.floor(time))
