"""Model to message and back."""

from __future__ import annotations

import math
from typing import Any, Callable, Optional, Tuple

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascend_doctor.model.evidence import Ending
from ascend_doctor.model.finding import Finding, Quantity
from ascend_doctor.model.report import Liveness
from ascend_doctor.model.status import Confidence, Disruption, Severity, Status
from ascend_doctor.model.subject import Subject, SubjectKind
from ascend_doctor.model.transition import Transition
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.v1 import finding_pb2, report_pb2
from ascend_doctor.wire import convert, fields, limits
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.reports import ReportReader, node_message, read_node, report_messages
from wire_examples import FINDING, FINDINGS, QUOTE, REPORT, REPORTS, TRANSITION, TRANSITIONS

QUICK = settings(max_examples=50, deadline=None)


def sent_finding(finding: Finding) -> Finding:
    """Send a finding through bytes."""
    data = convert.finding_message(finding.key, finding).SerializeToString()
    return convert.read_finding(finding_pb2.Finding.FromString(data))


def sent_transition(sequence: int, transition: Transition) -> Tuple[int, Transition]:
    """Send a transition through bytes."""
    data = convert.transition_message(sequence, transition).SerializeToString()
    return convert.read_transition(finding_pb2.Transition.FromString(data))


def sent_report(report: Any) -> Any:
    """Send a report through bytes."""
    reader = ReportReader()
    for message in report_messages(report):
        reader.add(report_pb2.GetReportResponse.FromString(message.SerializeToString()))
    return reader.report()


@given(FINDINGS)
@QUICK
def test_finding_arrives_as_it_was(finding: Finding) -> None:
    """Any finding comes out of a message as it went in."""
    assert finding == sent_finding(finding)


@given(st.integers(0, 2**63 - 1), TRANSITIONS)
@QUICK
def test_transition_arrives_as_it_was(sequence: int, transition: Transition) -> None:
    """Any transition comes out of a message as it went in."""
    assert (sequence, transition) == sent_transition(sequence, transition)


@given(REPORTS)
@QUICK
def test_report_arrives_as_it_was(report: Any) -> None:
    """Any report comes out of its messages as it went in."""
    assert report == sent_report(report)


def test_no_field_is_forgotten() -> None:
    """The examples set every field to something else than its default, and come out as they went in."""
    for example in (FINDING, QUOTE, TRANSITION):
        for field in attrs.fields(type(example)):
            assert getattr(example, field.name) != field.default
    assert (FINDING, REPORT) == (sent_finding(FINDING), sent_report(REPORT))
    assert (7, TRANSITION) == sent_transition(7, TRANSITION)


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
    """The same for the words of quotes, remedies and nodes."""
    quote = convert.quote_message(QUOTE)
    quote.ending = number  # type: ignore[assignment]
    remedy = convert.remedy_message(FINDING.remedies[0])
    remedy.disruption = number  # type: ignore[assignment]
    node = node_message(REPORT.nodes[0])
    node.verdict = node.liveness = number  # type: ignore[assignment]
    assert Ending.FAILED_TO_START is convert.read_quote(quote).ending
    assert Disruption.REBOOT is convert.read_remedy(remedy).disruption
    assert (Verdict.INCOMPLETE, Liveness.STALE) == (read_node(node).verdict, read_node(node).liveness)


@pytest.mark.parametrize(("number", "expected"), [(0, None), (99, Status.UNKNOWN)])
def test_unknown_words_of_a_transition(number: int, expected: Optional[Status]) -> None:
    """Nothing told is no result; a word of a newer peer is none that is healthy."""
    message = convert.transition_message(7, TRANSITION)
    message.before_status = message.after_status = number  # type: ignore[assignment]
    _, read = convert.read_transition(message)
    assert (expected, expected) == (read.before, read.after)


@pytest.mark.parametrize(("node", "expected"), [("node-1", SubjectKind.NODE), ("", SubjectKind.CLUSTER)])
def test_unknown_kind_of_subject_is_the_whole(node: str, expected: SubjectKind) -> None:
    """A part that this program does not know stands for the node, or for the cluster when no node is named."""
    message = finding_pb2.Subject(kind=99, node_name=node, name="fan 2")  # type: ignore[arg-type]
    assert Subject(expected, node, "fan 2") == convert.read_subject(message)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2**64 - 1, 2**64 - 1),
        (-(10**40) + 1, -(10**40) + 1),
        (10**40, "a number of more than 40 digits"),
        (-(10**50), "a number of more than 40 digits"),
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


def test_long_findings_are_cut() -> None:
    """What does not fit is cut before it is sent, whatever it holds, so that no honest peer is ever refused."""
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
    assert (limits.MAX_TEXT_LENGTH, limits.MAX_LINE_COUNT) == (len(read.quotes[0].command), len(read.quotes[0].lines))


def test_long_transitions_are_cut() -> None:
    """A transition says little, so that all of a long outage fit into one state."""
    long = attrs.evolve(TRANSITION, check="c" * 5000, subject="npu:.:" + "\n3" * 5000, summary="x" * 5000)
    _, read = sent_transition(7, long)
    assert limits.MAX_NAME_LENGTH == len(read.check)
    assert ("npu:.:" + "?3" * 509, "x" * limits.MAX_SUMMARY_LENGTH) == (read.subject, read.summary)


def test_subject_of_a_node_with_a_bad_name() -> None:
    """A name that no node can have is not sent: the reader would refuse all that stands around it."""
    read = sent_finding(attrs.evolve(FINDING, affected=(Subject(SubjectKind.NPU, "rack 7/node", "0"),)))
    assert (Subject(SubjectKind.NPU, "", "0"),) == read.affected


@pytest.mark.parametrize("time", [math.nan, math.inf, -1.0, 0.0, 1e18, 253_402_300_799.0])
def test_times_that_are_none_are_left_out(time: float) -> None:
    """A time that no clock shows is not sent, and reads as not known."""
    read = sent_finding(attrs.evolve(FINDING, judged_at=time, since=time))
    assert (0.0, 0.0) == (read.judged_at, read.since)


def test_spans_are_bounded() -> None:
    """A span of time beyond all reason is cut to the longest one allowed; what is none is not sent."""
    longest = fields.duration(1e12)
    assert longest is not None
    assert limits.MAX_SPAN_S == fields.span("", longest)
    assert [None, None, None] == [fields.duration(span) for span in (None, -1.0, math.inf)]


def test_time_just_below_a_second() -> None:
    """A time that rounds up to the next second stays a valid one."""
    assert 999_999_999 == fields.timestamp(5.9999999999).nanos  # type: ignore[union-attr]


Spoil = Callable[[Any], object]

BAD_TRANSITIONS: Tuple[Tuple[str, Spoil], ...] = (
    ("check_id: is empty", lambda m: m.ClearField("check_id")),
    ("subject_key: is no key of a subject", lambda m: m.ClearField("subject_key")),
    ("subject_key: is no key of a subject", lambda m: setattr(m, "subject_key", "npu:3")),
    ("subject_key: holds control characters", lambda m: setattr(m, "subject_key", "npu:.:\x1b[2J")),
    ("subject_key: 2006 characters, 1024 are allowed", lambda m: setattr(m, "subject_key", "npu:.:" + "3" * 2000)),
    ("sequence: -1 is not within 0 and 9223372036854775807", lambda m: setattr(m, "sequence", -1)),
    ("change_time: is negative or too far away", lambda m: setattr(m.change_time, "seconds", 253_402_214_400)),
    ("change_time: is negative or too far away", lambda m: setattr(m.change_time, "nanos", 1_000_000_000)),
    ("summary: 5000 characters, 4096 are allowed", lambda m: setattr(m, "summary", "x" * 5000)),
)
BAD_FINDINGS: Tuple[Tuple[str, Spoil], ...] = (
    ("subject: is missing", lambda m: m.ClearField("subject")),
    ("subject.node_name: is not a host name", lambda m: setattr(m.subject, "node_name", "-x")),
    ("subject.name: holds control characters", lambda m: setattr(m.subject, "name", "\x1b[0m")),
    ("check_id: is empty", lambda m: m.ClearField("check_id")),
    ("observed.wide_integer: is not a whole number of up to 40 digits", lambda m: _wide(m, "12e3")),
    ("observed.wide_integer: is not a whole number of up to 40 digits", lambda m: _wide(m, "٣")),
    ("observed.wide_integer: is not a whole number of up to 40 digits", lambda m: _wide(m, "9" * 41)),
    ("observed.wide_integer: is not a whole number of up to 40 digits", lambda m: _wide(m, "--3")),
    ("observed.wide_integer: is not a whole number of up to 40 digits", lambda m: _wide(m, "")),
    ("observed.unit: holds control characters", lambda m: setattr(m.observed, "unit", "\t")),
    ("quotes[0].lines[1]: 2000 characters, 1000 are allowed", lambda m: m.quotes[0].lines.append("x" * 2000)),
    ("affected[2].node_name: is not a host name", lambda m: m.affected.add(node_name="a b")),
    ("cause_key: holds control characters", lambda m: setattr(m, "cause_key", "\x00")),
    ("judge_time: is negative or too far away", lambda m: setattr(m.judge_time, "seconds", 10**13)),
)


def _wide(message: Any, digits: str) -> None:
    message.observed.wide_integer = digits


@pytest.mark.parametrize(("expected", "spoil"), BAD_TRANSITIONS)
def test_bad_transition_is_refused(expected: str, spoil: Spoil) -> None:
    """What no honest peer sends is refused with the name of the field."""
    message = convert.transition_message(7, TRANSITION)
    spoil(message)
    with pytest.raises(WireError) as caught:
        convert.read_transition(message)
    assert expected == str(caught.value)


@pytest.mark.parametrize(("expected", "spoil"), BAD_FINDINGS)
def test_bad_finding_is_refused(expected: str, spoil: Spoil) -> None:
    """The same for findings."""
    message = convert.finding_message("k", FINDING)
    spoil(message)
    with pytest.raises(WireError) as caught:
        convert.read_finding(message)
    assert expected == str(caught.value)


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
