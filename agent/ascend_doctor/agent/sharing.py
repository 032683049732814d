"""What of a node's state its collector gets: every outcome, what did not pass in words, and the facts of the topics.

The values of what passed stay on the node, which exports them as metrics; so does what is more than a collector takes.
"""

from __future__ import annotations

import logging
import math
from typing import Collection, Dict, FrozenSet, Iterable, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.model.finding import Finding
from ascend_doctor.model.sections import NOTHING, Section, Sections, SectionsChange, difference
from ascend_doctor.model.state import Change, NodeState
from ascend_doctor.model.transition import Transition
from ascend_doctor.report.printable import printable
from ascend_doctor.wire import limits
from ascend_doctor.wire.sections import relative_key, write_check, write_in_short, write_topic

logger = logging.getLogger(__name__)


class Sharing:
    """Follows the state of a node."""

    def __init__(self, node: str) -> None:
        self._node = node
        self.sections = NOTHING
        """What the collector has to know by now."""
        self._shortened: FrozenSet[str] = frozenset()

    def begin(self, state: NodeState) -> Sections:
        """Return the sections of a state of which the way there is not known."""
        self.sections = NOTHING
        return self._move(state, None)

    def follow(self, state: NodeState, sequence: int, change: Change) -> SectionsChange:
        """Return what follows for the sections from a change, after which the node has the given state."""
        before = self.sections
        gone = {key.partition("|")[0] for key in change.removed_findings}
        changed = gone.union(change.topics, (item.check for item in change.findings.values()))
        found = difference(before, self._move(state, changed))
        return attrs.evolve(found, transitions=self.transitions([(sequence, item) for item in change.transitions]))

    def transitions(self, told: Iterable[Tuple[int, Transition]]) -> Tuple[Tuple[int, Transition], ...]:
        """Return transitions as they are shared."""
        return tuple(
            (sequence, attrs.evolve(item, subject=relative_key(item.subject, self._node))) for sequence, item in told
        )

    def _move(self, state: NodeState, changed: Optional[Collection[str]]) -> Sections:
        """Write the sections of these checks and topics anew; None for all of them."""
        if self._shortened:
            changed = None  # what was too long may have room now
        by_check = _by_check(state.findings.values())
        sections: Dict[str, Section] = {}
        times: Dict[str, float] = {}
        for check, findings in sorted(by_check.items()):
            known = self._known(check, changed)
            sections[check] = write_check(check, findings, self._node) if known is None else known
            times[check] = _whole_second(min(item.judged_at for item in findings))
        for topic, told in sorted(state.topics.items()):
            known = self._known(topic, changed)
            sections[topic] = write_topic(topic, told.facts, told.quotes) if known is None else known
            times[topic] = _whole_second(told.collected_at)
        self._shorten(sections, by_check)
        self.sections = Sections(sections, times)
        return self.sections

    def _shorten(self, sections: Dict[str, Section], by_check: Mapping[str, Sequence[Finding]]) -> None:
        """Leave the longest on the node while all together is more than a collector takes: it would refuse the node."""
        size = sum(len(item.content) for item in sections.values())
        shortened: List[str] = []
        for name in sorted(sections, key=lambda name: len(sections[name].content), reverse=True):
            if size <= limits.MAX_SECTIONS_BYTES:
                break
            size -= len(sections[name].content)
            findings = by_check.get(name)
            short = write_topic(name, b"", b"") if findings is None else write_in_short(name, findings, self._node)
            sections[name] = short
            size += len(short.content)
            shortened.append(name)
        if not self._shortened.issuperset(shortened):
            logger.warning("too much to tell a collector: of %s it hears in short", printable(", ".join(shortened)))
        self._shortened = frozenset(shortened)

    def _known(self, name: str, changed: Optional[Collection[str]]) -> Optional[Section]:
        return None if changed is None or name in changed else self.sections.sections.get(name)


def _by_check(findings: Iterable[Finding]) -> Dict[str, List[Finding]]:
    found: Dict[str, List[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.check, []).append(finding)
    return found


def _whole_second(time: float) -> float:
    """Round down: results of one round then have few different times, and none looks newer than it is."""
    return float(math.floor(time))
