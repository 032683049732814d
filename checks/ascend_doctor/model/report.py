"""The readiness report: all findings about one node or a cluster at one time."""

from __future__ import annotations

import enum
import functools
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.model.finding import Finding
from ascend_doctor.model.status import Status
from ascend_doctor.model.verdict import Verdict


class Liveness(enum.Enum):
    """Whether a node still sends."""

    LIVE = "live"
    STALE = "stale"
    """Nothing newer than the deadline of its last results."""
    LOST = "lost"
    """Silent for so long that its last results say nothing any more."""
    NEVER_SEEN = "never-seen"
    """Expected, and never heard of."""


@attrs.frozen
class NodeSummary:
    """One node in a report.

    `facts` are short texts for people and for the version table, such as `driver`, `firmware`, `product`, `npus`;
    a key is absent when the node did not tell. `seen_at` is when its newest evidence was collected (seconds since the
    epoch), None when there is none.
    """

    name: str
    verdict: Verdict
    liveness: Liveness = Liveness.LIVE
    seen_at: Optional[float] = None
    facts: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Report:
    """A whole readiness report.

    `made_at` is in seconds since the epoch. `findings` hold every outcome but those that passed or were skipped and are
    only counted, in `also_passed` and `also_skipped`. `problems` are the findings that somebody has to act on,
    consequences left out. `origin` says where the facts came from: this node, a recording,
    a collector. `doctor_version` is the version of the program that judged.
    """

    made_at: float
    verdict: Verdict
    nodes: Tuple[NodeSummary, ...]
    findings: Tuple[Finding, ...]
    origin: str = ""
    doctor_version: str = ""
    also_passed: int = 0
    also_skipped: int = 0

    @functools.cached_property
    def problems(self) -> Tuple[Finding, ...]:
        """Failures and warnings that no other finding explains; failures first, then in the order of their subjects."""
        found = [finding for finding in self.findings if finding.status.is_problem and not finding.is_consequence]
        return tuple(
            sorted(
                found, key=lambda finding: (finding.status is not Status.FAIL, finding.subject.sort_key, finding.check)
            )
        )

    @functools.cached_property
    def blind_spots(self) -> Tuple[Finding, ...]:
        """What could not be seen or is too old, consequences left out."""
        found = [finding for finding in self.findings if finding.status.is_blind and not finding.is_consequence]
        return tuple(sorted(found, key=lambda finding: (finding.subject.sort_key, finding.check)))

    def consequences_of(self, finding: Finding) -> Tuple[Finding, ...]:
        """Return what the given finding explains."""
        found = self._consequences.get(finding.key, ())
        return tuple(sorted(found, key=lambda other: (other.subject.sort_key, other.check)))

    @functools.cached_property
    def _consequences(self) -> Mapping[str, Sequence[Finding]]:
        """What each finding explains, by its key."""
        found: Dict[str, List[Finding]] = {}
        for other in self.findings:
            if other.cause:
                found.setdefault(other.cause, []).append(other)
        return found
