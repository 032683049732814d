"""What the doctor found, and how it fares itself, as metrics: for one node, and for a fleet."""

from __future__ import annotations

import collections
from typing import Dict, Iterable, List, Set, Tuple

from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts import catalogue
from ascend_doctor.facts.source import EARLIER
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.report import Liveness, Report
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import SubjectKind, npu_of
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.report.exposition import Families, Family
from ascend_doctor.report.verdict_metrics import STATES, add_states, verdict_families

ALWAYS_COUNTED = (Status.PASS, Status.FAIL, Status.WARN, Status.UNKNOWN)
"""The statuses that rules and dashboards are made of have a sample at 0 too; a hundred checks have no room for more."""


def node_families(report: Report) -> Tuple[Family, ...]:
    """Return the verdict on one node and the outcome of each check. Series are bounded by checks and NPUs."""
    found = Families()
    by_check: Dict[str, List[Finding]] = collections.defaultdict(list)
    for finding in report.findings:
        by_check[finding.check].append(finding)
    for check, findings in sorted(by_check.items()):
        _check(found, check, findings)
    return (*verdict_families(report.verdict, report.made_at, report.doctor_version), *found)


def _check(found: Families, check: str, findings: List[Finding]) -> None:
    severity = findings[0].severity.value
    culprits = [finding for finding in findings if not finding.is_consequence]
    failed = any(finding.status is Status.FAIL for finding in culprits)
    about = "Whether a check fails with nothing else to explain it"
    found.add("ascend_doctor_check_failed", about, failed, check=check, severity=severity)
    for status in Status:
        count = sum(finding.status is status for finding in findings)
        if count or status in ALWAYS_COUNTED:
            found.add(
                "ascend_doctor_check_subjects", "Subjects of a check by status", count, check=check, status=status.value
            )
    explained = len(findings) - len(culprits)
    found.add(
        "ascend_doctor_check_consequences", "Subjects whose result another finding explains", explained, check=check
    )
    times = [finding.judged_at for finding in findings if finding.judged_at and finding.status is not Status.UNKNOWN]
    if times:
        about = "When the oldest evidence was collected on which a check that could look rests"
        found.add("ascend_doctor_check_last_success_timestamp_seconds", about, min(times), check=check)
    problems = {
        (npu_of(finding.subject).name, finding.status.value): None  # several ports of an NPU are one problem here
        for finding in culprits
        if finding.status.is_problem and finding.subject.kind in (SubjectKind.NPU, SubjectKind.PORT)
    }
    for npu, word in problems:
        about = "A problem of one NPU that nothing else explains"
        found.add("ascend_doctor_npu_problem", about, 1, check=check, npu=npu, status=word)


def source_families(view: NodeView) -> Tuple[Family, ...]:
    """Return how the tools of one node answer: runs, their time, and when each question was last answered."""
    found = Families()
    by_source: Dict[str, List[Evidence]] = collections.defaultdict(list)
    for key, evidence in view.evidence.items():
        if EARLIER in key:
            continue
        by_source[key.partition("@")[0]].append(evidence)
    for name, answers in sorted(by_source.items()):
        if name not in catalogue.BY_NAME:
            continue
        readable = [item for item in answers if not _is_missing(view, item)]
        about = "Whether every answer to a question could be read"
        found.add("ascend_doctor_source_up", about, len(readable) == len(answers), source=name)
        seconds = sum(item.duration_s for item in answers)
        found.add(
            "ascend_doctor_source_duration_seconds", "Time the last runs took, summed over NPUs", seconds, source=name
        )
        times = [item.started_at for item in readable if item.started_at]
        if times:
            about = "When the oldest of the newest readable answers was collected"
            found.add("ascend_doctor_source_last_success_timestamp_seconds", about, min(times), source=name)
    return tuple(found)


def _is_missing(view: NodeView, evidence: Evidence) -> bool:
    query = catalogue.query_for_key(evidence.key)
    return query is None or isinstance(view.read(query.source, query.target), Missing)


def fleet_families(report: Report) -> Tuple[Family, ...]:
    """Return the aggregates of a fleet. No series names a node: nodes export their own metrics."""
    found = Families()
    add_states(found, "ascend_doctor_fleet_verdict", "Verdict on the fleet, one of the states is 1", report.verdict)
    found.add("ascend_doctor_fleet_report_timestamp_seconds", "When the fleet was last judged", report.made_at)
    for verdict, state in zip(Verdict, STATES):
        count = sum(node.verdict is verdict for node in report.nodes)
        found.add("ascend_doctor_fleet_nodes", "Nodes by their verdict", count, verdict=state)
    for liveness in Liveness:
        count = sum(node.liveness is liveness for node in report.nodes)
        state = liveness.value.replace("-", "_")
        found.add("ascend_doctor_fleet_node_liveness", "Nodes by whether they still send", count, liveness=state)
    told = [node.facts["npus"] for node in report.nodes if node.facts.get("npus", "").isdecimal()]
    if told:
        found.add("ascend_doctor_fleet_npus", "NPUs on the nodes that told", sum(map(int, told)))
    for status, count in ((Status.PASS, report.also_passed), (Status.SKIP, report.also_skipped)):
        total = count + sum(finding.status is status for finding in report.findings)
        about = "Results of which there is nothing to say, by status"
        found.add("ascend_doctor_fleet_good_results", about, total, status=status.value)
    _problems(found, report.problems)
    about = "Results that could not be seen, or are too old"
    found.add("ascend_doctor_fleet_blind_spots", about, len(report.blind_spots))
    return tuple(found)


def _problems(found: Families, problems: Iterable[Finding]) -> None:
    counts: Dict[Tuple[str, str, str], int] = collections.Counter()
    nodes: Dict[Tuple[str, str, str], Set[str]] = collections.defaultdict(set)
    for finding in problems:
        key = (finding.check, finding.severity.value, finding.status.value)
        counts[key] += 1
        nodes[key].add(finding.subject.node)
    for key, count in sorted(counts.items()):
        labels = dict(zip(("check", "severity", "status"), key))
        found.add("ascend_doctor_fleet_problems", "Problems that nothing else explains", count, **labels)
        found.add("ascend_doctor_fleet_problem_nodes", "Nodes that have such a problem", len(nodes[key]), **labels)
