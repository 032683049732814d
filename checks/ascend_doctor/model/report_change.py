"""What turns one report into the next: what those are told who watch a cluster."""

from __future__ import annotations

from typing import Optional, Tuple

import attrs

from ascend_doctor.model.finding import Finding
from ascend_doctor.model.report import NodeSummary, Report
from ascend_doctor.model.verdict import Verdict


@attrs.frozen
class ReportChange:
    """A change of a report, or with `whole` a report to begin with.

    `verdict` is the one after it. `nodes` and `findings` are new or have changed; what is left in neither report nor
    change is named in `removed_nodes` (names) and `removed_findings` (keys).
    """

    whole: bool
    verdict: Verdict
    nodes: Tuple[NodeSummary, ...] = ()
    findings: Tuple[Finding, ...] = ()
    removed_nodes: Tuple[str, ...] = ()
    removed_findings: Tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it says that nothing but perhaps the verdict has changed."""
        return not (self.whole or self.nodes or self.findings or self.removed_nodes or self.removed_findings)


def change_between(old: Optional[Report], new: Report) -> ReportChange:
    """Return what has changed from one report to the next; all of it where there is none before.

    That only the evidence is newer, or reads a little differently, is no change.
    """
    if old is None:
        return ReportChange(True, new.verdict, new.nodes, new.findings)
    nodes = {item.name: item for item in old.nodes}
    findings = {item.key: item for item in old.findings}
    news = [(item.key, item) for item in new.findings]
    names = {item.name for item in new.nodes}
    keys = {key for key, _ in news}
    return ReportChange(
        whole=False,
        verdict=new.verdict,
        nodes=tuple(item for item in new.nodes if not _same_node(nodes.get(item.name), item)),
        findings=tuple(item for key, item in news if not _same_finding(findings.get(key), item)),
        removed_nodes=tuple(name for name in nodes if name not in names),
        removed_findings=tuple(key for key in findings if key not in keys),
    )


def _same_node(old: Optional[NodeSummary], new: NodeSummary) -> bool:
    return old is not None and (old.verdict, old.liveness, old.facts) == (new.verdict, new.liveness, new.facts)


def _same_finding(old: Optional[Finding], new: Finding) -> bool:
    return old is new or (old is not None and _gist(old) == _gist(new))


def _gist(finding: Finding) -> Tuple[object, ...]:
    """Return what a finding says, without the evidence and its time."""
    return (
        finding.status,
        finding.summary,
        finding.severity,
        finding.observed,
        finding.expected,
        finding.remedies,
        finding.confidence,
        finding.affected,
        finding.candidates,
        finding.cause,
        finding.since,
    )
