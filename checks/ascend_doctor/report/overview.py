"""What a report has to say to people, in the order in which they need it; the renderers only lay it out."""

from __future__ import annotations

import collections
import re
from typing import Dict, FrozenSet, Iterable, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks import outcome
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.report import Liveness, NodeSummary, Report
from ascend_doctor.model.status import Confidence, Disruption, Severity, Status
from ascend_doctor.model.subject import Subject, SubjectKind, natural
from ascend_doctor.model.verdict import WORST_FIRST, Verdict
from ascend_doctor.model.wording import counted

VERSION_COLUMNS = ("product", "npus", "driver", "firmware")
_COMPARED = ("npus", "driver", "firmware")
"""The columns in which nodes of one product should agree."""

VERDICT_WORDS: Mapping[Verdict, str] = {
    Verdict.READY: "READY",
    Verdict.DEGRADED: "DEGRADED",
    Verdict.INCOMPLETE: "INCOMPLETE",
    Verdict.NOT_READY: "NOT READY",
}
CONFIDENCE_WORDS: Mapping[Confidence, str] = {
    Confidence.DIRECT: "sure: measured on the spot",
    Confidence.INFERRED: "inferred: follows from several measurements",
    Confidence.WEAK: "weak: seen from one side only, or decided by convention",
    Confidence.UNDETERMINED: "undetermined: the evidence does not decide, compare what is listed",
}
DISRUPTION_WORDS: Mapping[Disruption, str] = {
    Disruption.NONE: "not disruptive",
    Disruption.TRAFFIC: "disruptive: interrupts the network of the NPU",
    Disruption.NPU_RESET: "disruptive: stops every job on the NPU",
    Disruption.REBOOT: "disruptive: reboots the node",
}


@attrs.frozen
class Problem:
    """One culprit, its number in the report, and the checks it explains with how many findings of each."""

    number: int
    finding: Finding
    consequences: Tuple[Tuple[str, int], ...]

    @property
    def consequence_count(self) -> int:
        """How many findings it explains."""
        return sum(count for _, count in self.consequences)


@attrs.frozen
class Advice:
    """One piece of advice about how one or more nodes are set up: a warning that does not decide.

    `remedy` is the first step, None where the check has none.
    """

    check: str
    summary: str
    remedy: Optional[Remedy]
    subjects: Tuple[Subject, ...]


@attrs.frozen
class BlindSpot:
    """What could not be seen for one reason, by one or more checks, on one or more subjects.

    `summary` says what and why where it is one thing, and only why where checks missed different things.
    """

    checks: Tuple[str, ...]
    summary: str
    severity: Severity
    status: Status
    subjects: Tuple[Subject, ...]


@attrs.frozen
class NodeGroup:
    """The nodes in one state. `word` is the verdict, or the liveness of nodes that do not send."""

    word: str
    verdict: Verdict
    names: Tuple[str, ...]


@attrs.frozen
class VersionRow:
    """Nodes with the same versions. A column of `cells` is empty where the nodes did not tell.

    `odd` are the columns in which these nodes differ from most others of the same product, or from each other when
    there is no majority.
    """

    cells: Mapping[str, str]
    odd: FrozenSet[str]
    names: Tuple[str, ...]


@attrs.frozen
class Overview:
    """A report, arranged."""

    headline: str
    problems: Tuple[Problem, ...]
    advice: Tuple[Advice, ...]
    blind_spots: Tuple[BlindSpot, ...]
    node_groups: Tuple[NodeGroup, ...]
    versions: Tuple[VersionRow, ...]
    npu_count: Optional[int]
    counts: Mapping[Status, int]


FEW = 3
"""So many pieces of advice are shown whole, like any problem; of more, each takes two lines."""


def overview(report: Report) -> Overview:
    """Arrange a report. Work grows with the number of findings, and with nothing else.

    Advice stands apart from the problems where there are more than a few pieces of it, so that a dozen settings of a
    host do not hide the culprit.
    """
    explained: Dict[str, Dict[str, int]] = collections.defaultdict(lambda: collections.defaultdict(int))
    counts: Dict[Status, int] = dict.fromkeys(Status, 0)
    for finding in report.findings:
        counts[finding.status] += 1
        if finding.is_consequence:
            explained[finding.cause][finding.check] += 1
    counts[Status.PASS] += report.also_passed
    counts[Status.SKIP] += report.also_skipped
    aside = [finding for finding in report.problems if _is_advice(finding) and finding.key not in explained]
    if len(aside) <= FEW:
        aside = []
    apart = {finding.key for finding in aside}
    whole = [finding for finding in report.problems if finding.key not in apart]
    problems = tuple(
        Problem(number, finding, tuple(sorted(explained.get(finding.key, {}).items())))
        for number, finding in enumerate(whole, start=1)
    )
    blind_spots = _blind_spots(report.blind_spots)
    return Overview(
        headline=_headline(report),
        problems=problems,
        advice=_advice(aside),
        blind_spots=blind_spots,
        node_groups=_node_groups(report.nodes),
        versions=_versions(report.nodes),
        npu_count=_npu_count(report.nodes),
        counts=counts,
    )


def _is_advice(finding: Finding) -> bool:
    """Tell whether a finding is about how a node is set up; what is weak about a part of it needs its evidence."""
    mild = finding.status is Status.WARN and finding.severity is Severity.ADVISORY
    return mild and finding.subject.kind is SubjectKind.NODE


def _advice(findings: Iterable[Finding]) -> Tuple[Advice, ...]:
    """Merge what is said of several subjects in the same words."""
    merged: Dict[Tuple[str, str, Optional[Remedy]], List[Subject]] = collections.defaultdict(list)
    for finding in findings:
        remedy = finding.remedies[0] if finding.remedies else None
        merged[finding.check, finding.summary, remedy].append(finding.subject)
    return tuple(Advice(*key, tuple(subjects)) for key, subjects in merged.items())


def _headline(report: Report) -> str:
    failures = sum(finding.status is Status.FAIL for finding in report.problems)
    warnings = len(report.problems) - failures
    # A failure that explains a gap says more than the gap; without a verdict every gap counts, explained or not.
    looked = report.blind_spots if report.verdict is Verdict.NOT_READY else report.findings
    unseen = sum(finding.status.is_blind and finding.severity is Severity.BLOCKING for finding in looked)
    parts = [counted(failures, "failure")] if failures else []
    parts += [counted(warnings, "warning")] if warnings else []
    said = " and ".join(parts)
    if report.verdict is Verdict.READY:
        return "READY"
    if report.verdict is Verdict.DEGRADED:
        return f"DEGRADED: ready, with {said or 'something to look at'}"
    what = f"{counted(unseen, 'result')} that decide{'s' if unseen == 1 else ''} could not be seen"
    if report.verdict is Verdict.NOT_READY:
        return f"NOT READY: {said or 'a node is not ready'}" + (f"; {what}" if unseen else "")
    if not report.nodes:
        return "INCOMPLETE, no verdict: no node has reported yet"
    silent = sum(node.liveness is not Liveness.LIVE for node in report.nodes)
    if not unseen:
        what = f"{counted(silent, 'node')} cannot be seen" if silent else "nothing was looked at"
    return f"INCOMPLETE, no verdict: {what}" + (f"; {said}" if said else "")


def _blind_spots(findings: Iterable[Finding]) -> Tuple[BlindSpot, ...]:
    """Merge what could not be seen for one reason; what decides comes first."""
    merged: Dict[Tuple[str, Severity, Status], List[Finding]] = collections.defaultdict(list)
    for finding in findings:
        merged[outcome.reason(finding), finding.severity, finding.status].append(finding)
    spots = [_blind_spot(key[0], members) for key, members in merged.items()]
    return tuple(sorted(spots, key=lambda spot: spot.severity is not Severity.BLOCKING))


def _blind_spot(reason: str, members: Sequence[Finding]) -> BlindSpot:
    summaries = {finding.summary for finding in members}
    return BlindSpot(
        checks=tuple(dict.fromkeys(finding.check for finding in members)),
        summary=members[0].summary if len(summaries) == 1 else reason,
        severity=members[0].severity,
        status=members[0].status,
        subjects=tuple(dict.fromkeys(finding.subject for finding in members)),
    )


def _node_groups(nodes: Sequence[NodeSummary]) -> Tuple[NodeGroup, ...]:
    groups: Dict[Tuple[int, str], List[NodeSummary]] = collections.defaultdict(list)
    for node in nodes:
        silent = node.liveness is not Liveness.LIVE
        word = node.liveness.value.replace("-", " ").upper() if silent else VERDICT_WORDS[node.verdict]
        groups[WORST_FIRST.index(node.verdict), word].append(node)
    return tuple(
        NodeGroup(word, members[0].verdict, tuple(sorted((node.name for node in members), key=natural)))
        for (_, word), members in sorted(groups.items())
    )


def _versions(nodes: Sequence[NodeSummary]) -> Tuple[VersionRow, ...]:
    told = [node for node in nodes if any(column in node.facts for column in VERSION_COLUMNS)]
    rows: Dict[Tuple[str, ...], List[str]] = collections.defaultdict(list)
    for node in told:
        rows[tuple(node.facts.get(column, "") for column in VERSION_COLUMNS)].append(node.name)
    usual = {
        (product, column): _majority(
            [node.facts.get(column, "") for node in told if node.facts.get("product", "") == product]
        )
        for product in {node.facts.get("product", "") for node in told}
        for column in _COMPARED
    }
    ordered = sorted(rows.items(), key=lambda item: (item[0][0], -len(item[1]), item[0]))
    found = []
    for values, names in ordered:
        cells = dict(zip(VERSION_COLUMNS, values))
        odd = [column for column in _COMPARED if cells[column] and cells[column] != usual[values[0], column]]
        found.append(VersionRow(cells, frozenset(odd), tuple(sorted(names, key=natural))))
    return tuple(found)


def _majority(values: Sequence[str]) -> Optional[str]:
    """Return the value that more than half of those who told share, None when there is none such."""
    counts = collections.Counter(value for value in values if value)
    value, count = counts.most_common(1)[0] if counts else ("", 0)
    return value if 2 * count > sum(counts.values()) else None


def _npu_count(nodes: Sequence[NodeSummary]) -> Optional[int]:
    told = [node.facts.get("npus", "") for node in nodes]
    counts = [int(text) for text in told if text.isdecimal() and len(text) < 6]
    return sum(counts) if counts and len(counts) == len(told) else None


MAX_CHECKS = 12


def folded_checks(counts: Mapping[str, int]) -> str:
    """Return checks with how many findings of each, `roce.link, npu.ecc (3)`; many of them by family: `roce.* (41)`."""
    if len(counts) > MAX_CHECKS:
        families: Dict[str, int] = collections.defaultdict(int)
        for name, count in counts.items():
            families[f"{name.partition('.')[0]}.*"] += count
        counts = families
    return ", ".join(name if count == 1 else f"{name} ({count})" for name, count in counts.items())


_NUMBERED = re.compile(r"(.*?)([0-9]{1,9})", re.DOTALL)
_SHORTEST_RUN = 3
_NUMBERED_KINDS = (SubjectKind.CARD, SubjectKind.NPU, SubjectKind.PORT)
_MAX_PARTS = 12


def folded_names(names: Sequence[str], limit: int = 12) -> str:
    """Return names in the notation of host lists: `a[1-3], a7, b`; past the limit, how many more there are.

    A run takes at least three names in a row whose numbers follow each other and are written in the same way.
    """
    runs: List[List[str]] = []
    for name in names:
        if runs and name == _successor(runs[-1][-1]):
            runs[-1].append(name)
        else:
            runs.append([name])
    parts: List[Tuple[str, int]] = []
    for run in runs:
        if len(run) >= _SHORTEST_RUN:
            parts.append((_range(run[0], run[-1]), len(run)))
        else:
            parts += [(name, 1) for name in run]
    rest = sum(count for _, count in parts[limit:])
    return ", ".join(text for text, _ in parts[:limit]) + (f" and {rest} more" if rest else "")


def folded_subjects(subjects: Sequence[Subject]) -> str:
    """Return subjects as people would list them: `train-a NPU 0, 2-4 port, train-b`."""
    nodes = [subject.node for subject in subjects if subject.kind is SubjectKind.NODE]
    parts = [folded_names(nodes)] if nodes else []
    numbered: Dict[Tuple[SubjectKind, str], List[str]] = {}
    for subject in subjects:
        if subject.kind in _NUMBERED_KINDS:
            numbered.setdefault((subject.kind, subject.node), []).append(subject.name)
        elif subject.kind is not SubjectKind.NODE:
            parts.append(str(subject))
    for (kind, node), names in numbered.items():
        folded = folded_names(names).replace("[", "").replace("]", "")
        parts.append(str(Subject(kind, node, folded)))
    return ", ".join(parts[:_MAX_PARTS]) + (f" and {len(parts) - _MAX_PARTS} more" if len(parts) > _MAX_PARTS else "")


def _successor(name: str) -> Optional[str]:
    """Return the name with the next number, None for a name that ends in none; after `n09` comes `n10`."""
    match = _NUMBERED.fullmatch(name)
    return match and f"{match.group(1)}{int(match.group(2)) + 1:0{len(match.group(2))}d}"


def _range(first: str, last: str) -> str:
    prefix = first.rstrip("0123456789")
    return f"{prefix}[{first[len(prefix) :]}-{last[len(prefix) :]}]"
