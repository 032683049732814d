"""What of a node's state its collector gets: every outcome, what did not pass in words, and the facts of the topics.

The values of what passed stay on the node, which exports them as metrics.
"""

from __future__ import annotations

import math
from typing import Collection, Dict, Iterable, List, Optional, Tuple

import attrs

from ascend_doctor.model.finding import Finding
from ascend_doctor.model.sections import NOTHING, Section, Sections, SectionsChange, difference
from ascend_doctor.model.state import Change, NodeState
from ascend_doctor.model.transition import Transition
from ascend_doctor.wire.sections import relative_key, write_check, write_topic


class Sharing:
    """Follows the state of a node."""

    def __init__(self, node: str) -> None:
        self._node = node
        self.sections = NOTHING
        """What the collector has to know by now."""

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
        sections: Dict[str, Section] = {}
        times: Dict[str, float] = {}
        for check, findings in sorted(_by_check(state.findings.values()).items()):
            known = self._known(check, changed)
            sections[check] = write_check(check, findings, self._node) if known is None else known
            times[check] = _whole_second(min(item.judged_at for item in findings))
        for topic, told in sorted(state.topics.items()):
            known = self._known(topic, changed)
            sections[topic] = write_topic(topic, told.facts, told.quotes) if known is None else known
            times[topic] = _whole_second(told.collected_at)
        self.sections = Sections(sections, times)
        return self.sections

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
