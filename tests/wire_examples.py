"""Values of the model for the tests of the wire and of the codec: one full example of each, and strategies for any."""

from __future__ import annotations

from typing import Any, List

import attrs
from hypothesis import strategies as st

from ascend_doctor.model import subject as subjects
from ascend_doctor.model.evidence import Ending, Evidence, Quote
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.report import Liveness, NodeSummary, Report
from ascend_doctor.model.sections import Section, Sections, SectionsChange
from ascend_doctor.model.state import Change, NodeState, Told
from ascend_doctor.model.status import Confidence, Disruption, Severity, Status
from ascend_doctor.model.subject import Subject, SubjectKind
from ascend_doctor.model.transition import Recorded, Transition
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.wire.sections import read_section, write_check, write_topic

EVIDENCE = Evidence(
    key="hccn_tool/link@3",
    argv=("hccn_tool", "-i", "3", "-link", "-g"),
    ending=Ending.SIGNALLED,
    exit_code=0,
    stdout=b"link status: DOWN\n",
    stderr=b"\xff warning\n",
    truncated=True,
    started_at=1_790_000_000.25,
    duration_s=0.125,
    attempts=2,
    note="came at the second try",
    redactions=("serial",),
)
QUOTE = Quote(
    key=EVIDENCE.key,
    digest=EVIDENCE.digest,
    command=EVIDENCE.command,
    lines=("link status: DOWN",),
    stream="stderr",
    ending=Ending.TIMED_OUT,
    exit_code=7,
)
FINDING = Finding(
    check="roce.link",
    subject=subjects.port("node-1", 3),
    status=Status.FAIL,
    summary="the link is down",
    severity=Severity.ADVISORY,
    observed=Quantity(12.5, "dBm"),
    expected="UP",
    quotes=(QUOTE,),
    remedies=(Remedy("Put the cable in.", "hccn_tool -i 3 -link -g", Disruption.TRAFFIC),),
    confidence=Confidence.UNDETERMINED,
    affected=(subjects.npu("node-1", 4), Subject(SubjectKind.SWITCH_PORT, "", "leaf-1 eth3")),
    candidates=("the cable", "the module"),
    cause="roce.optical.present|port:node-1:3",
    judged_at=1_790_000_000.5,
    since=1_789_999_940.5,
)
TRANSITION = Transition("npu.health", "npu:.:0", Status.PASS, Status.FAIL, 1_790_000_000.5, "NPU 0 is not healthy")
TOLD = Told(b'{"0":"up"}', b"link status: UP\n\xff", 1_790_000_000.25)
PASSED = Finding("npu.ecc", subjects.npu("node-1", 0), Status.PASS, "no errors")
CHANGE = Change(
    findings={FINDING.key: FINDING},
    topics={"ports": TOLD},
    judged_at={"npu.ecc|npu:node-1:0": 1_790_000_001.5, "npu.ecc|npu:node-1:1": 1_790_000_001.5},
    collected_at={"node": 1_790_000_001.25},
    removed_findings=frozenset({"npu.health|npu:node-1:0"}),
    removed_topics=frozenset({"tls"}),
    transitions=(TRANSITION,),
)
CHECK_SECTION = write_check("roce.link", [FINDING, attrs.evolve(PASSED, check="roce.link")], "node-1")
TOPIC_SECTION = read_section(
    bytes.fromhex(
        "0a05706f7274733221789cab563250b2aa564a4c49294a2d2e56b2523234d0034173a5da5a00741807c93a10789cab563250b28a8ead0500"
        "09c8025f"
    )
)
"""As zlib packed it once: another version of it may do it differently."""
SECTIONS = Sections(
    {item.name: item for item in (CHECK_SECTION, TOPIC_SECTION)},
    {"roce.link": 1_790_000_000.0, "ports": 1_789_999_940.0},
)
SECTIONS_CHANGE = SectionsChange(
    sections={CHECK_SECTION.name: CHECK_SECTION},
    times={"roce.link": 1_790_000_001.5, "npu.ecc": 1_790_000_001.5, "ports": 0.0},
    removed=frozenset({"npu.health", "serving.port"}),
    transitions=((6, TRANSITION), (7, attrs.evolve(TRANSITION, before=None, after=Status.WARN))),
)
STATE = NodeState.of([FINDING], {"ports": TOLD})
REPORT = Report(
    made_at=1_790_000_002.0,
    verdict=Verdict.NOT_READY,
    nodes=(
        NodeSummary("node-1", Verdict.NOT_READY, Liveness.STALE, 1_790_000_000.0, {"driver": "25.2.0"}),
        NodeSummary("node-2", Verdict.INCOMPLETE, Liveness.NEVER_SEEN),
    ),
    findings=(FINDING,),
    origin="collector",
    doctor_version="0.1.0",
    also_passed=1200,
    also_skipped=34,
)
RECORDED = Recorded(7, "node-1", 1_790_000_002.5, attrs.evolve(TRANSITION, subject="npu:node-1:0"))

NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TIMES = st.integers(0, 4_000_000_000_000).map(lambda milliseconds: milliseconds / 1000)
NODES = st.sampled_from(["", "node-1", "a.example.org", "N2"])
WHOLE_NUMBERS = st.integers(-(10**30), 10**30)


def _of(kind: Any, /, **fields: Any) -> Any:
    return st.builds(kind, **fields)


SUBJECTS = _of(Subject, kind=st.sampled_from(SubjectKind), node=NODES, name=st.one_of(st.just(""), NAMES))
QUANTITIES = _of(
    Quantity, value=st.one_of(WHOLE_NUMBERS, st.floats(), TEXTS), unit=st.sampled_from(["", "dBm", "celsius"])
)
CODES = st.one_of(st.none(), st.integers(-128, 255))
QUOTES = _of(
    Quote,
    key=NAMES,
    digest=st.just(EVIDENCE.digest),
    command=TEXTS,
    lines=st.lists(TEXTS, max_size=3).map(tuple),
    stream=st.sampled_from(["stdout", "stderr", "doctor"]),
    ending=st.sampled_from(Ending),
    exit_code=CODES,
)
REMEDIES = _of(Remedy, text=TEXTS, command=TEXTS, disruption=st.sampled_from(Disruption))
FINDINGS = _of(
    Finding,
    check=NAMES,
    subject=SUBJECTS,
    status=st.sampled_from(Status),
    summary=TEXTS,
    severity=st.sampled_from(Severity),
    observed=st.one_of(st.none(), QUANTITIES),
    expected=TEXTS,
    quotes=st.lists(QUOTES, max_size=2).map(tuple),
    remedies=st.lists(REMEDIES, max_size=2).map(tuple),
    confidence=st.sampled_from(Confidence),
    affected=st.lists(SUBJECTS, max_size=2).map(tuple),
    candidates=st.lists(TEXTS, max_size=2).map(tuple),
    cause=st.one_of(st.just(""), NAMES),
    judged_at=TIMES,
    since=TIMES,
)
STATUSES = st.one_of(st.none(), st.sampled_from(Status))
TRANSITIONS = _of(
    Transition,
    check=NAMES,
    subject=SUBJECTS.map(lambda subject: subject.key),
    before=STATUSES,
    after=STATUSES,
    at=TIMES,
    summary=TEXTS,
)
TOPICS = st.dictionaries(
    NAMES, _of(Told, facts=st.binary(max_size=20), quotes=st.binary(max_size=20), collected_at=TIMES), max_size=3
)
STATES = st.builds(NodeState.of, st.lists(FINDINGS, max_size=5), TOPICS)
CHANGES = _of(
    Change,
    findings=st.lists(FINDINGS, max_size=3).map(lambda items: {item.key: item for item in items}),
    topics=TOPICS,
    judged_at=st.dictionaries(NAMES, TIMES, max_size=3),
    collected_at=st.dictionaries(NAMES, TIMES, max_size=3),
    removed_findings=st.frozensets(NAMES, max_size=3),
    removed_topics=st.frozensets(NAMES, max_size=3),
    transitions=st.lists(TRANSITIONS, max_size=2).map(tuple),
)


def _section(check: str, statuses: List[Status]) -> Section:
    """Make a section with a finding for each status; with none it is a topic's."""
    if not statuses:
        return write_topic(check, b"{}", b"")
    found = [Finding(check, subjects.npu("node-1", npu), status, "so it is") for npu, status in enumerate(statuses)]
    return write_check(check, found, "node-1")


_CHECKS = st.sampled_from(["roce.link", "npu.ecc", "host.clock", "ports", "node"])
NAMED_SECTIONS = st.dictionaries(_CHECKS, st.lists(st.sampled_from(Status), max_size=2)).map(
    lambda found: {check: _section(check, statuses) for check, statuses in found.items()}
)
ALL_SECTIONS = st.builds(
    lambda sections, at: Sections(sections, {name: at + len(name) for name in sections}), NAMED_SECTIONS, TIMES
)
SECTIONS_CHANGES = _of(
    SectionsChange,
    sections=NAMED_SECTIONS,
    times=st.dictionaries(_CHECKS, TIMES, max_size=3),
    removed=st.frozensets(_CHECKS, max_size=3),
    transitions=st.lists(st.tuples(st.integers(0, 5), TRANSITIONS), max_size=3).map(tuple),
)
SUMMARIES = _of(
    NodeSummary,
    name=st.sampled_from(["node-1", "a.example.org"]),
    verdict=st.sampled_from(Verdict),
    liveness=st.sampled_from(Liveness),
    seen_at=st.one_of(st.none(), TIMES.filter(bool)),
    facts=st.dictionaries(NAMES, TEXTS, max_size=3),
)
REPORTS = _of(
    Report,
    made_at=TIMES,
    verdict=st.sampled_from(Verdict),
    nodes=st.lists(SUMMARIES, max_size=3).map(tuple),
    findings=st.lists(FINDINGS, max_size=3).map(tuple),
    origin=TEXTS,
    doctor_version=NAMES,
    also_passed=st.integers(0, 10**9),
    also_skipped=st.integers(0, 10**9),
)
