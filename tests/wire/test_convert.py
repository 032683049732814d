"""Model to message and back."""

from __future__ import annotations

import math
from typing import Any, Callable, Tuple

import attrs
import pytest
from hypothesis import given, settings

from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.model.finding import Finding, Quantity
from ascend_doctor.model.report import Liveness
from ascend_doctor.model.status import Confidence, Disruption, Severity, Status
from ascend_doctor.model.subject import Subject, SubjectKind
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.v1 import evidence_pb2, finding_pb2, report_pb2
from ascend_doctor.wire import convert, fields, limits
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.reports import ReportReader, node_message, read_node, report_messages
from wire_examples import ANSWERS, EVIDENCE, FINDING, FINDINGS, QUOTE, REPORT, REPORTS

QUICK = settings(max_examples=50, deadline=None)


def sent_evidence(evidence: Evidence) -> Evidence:
    """Send an answer through bytes."""
    data = convert.evidence_message(evidence).SerializeToString()
    return convert.read_evidence(evidence_pb2.Evidence.FromString(data))


def sent_finding(finding: Finding) -> Finding:
    """Send a finding through bytes."""
    data = convert.finding_message(finding.key, finding).SerializeToString()
    return convert.read_finding(finding_pb2.Finding.FromString(data))


def sent_report(report: Any) -> Any:
    """Send a report through bytes."""
    reader = ReportReader()
    for message in report_messages(report):
        reader.add(report_pb2.GetReportResponse.FromString(message.SerializeToString()))
    return reader.report()


@given(ANSWERS)
@QUICK
def test_evidence_arrives_as_it_was(evidence: Evidence) -> None:
    """Any answer comes out of a message as it went in."""
    assert evidence == sent_evidence(evidence)


@given(FINDINGS)
@QUICK
def test_finding_arrives_as_it_was(finding: Finding) -> None:
    """Any finding comes out of a message as it went in."""
    assert finding == sent_finding(finding)


@given(REPORTS)
@QUICK
def test_report_arrives_as_it_was(report: Any) -> None:
    """Any report comes out of its messages as it went in."""
    assert report == sent_report(report)


def test_no_field_is_forgotten() -> None:
    """The examples set every field to something else than its default, and come out as they went in."""
    for example in (EVIDENCE, FINDING, QUOTE):
        for field in attrs.fields(type(example)):
            assert getattr(example, field.name) != field.default
    assert (EVIDENCE, FINDING, REPORT) == (sent_evidence(EVIDENCE), sent_finding(FINDING), sent_report(REPORT))


def test_big_report_goes_in_parts() -> None:
    """A report that is bigger than a message comes in several, each of moderate size, and is put together again."""
    findings = tuple(attrs.evolve(FINDING, summary="x" * 4000, check=f"c{number}") for number in range(700))
    nodes = tuple(attrs.evolve(REPORT.nodes[0], name=f"n{number}", facts={"f": "x" * 4000}) for number in range(300))
    report = attrs.evolve(REPORT, findings=findings, nodes=nodes)
    messages = list(report_messages(report))
    assert len(messages) > 3
    assert max(message.ByteSize() for message in messages) < limits.MAX_MESSAGE_BYTES // 2
    assert report == sent_report(report)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("status", Status.UNKNOWN),
        ("severity", Severity.BLOCKING),
        ("confidence", Confidence.WEAK),
    ],
)
@pytest.mark.parametrize("number", [0, 99])
def test_unknown_words_of_a_finding_are_cautious(field: str, expected: object, number: int) -> None:
    """A word that was not sent, or that a newer peer sent, never becomes a healthy one."""
    message = convert.finding_message("k", FINDING)
    setattr(message, field, number)
    assert expected == getattr(convert.read_finding(message), field)


@pytest.mark.parametrize("number", [0, 99])
def test_other_unknown_words_are_cautious(number: int) -> None:
    """The same for the words of evidence, remedies and nodes."""
    evidence = convert.evidence_message(EVIDENCE)
    evidence.ending = number  # type: ignore[assignment]
    remedy = convert.remedy_message(FINDING.remedies[0])
    remedy.disruption = number  # type: ignore[assignment]
    node = node_message(REPORT.nodes[0])
    node.verdict = node.liveness = number  # type: ignore[assignment]
    assert Ending.FAILED_TO_START is convert.read_evidence(evidence).ending
    assert Disruption.REBOOT is convert.read_remedy(remedy).disruption
    assert (Verdict.INCOMPLETE, Liveness.STALE) == (read_node(node).verdict, read_node(node).liveness)


@pytest.mark.parametrize(("node", "expected"), [("node-1", SubjectKind.NODE), ("", SubjectKind.CLUSTER)])
def test_unknown_kind_of_subject_is_the_whole(node: str, expected: SubjectKind) -> None:
    """A part that this program does not know stands for the node, or for the cluster when no node is named."""
    message = finding_pb2.Subject(kind=99, node_name=node, name="fan 2")  # type: ignore[arg-type]
    assert Subject(expected, node, "fan 2") == convert.read_subject(message)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2**64 - 1, 2**64 - 1),
        (-(2**63), -(2**63)),
        (1.0, 1.0),
        (math.inf, "inf"),
        ("25.2.0", "25.2.0"),
        (True, 1),
    ],
)
def test_quantities_keep_their_form(value: Any, expected: Any) -> None:
    """Whole numbers of any size, decimals and words stay what they are; what is no number becomes a word."""
    read = convert.read_quantity(convert.quantity_message(Quantity(value)))
    assert (Quantity(expected), isinstance(expected, float)) == (read, isinstance(read.value, float))


def test_quantity_of_an_unknown_form() -> None:
    """A value in a form that this program does not know shows as a question mark."""
    assert Quantity("?", "dBm") == convert.read_quantity(finding_pb2.Quantity(unit="dBm"))


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_number_that_is_none(number: float) -> None:
    """A peer that sends a number that is none gets it shown as a word."""
    assert Quantity(str(number)) == convert.read_quantity(finding_pb2.Quantity(number=number))


def test_long_answers_are_cut_and_say_so() -> None:
    """What does not fit is cut before it is sent, so that the receiver never refuses an honest peer."""
    long = attrs.evolve(EVIDENCE, truncated=False, stdout=b"x" * (limits.MAX_STREAM_BYTES + 1), note="é" * 9000)
    read = sent_evidence(attrs.evolve(long, argv=("x" * 5000,) * 100, redactions=("y",) * 100, key="k\n" * 999))
    assert (True, limits.MAX_STREAM_BYTES) == (read.truncated, len(read.stdout))
    assert (limits.MAX_TEXT_LENGTH, limits.MAX_WORD_COUNT) == (len(read.note), len(read.argv))
    assert "k?" * (limits.MAX_KEY_LENGTH // 2) == read.key


def test_long_findings_are_cut() -> None:
    """The same for findings, whatever characters they hold."""
    long = attrs.evolve(
        FINDING,
        summary="\udcff" * 9000,
        quotes=(attrs.evolve(QUOTE, lines=("x" * 5000,) * 99, command="\x1b[31m" * 2000),) * 99,
        remedies=FINDING.remedies * 99,
        affected=FINDING.affected * 9999,
        candidates=("x" * 5000,) * 999,
    )
    read = sent_finding(long)
    assert ("?" * limits.MAX_TEXT_LENGTH, limits.MAX_QUOTE_COUNT) == (read.summary, len(read.quotes))
    assert (limits.MAX_REMEDY_COUNT, limits.MAX_AFFECTED_COUNT) == (len(read.remedies), len(read.affected))
    assert limits.MAX_CANDIDATE_COUNT == len(read.candidates)


@pytest.mark.parametrize("time", [math.nan, math.inf, -1.0, 0.0, 1e18])
def test_times_that_are_none_are_left_out(time: float) -> None:
    """A time that no clock shows is not sent, and reads as not known."""
    read = sent_evidence(attrs.evolve(EVIDENCE, started_at=time, duration_s=0.0 if time == 0 else -abs(time)))
    assert (0.0, 0.0) == (read.started_at, read.duration_s)


def test_duration_is_bounded() -> None:
    """A span of time beyond all reason is cut to the longest one allowed."""
    assert limits.MAX_SPAN_S == sent_evidence(attrs.evolve(EVIDENCE, duration_s=1e12)).duration_s


def test_time_just_below_a_second() -> None:
    """A time that rounds up to the next second stays a valid one."""
    assert 999_999_999 == fields.timestamp(5.9999999999).nanos  # type: ignore[union-attr]


Spoil = Callable[[Any], object]

BAD_EVIDENCE: Tuple[Tuple[str, Spoil], ...] = (
    ("key: is empty", lambda m: m.ClearField("key")),
    ("key: holds control characters", lambda m: setattr(m, "key", "a\nb")),
    ("key: 2000 characters, 1024 are allowed", lambda m: setattr(m, "key", "a" * 2000)),
    ("sha256: is not that of the answer", lambda m: setattr(m, "stdout", b"other")),
    ("stdout: 1048577 bytes, 1048576 are allowed", lambda m: setattr(m, "stdout", b"x" * 1048577)),
    ("stderr: 1048577 bytes, 1048576 are allowed", lambda m: setattr(m, "stderr", b"x" * 1048577)),
    ("argv[5]: 5000 bytes, 4096 are allowed", lambda m: m.argv.append(b"x" * 5000)),
    ("argv: 105 entries, 64 are allowed", lambda m: m.argv.extend([b""] * 100)),
    ("attempt_count: -1 is not within 0 and 9223372036854775807", lambda m: setattr(m, "attempt_count", -1)),
    ("start_time: is negative or too far away", lambda m: setattr(m.start_time, "seconds", -1)),
    ("start_time: is negative or too far away", lambda m: setattr(m.start_time, "nanos", 2_000_000_000)),
    ("run_duration: is negative or too far away", lambda m: setattr(m.run_duration, "seconds", 10**11)),
    ("note: 5000 characters, 4096 are allowed", lambda m: setattr(m, "note", "x" * 5000)),
)
BAD_FINDINGS: Tuple[Tuple[str, Spoil], ...] = (
    ("subject: is missing", lambda m: m.ClearField("subject")),
    ("subject.node_name: is not a host name", lambda m: setattr(m.subject, "node_name", "-x")),
    ("subject.name: holds control characters", lambda m: setattr(m.subject, "name", "\x1b[0m")),
    ("check_id: is empty", lambda m: m.ClearField("check_id")),
    ("observed.wide_integer: is not a whole number", lambda m: setattr(m.observed, "wide_integer", "12e3")),
    ("observed.wide_integer: is not a whole number", lambda m: setattr(m.observed, "wide_integer", "٣")),
    ("observed.wide_integer: 99 characters, 40 are allowed", lambda m: setattr(m.observed, "wide_integer", "9" * 99)),
    ("observed.unit: holds control characters", lambda m: setattr(m.observed, "unit", "\t")),
    ("quotes[0].lines[1]: 2000 characters, 1000 are allowed", lambda m: m.quotes[0].lines.append("x" * 2000)),
    ("affected[2].node_name: is not a host name", lambda m: m.affected.add(node_name="a b")),
    ("cause_key: holds control characters", lambda m: setattr(m, "cause_key", "\x00")),
    ("judge_time: is negative or too far away", lambda m: setattr(m.judge_time, "seconds", 10**13)),
)


@pytest.mark.parametrize(("expected", "spoil"), BAD_EVIDENCE)
def test_bad_evidence_is_refused(expected: str, spoil: Spoil) -> None:
    """What no honest peer sends is refused with the name of the field."""
    message = convert.evidence_message(EVIDENCE)
    spoil(message)
    with pytest.raises(WireError) as caught:
        convert.read_evidence(message)
    assert expected == str(caught.value)


@pytest.mark.parametrize(("expected", "spoil"), BAD_FINDINGS)
def test_bad_finding_is_refused(expected: str, spoil: Spoil) -> None:
    """The same for findings."""
    message = convert.finding_message("k", FINDING)
    spoil(message)
    with pytest.raises(WireError) as caught:
        convert.read_finding(message)
    assert expected == str(caught.value)


def test_evidence_without_sha256_is_taken() -> None:
    """A sender may leave the sha256 out."""
    message = convert.evidence_message(EVIDENCE)
    message.sha256 = b""
    assert EVIDENCE == convert.read_evidence(message)


def _without_header(message: Any) -> None:
    message.ClearField("header")


BAD_REPORTS: Tuple[Tuple[str, Spoil], ...] = (
    ("header: is missing", _without_header),
    ("header.node_count: -1 is not within 0 and 200000", lambda m: setattr(m.header, "node_count", -1)),
    (
        "header.finding_count: 9999999 is not within 0 and 5000000",
        lambda m: setattr(m.header, "finding_count", 9999999),
    ),
    ("nodes: are more than were announced", lambda m: setattr(m.header, "node_count", 1)),
    ("findings: are more than were announced", lambda m: setattr(m.header, "finding_count", 0)),
    ("nodes: 2 is not within 3 and 9223372036854775807", lambda m: setattr(m.header, "node_count", 3)),
    ("findings: 1 is not within 2 and 9223372036854775807", lambda m: setattr(m.header, "finding_count", 2)),
    ("nodes[1].name: is not a host name", lambda m: setattr(m.nodes[1], "name", "a/b")),
    ("nodes[0].facts: 65 entries, 64 are allowed", lambda m: m.nodes[0].facts.update({str(i): "" for i in range(64)})),
    ("nodes[0].facts: holds control characters", lambda m: m.nodes[0].facts.update({"\r": ""})),
    ("findings[0].check_id: is empty", lambda m: m.findings[0].ClearField("check_id")),
)


@pytest.mark.parametrize(("expected", "spoil"), BAD_REPORTS)
def test_bad_report_is_refused(expected: str, spoil: Spoil) -> None:
    """A report that is not whole, or holds what no honest collector sends, is refused."""
    message = next(iter(report_messages(REPORT)))
    spoil(message)
    reader = ReportReader()
    with pytest.raises(WireError) as caught:
        reader.add(message)
        reader.report()
    assert expected == str(caught.value)


def test_report_that_never_came() -> None:
    """A stream that ended before its first message gives no report, and a header comes once."""
    reader = ReportReader()
    with pytest.raises(WireError, match="header: is missing"):
        reader.report()
    message = next(iter(report_messages(REPORT)))
    reader.add(message)
    with pytest.raises(WireError, match="header: came twice"):
        reader.add(message)
