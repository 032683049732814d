"""Sections as they travel: what a check found, without the name of the node, and back."""

from __future__ import annotations

import gc
import zlib
from typing import Any, Callable, List, Tuple

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascend_doctor.model import subject as subjects
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.sections import Section, SectionsChange
from ascend_doctor.model.status import WORST_FIRST, Confidence, Severity, Status
from ascend_doctor.model.subject import Subject, SubjectKind
from ascend_doctor.model.transition import Transition
from ascend_doctor.v1 import finding_pb2, ingest_pb2
from ascend_doctor.wire import limits
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.sections import (
    SectionPool,
    absolute_key,
    findings_of,
    foreign_subject,
    read_section,
    relative_key,
    subject_of,
    told_in,
    write_check,
    write_topic,
)
from wire_examples import CHECK_SECTION, FINDING, FINDINGS, NAMES, PASSED, TOPIC_SECTION

NODE = "node-1"
OTHER = "node-2"
OWN_KINDS = (SubjectKind.NODE, SubjectKind.CARD, SubjectKind.NPU, SubjectKind.PORT)
FREE_KINDS = tuple(kind for kind in SubjectKind if kind not in (*OWN_KINDS, SubjectKind.CLUSTER))
HOSTILE = st.text(st.characters(codec=None), max_size=30)  # with control characters and half surrogate pairs
PART_NAMES = st.one_of(st.just(""), NAMES, st.sampled_from(["3", "3/0/4", "a:b", ".", ":.:", "端口 3"]))
OWN_SUBJECTS = st.builds(Subject, st.sampled_from(OWN_KINDS), st.just(NODE), PART_NAMES)
FREE_SUBJECTS = st.builds(Subject, st.sampled_from(FREE_KINDS), st.sampled_from(["", NODE]), PART_NAMES)
NODE_SUBJECTS = st.one_of(OWN_SUBJECTS, FREE_SUBJECTS)


def npu(number: int, status: Status = Status.PASS, **named: Any) -> Finding:
    """Make a finding about an NPU."""
    return Finding("npu.ecc", subjects.npu(NODE, number), status, f"NPU {number}", **named)


def message_of(section: Section) -> ingest_pb2.Section:
    """Return the message that a section is."""
    return ingest_pb2.Section.FromString(section.content)


def as_told(finding: Finding, at: float) -> Finding:
    """Return what a collector knows of a finding: of a pass only that, and of the rest all but what explains what."""
    if finding.status is Status.PASS:
        return Finding(finding.check, finding.subject, Status.PASS, "passed", finding.severity, judged_at=at)
    return attrs.evolve(finding, cause="", judged_at=at)


@given(
    st.lists(
        st.builds(
            lambda finding, subject, affected: attrs.evolve(
                finding, check="npu.ecc", severity=Severity.BLOCKING, subject=subject, affected=tuple(affected)
            ),
            FINDINGS,
            NODE_SUBJECTS,
            st.lists(NODE_SUBJECTS, max_size=2),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda finding: finding.subject,
    )
)
@settings(max_examples=50, deadline=None)
def test_findings_arrive_as_they_were(findings: List[Finding]) -> None:
    """What a check found on a node comes back with the node's name in place, in the order of the subjects."""
    section = write_check("npu.ecc", findings, NODE)
    came = list(findings_of(section, NODE, 60.0))
    assert sorted((as_told(item, 60.0) for item in findings), key=str) == sorted(came, key=str)
    bad = [item for item in came if item.status not in (Status.PASS, Status.SKIP)]
    assert bad == list(findings_of(section, NODE, 60.0, passes=False))
    assert "" == foreign_subject(SectionsChange({"npu.ecc": section}), NODE)
    assert section == read_section(section.content)


@given(NODE_SUBJECTS)
@settings(max_examples=60, deadline=None)
def test_keys_lose_and_regain_the_node(subject: Subject) -> None:
    """The key of a subject in a section has `.` in the place of the node, and is made whole again."""
    relative = relative_key(subject.key, NODE)
    assert subject.key == absolute_key(relative, NODE)
    assert attrs.evolve(subject, node="") == subject_of(relative)


@given(
    st.lists(st.tuples(st.sampled_from(SubjectKind), HOSTILE, st.sampled_from(Status), HOSTILE), min_size=1, max_size=5)
)
@settings(max_examples=60, deadline=None)
def test_hostile_texts_are_written_all_the_same(found: List[Tuple[SubjectKind, str, Status, str]]) -> None:
    """Whatever stands in the names and sentences, a section is made of them, and the worst of it is told."""
    findings = [
        Finding("a.b", Subject(kind, NODE, name), status, text, affected=(Subject(kind, text, name),))
        for kind, name, status, text in found
    ]
    section = write_check("a.b", findings, NODE)
    worst = min((item.status for item in findings), key=WORST_FIRST.index)
    assert worst is min(section.statuses, key=WORST_FIRST.index)
    assert section == read_section(section.content)


def test_two_nodes_say_the_same_with_the_same_bytes() -> None:
    """A section has no node's name in it, nor a time, and keeps one order."""
    findings = [npu(10), npu(9), npu(2, Status.SKIP)]
    others = [attrs.evolve(item, subject=attrs.evolve(item.subject, node=OTHER), judged_at=5.0) for item in findings]
    section = write_check("npu.ecc", findings, NODE)
    assert section.content == write_check("npu.ecc", reversed(others), OTHER).content
    assert ("npu:.:2", "npu:.:9", "npu:.:10") == section.subjects
    assert NODE.encode() not in section.content


@pytest.mark.parametrize("order", [1, -1])
def test_failure_does_not_hide_behind_a_pass(order: int) -> None:
    """Of two findings under one key the worse is told, be they one only because a name was made harmless."""
    names = ("a\n", "a\t")
    findings = [
        Finding("a.b", Subject(SubjectKind.NPU, NODE, name), status, "so it is")
        for name, status in zip(names, (Status.FAIL, Status.PASS))
    ]
    assert {"npu:.:a?": Status.FAIL} == write_check("a.b", findings[::order], NODE).outcomes


def test_worst_of_too_many_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check with more subjects than a section takes tells of the worst."""
    monkeypatch.setattr(limits, "MAX_SUBJECT_COUNT", 3)
    statuses = (Status.PASS, Status.SKIP, Status.WARN, Status.PASS, Status.UNKNOWN, Status.FAIL)
    section = write_check("npu.ecc", [npu(number, status) for number, status in enumerate(statuses)], NODE)
    assert {"npu:.:2": Status.WARN, "npu:.:4": Status.UNKNOWN, "npu:.:5": Status.FAIL} == section.outcomes


def rich(number: int) -> Finding:
    """Make a failure of which there is a lot to say."""
    return npu(
        number,
        Status.FAIL,
        observed=Quantity(12, "errors"),
        expected="0 errors",
        confidence=Confidence.UNDETERMINED,
        since=1_790_000_000.0,
        quotes=(Quote("npu-smi/ecc@3", "0" * 64, "npu-smi info", ("x" * 900,) * 4),),
        remedies=(Remedy("Reset it.", "reboot"),),
        affected=tuple(subjects.port(NODE, port) for port in range(30)),
    )


def test_what_is_too_long_loses_its_quotes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that has too much to say leaves out quotes, and most of what else is affected; remedies stay."""
    full = write_check("npu.ecc", [rich(number) for number in range(4)], NODE)
    monkeypatch.setattr(limits, "MAX_SECTION_BYTES", len(full.content) - 1)
    (first, *_) = found = list(findings_of(write_check("npu.ecc", map(rich, range(4)), NODE), NODE, 0.0))
    assert 4 == len(found)
    assert ((), 16, rich(0).remedies) == (first.quotes, len(first.affected), first.remedies)


def test_what_is_still_too_long_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Next only a sentence stays of each, with what it says about itself: since when, and how sure it is."""
    monkeypatch.setattr(limits, "MAX_SECTION_BYTES", 500)
    findings = [attrs.evolve(rich(number), summary="y" * 210) for number in range(2)]
    found = list(findings_of(write_check("npu.ecc", findings, NODE), NODE, 0.0))
    plain = npu(0, Status.FAIL, since=1_790_000_000.0, confidence=Confidence.UNDETERMINED)
    assert [attrs.evolve(plain, subject=subjects.npu(NODE, number), summary="y" * 200) for number in (0, 1)] == found


@pytest.mark.parametrize(("status", "others"), [(Status.FAIL, Status.WARN), (Status.PASS, Status.PASS)])
def test_what_is_far_too_long_is_one_word_about_the_node(status: Status, others: Status) -> None:
    """When not even the keys have room, one finding about the node tells the worst of it."""
    findings = [
        Finding("a.b", Subject(SubjectKind.NPU, NODE, f"{number} " + "端" * 1000), others, "z")
        for number in range(limits.MAX_SUBJECT_COUNT - 1)
    ]
    section = write_check("a.b", [*findings, npu(7, status, since=5.0)], NODE)
    assert {"node:.:": status} == section.outcomes
    for item in section.findings:
        assert (5.0, "2048 results are too long to be told") == (item.since, item.summary.partition(";")[0])


def test_affected_of_a_whole_section_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is affected counts over the whole section: each entry of some bytes becomes an object at the collector."""
    monkeypatch.setattr(limits, "MAX_AFFECTED_COUNT", 40)
    section = write_check("npu.ecc", [rich(0), rich(1)], NODE)
    assert [16, 16] == [len(item.affected) for item in section.findings]
    message = message_of(section)
    message.findings[0].affected.extend([finding_pb2.Subject()] * 9)
    with pytest.raises(WireError, match=r"findings\.affected: 41 is not within 0 and 40"):
        read_section(message.SerializeToString())


def _fill(message: Any) -> None:
    message.facts = bytes(limits.MAX_SECTION_BYTES)
    message.facts = message.facts[: 2 * limits.MAX_SECTION_BYTES - message.ByteSize() + 1]


Spoil = Callable[[Any], object]
BAD: Tuple[Tuple[str, Spoil], ...] = (
    ("name: is empty", lambda m: m.ClearField("name")),
    ("name: holds control characters", lambda m: setattr(m, "name", "a\x1b[0m")),
    ("statuses: 1 for 2 subjects", lambda m: m.statuses.pop()),
    ("statuses: 3 for 2 subjects", lambda m: m.statuses.append(1)),
    ("statuses: 3 for 2 subjects", lambda m: (m.statuses.append(1), m.subject_keys.append("npu:.:0"))),
    ("findings: 0 for 1 subjects that did not pass", lambda m: m.findings.pop()),
    ("findings: 2 for 1 subjects that did not pass", lambda m: m.findings.add()),
    ("findings: 1 for 2 subjects that did not pass", lambda m: m.statuses.__setitem__(0, 3)),
    ("findings: 1 for 2 subjects that did not pass", lambda m: m.statuses.__setitem__(0, 0)),
    ("findings[0].summary: 5000 characters, 4096 are allowed", lambda m: setattr(m.findings[0], "summary", "x" * 5000)),
    ("subject_keys: one of them is no key of a subject", lambda m: m.subject_keys.__setitem__(0, "npu:0")),
    ("subject_keys[0]: is empty", lambda m: m.subject_keys.__setitem__(0, "")),
    ("subject_keys[1]: holds control characters", lambda m: m.subject_keys.__setitem__(1, "npu:.:\r")),
    (
        "subject_keys[0]: 1026 characters, 1024 are allowed",
        lambda m: m.subject_keys.__setitem__(0, "a:b:" + "c" * 1022),
    ),
    ("subject_keys: 2049 entries, 2048 are allowed", lambda m: m.subject_keys.extend(["a:b:c"] * 2047)),
    (f"{limits.MAX_SECTION_BYTES + 1} bytes, {limits.MAX_SECTION_BYTES} are allowed", _fill),
)


@pytest.mark.parametrize(("expected", "spoil"), BAD)
def test_bad_section_is_refused(expected: str, spoil: Spoil) -> None:
    """What no honest node sends is refused with the name of the field."""
    message = message_of(CHECK_SECTION)
    spoil(message)
    with pytest.raises(WireError) as caught:
        read_section(message.SerializeToString())
    assert expected == str(caught.value)


def test_what_is_no_section_is_refused() -> None:
    """Bytes that are no message are refused like any other trouble."""
    with pytest.raises(WireError, match=r"^is no section$"):
        read_section(b"\xff\xff")


@pytest.mark.parametrize("number", [0, 99])
def test_outcome_of_a_newer_node_is_unknown(number: int) -> None:
    """An outcome that this program does not know is none that is healthy, whatever the finding itself says."""
    message = message_of(CHECK_SECTION)
    message.statuses[1] = number
    message.findings[0].status = finding_pb2.STATUS_PASS
    (passed, unknown) = findings_of(read_section(message.SerializeToString()), NODE, 0.0)
    assert (Status.PASS, Status.UNKNOWN) == (passed.status, unknown.status)


def test_what_a_node_may_not_say_is_ignored() -> None:
    """Which finding explains which, and about what a finding is, stands in no finding of a section."""
    message = message_of(CHECK_SECTION)
    sent = message.findings[0]
    sent.cause_key, sent.check_id, sent.status = "a|node:node-2:", "npu.health", finding_pb2.STATUS_PASS
    sent.subject.CopyFrom(finding_pb2.Subject(kind=finding_pb2.SUBJECT_KIND_NODE, node_name=OTHER))
    sent.judge_time.FromSeconds(5)
    (*_, found) = findings_of(read_section(message.SerializeToString()), NODE, 60.0)
    assert attrs.evolve(FINDING, cause="", judged_at=60.0) == found


def test_kinds_of_a_newer_node_count_as_the_node() -> None:
    """Something that only a newer version knows, and what else it affects, stands for the node that speaks of it."""
    message = message_of(CHECK_SECTION)
    message.subject_keys[0], message.subject_keys[1] = "fan:.:2", "fan::3"
    message.findings[0].affected[0].kind = 99
    section = read_section(message.SerializeToString())
    assert "" == foreign_subject(SectionsChange({section.name: section}), NODE)
    found = list(findings_of(section, NODE, 0.0))
    node = Subject(SubjectKind.NODE, NODE)
    assert [attrs.evolve(node, name=name) for name in ("2", "3")] == [item.subject for item in found]
    assert (attrs.evolve(node, name="4"), FINDING.affected[1]) == found[1].affected


def test_sections_of_a_newer_node_are_kept() -> None:
    """Fields that this program does not know stay in the content, so that it has the digest that the node told."""
    content = CHECK_SECTION.content + bytes([(15 << 3) | 2, 3]) + b"new"
    section = read_section(content)
    assert content == section.content
    assert CHECK_SECTION != section
    assert CHECK_SECTION.outcomes == section.outcomes


FOREIGN_KEYS = [
    "node:node-2:",
    "npu:node-2:0",
    "switch:node-2:leaf-1",
    "node:node-1:",
    "node::",
    "card::1",
    "npu::0",
    "port::3/0/4",
    "cluster::",
    "cluster:.:",
    "fan:node-2:1",
    "npu:node-2:.:.:",
]


@pytest.mark.parametrize("key", FOREIGN_KEYS)
def test_subjects_of_others_are_noticed(key: str) -> None:
    """A node may not speak of others, of parts that are nobody's, or of the cluster; its own name stands nowhere."""
    message = message_of(CHECK_SECTION)
    message.subject_keys[1] = key
    section = read_section(message.SerializeToString())
    assert key == foreign_subject(SectionsChange({section.name: section}), NODE)
    transition = Transition("a.b", key, None, Status.FAIL)
    assert key == foreign_subject(SectionsChange(transitions=((1, transition),)), NODE)


def test_affected_of_others_are_noticed() -> None:
    """Nor may a finding affect what is another node's: it would explain that node's faults away."""
    far = attrs.evolve(FINDING, affected=(subjects.npu(NODE, 4), subjects.npu(OTHER, 4)))
    section = write_check("roce.link", [far], NODE)
    assert "npu:node-2:4" == foreign_subject(SectionsChange({"roce.link": section}), NODE)


@pytest.mark.parametrize("key", ["node:.:", "npu:.:0", "switch::leaf-1", "address::10.0.0.7", "switch:.:leaf-1"])
def test_own_subjects_and_those_of_nobody_are_fine(key: str) -> None:
    """A node may speak of itself, its parts, and what belongs to no node at all."""
    assert "" == foreign_subject(SectionsChange(transitions=((1, Transition("a.b", key, None, Status.FAIL)),)), NODE)


def test_pool_gives_one_section_for_the_same_bytes() -> None:
    """Topics and what passed are held once for all nodes, and forgotten with the last of them; what failed is not."""
    pool = SectionPool()
    held = []
    for section in (write_check("npu.ecc", [PASSED], NODE), TOPIC_SECTION):
        held += [pool.read(bytes(bytearray(section.content))) for _ in range(2)]
        assert held[-1] is held[-2]
    contents = [bytes(bytearray(CHECK_SECTION.content)) for _ in range(2)]
    assert pool.read(contents[0]) is not pool.read(contents[1])
    assert CHECK_SECTION == pool.read(contents[0])
    assert 2 == len(pool._pool)
    held.clear()
    gc.collect()
    assert 0 == len(pool._pool)


def test_pool_refuses_what_reading_refuses() -> None:
    """A bad section is refused each time it comes."""
    pool = SectionPool()
    for _ in range(2):
        with pytest.raises(WireError, match="name: is empty"):
            pool.read(b"")


@given(st.binary(max_size=200), st.binary(max_size=200))
@settings(max_examples=30, deadline=None)
def test_topics_arrive_as_they_were(facts: bytes, quotes: bytes) -> None:
    """What a topic tells comes out as it went in, and is a section without subjects."""
    section = write_topic("ports", facts, quotes)
    assert (facts, quotes) == told_in(section)
    assert ("ports", (), ()) == (section.name, section.subjects, section.statuses)


def test_topic_that_tells_too_much_tells_nothing() -> None:
    """A topic has as many bytes as it may, or none: a part of them says nothing."""
    most = bytes(limits.MAX_FACTS_BYTES)
    assert (most, b"") == told_in(write_topic("ports", most, most + b"x"))


@pytest.mark.parametrize(
    "packed",
    [
        b"no zlib",
        zlib.compress(b"cut off")[:-2],
        zlib.compress(b"x" * (limits.MAX_FACTS_BYTES + 1)),
        zlib.compress(bytes(100 * limits.MAX_FACTS_BYTES)),
    ],
    ids=["not packed", "cut", "too much", "a bomb"],
)
def test_damaged_topic_tells_nothing(packed: bytes) -> None:
    """Facts that cannot be unpacked, or become too big, are as if they had not been told; the rest is."""
    content = ingest_pb2.Section(name="ports", facts=packed, quotes=zlib.compress(b"[]")).SerializeToString()
    assert (b"", b"[]") == told_in(read_section(content))
