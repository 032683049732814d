"""What those are told who watch a report."""

from __future__ import annotations

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from ascend_doctor.model import subject as subjects
from ascend_doctor.model.evidence import Ending, Quote
from ascend_doctor.model.finding import Finding, Quantity
from ascend_doctor.model.report import Liveness, NodeSummary, Report
from ascend_doctor.model.report_change import ReportChange, change_between
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import Subject, SubjectKind, subject_from_key
from ascend_doctor.model.verdict import Verdict

LINK = Finding("roce.link", subjects.port("node-1", 3), Status.FAIL, "the link is DOWN", judged_at=5.0)
NODE = NodeSummary("node-1", Verdict.NOT_READY, Liveness.LIVE, 5.0, {"driver": "25.2.0"})
REPORT = Report(10.0, Verdict.NOT_READY, (NODE,), (LINK,))

NODES = st.lists(
    st.builds(NodeSummary, st.sampled_from(["a", "b", "c"]), st.sampled_from(Verdict), st.sampled_from(Liveness)),
    unique_by=lambda node: node.name,
)
FINDINGS = st.lists(
    st.builds(
        Finding,
        st.sampled_from(["npu.ecc", "roce.link"]),
        st.builds(subjects.npu, st.sampled_from(["a", "b"]), st.integers(0, 2)),
        st.sampled_from([Status.FAIL, Status.WARN, Status.UNKNOWN]),
        st.sampled_from(["one thing", "another thing"]),
    ),
    unique_by=lambda finding: finding.key,
)
REPORTS = st.builds(Report, st.just(1.0), st.sampled_from(Verdict), st.builds(tuple, NODES), st.builds(tuple, FINDINGS))


@given(st.lists(REPORTS, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_changes_put_together_are_the_newest_report(reports) -> None:
    """Whoever takes in every change knows the nodes, findings and verdict of the newest report."""
    nodes, findings, verdict, told = {}, {}, None, None
    for report in reports:
        change = change_between(told, report)
        if change.whole:
            nodes, findings = {}, {}
        nodes.update((node.name, node) for node in change.nodes)
        findings.update((finding.key, finding) for finding in change.findings)
        for name in change.removed_nodes:
            del nodes[name]
        for key in change.removed_findings:
            del findings[key]
        verdict, told = change.verdict, report
    newest = reports[-1]
    assert {node.name: node for node in newest.nodes} == nodes
    assert {finding.key: finding for finding in newest.findings} == findings
    assert newest.verdict == verdict


def test_newer_evidence_is_no_change() -> None:
    """A node that looked again and found the same is not told about."""
    quote = Quote("k", "d", "c", ("x",), "stdout", Ending.EXITED, 0)
    again = attrs.evolve(
        REPORT,
        made_at=70.0,
        nodes=(attrs.evolve(NODE, seen_at=65.0),),
        findings=(attrs.evolve(LINK, judged_at=65.0, quotes=(quote,)),),
    )
    assert ReportChange(False, Verdict.NOT_READY) == change_between(REPORT, again)
    assert change_between(REPORT, again).is_empty


def test_what_a_finding_says_is_a_change() -> None:
    """Another value, another cause, another word: each is told."""
    for field, value in (("observed", Quantity("DOWN")), ("cause", "x|node:a:"), ("summary", "gone"), ("since", 3.0)):
        changed = attrs.evolve(LINK, **{field: value})
        assert (changed,) == change_between(REPORT, attrs.evolve(REPORT, findings=(changed,))).findings


def test_the_first_is_whole() -> None:
    """Who was told nothing yet is told everything, even of an empty fleet."""
    assert ReportChange(True, Verdict.NOT_READY, (NODE,), (LINK,)) == change_between(None, REPORT)
    assert not change_between(None, Report(1.0, Verdict.INCOMPLETE, (), ())).is_empty


def test_what_explains_what_is_looked_up() -> None:
    """The consequences of a finding come in the order of their subjects; another finding has none."""
    parts = [attrs.evolve(LINK, check=f"roce.{word}", status=Status.WARN, cause=LINK.key) for word in ("ping", "arp")]
    report = attrs.evolve(REPORT, findings=(LINK, *parts))
    assert (parts[1], parts[0]) == report.consequences_of(LINK)
    assert () == report.consequences_of(parts[0])
    assert (LINK,) == report.problems


def test_a_subject_is_known_by_its_key() -> None:
    """Every subject comes back from its key; a kind of a newer program is taken for the whole."""
    for kind in SubjectKind:
        subject = Subject(kind, "node-1", "3/0/4:x")
        assert subject == subject_from_key(subject.key)
    assert Subject(SubjectKind.NODE, "node-1", "2") == subject_from_key("fan:node-1:2")
    assert Subject(SubjectKind.CLUSTER, "", "2") == subject_from_key("fan::2")
    assert Subject(SubjectKind.CLUSTER) == subject_from_key("")
