"""Findings and what they are made of: model to message and back.

`..._message` writes whatever the doctor makes: what is too long is cut.
`read_...` reads and raises `WireError` for what no honest peer sends. A word of a newer peer becomes the cautious one:
an unknown status is `UNKNOWN`, an unknown ending a failure to start, an unknown severity blocks.
"""

from __future__ import annotations

import re
from typing import Optional, Tuple, Union

from ascend_doctor.model.evidence import Ending, Quote
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.status import Confidence, Disruption, Severity, Status
from ascend_doctor.model.subject import Subject, SubjectKind, is_node_name
from ascend_doctor.model.transition import Transition
from ascend_doctor.v1 import evidence_pb2, finding_pb2
from ascend_doctor.wire import fields, limits
from ascend_doctor.wire.fields import WireError, Words

ENDINGS = Words(Ending, evidence_pb2.Ending.items(), "ENDING", Ending.FAILED_TO_START)
STATUSES = Words(Status, finding_pb2.Status.items(), "STATUS", Status.UNKNOWN)
SEVERITIES = Words(Severity, finding_pb2.Severity.items(), "SEVERITY", Severity.BLOCKING)
DISRUPTIONS = Words(Disruption, finding_pb2.Disruption.items(), "DISRUPTION", Disruption.REBOOT)
CONFIDENCES = Words(Confidence, finding_pb2.Confidence.items(), "CONFIDENCE", Confidence.WEAK)
KINDS = Words(SubjectKind, finding_pb2.SubjectKind.items(), "SUBJECT_KIND", SubjectKind.NODE)

_INT64 = range(-(1 << 63), 1 << 63)
_WIDE = range(-(10**limits.MAX_INTEGER_DIGITS) + 1, 10**limits.MAX_INTEGER_DIGITS)
_WHOLE_NUMBER = re.compile(rf"-?[0-9]{{1,{limits.MAX_INTEGER_DIGITS}}}")


def quote_message(quote: Quote) -> evidence_pb2.Quote:
    """Write the lines that a finding rests on."""
    return evidence_pb2.Quote(
        key=fields.spell(quote.key, limits.MAX_KEY_LENGTH),
        digest=fields.spell(quote.digest),
        command=fields.cut(quote.command),
        lines=fields.cut_all(quote.lines, limits.MAX_LINE_COUNT, limits.MAX_LINE_LENGTH),
        stream=fields.spell(quote.stream),
        ending=ENDINGS.number(quote.ending),
        exit_code=quote.exit_code,
    )


def read_quote(message: evidence_pb2.Quote) -> Quote:
    """Read the lines that a finding rests on."""
    return Quote(
        key=fields.key("key", message.key),
        digest=fields.name("digest", message.digest, empty=True),
        command=fields.text("command", message.command),
        lines=fields.texts("lines", message.lines, limits.MAX_LINE_COUNT, limits.MAX_LINE_LENGTH),
        stream=fields.name("stream", message.stream, empty=True),
        ending=ENDINGS.member(message.ending),
        exit_code=message.exit_code if message.HasField("exit_code") else None,
    )


def subject_message(subject: Subject) -> finding_pb2.Subject:
    """Write what a finding is about."""
    return finding_pb2.Subject(
        kind=KINDS.number(subject.kind),
        node_name=subject.node if is_node_name(subject.node) else "",
        name=fields.spell(subject.name),
    )


def read_subject(message: finding_pb2.Subject) -> Subject:
    """Read what a finding is about. A kind that is not known counts as the node, or as the cluster without one."""
    if message.node_name and not is_node_name(message.node_name):
        raise WireError("node_name", "is not a host name")
    kind = KINDS.member(message.kind)
    if not (message.node_name or KINDS.knows(message.kind)):
        kind = SubjectKind.CLUSTER
    return Subject(kind, message.node_name, fields.name("name", message.name, empty=True))


def quantity_message(quantity: Quantity) -> finding_pb2.Quantity:
    """Write an observed value."""
    unit = fields.spell(quantity.unit)
    value = quantity.value
    if isinstance(value, str):
        return finding_pb2.Quantity(text=fields.cut(value), unit=unit)
    if isinstance(value, float):
        return finding_pb2.Quantity(number=value, unit=unit)
    if value in _INT64:
        return finding_pb2.Quantity(integer=int(value), unit=unit)
    if value in _WIDE:
        return finding_pb2.Quantity(wide_integer=str(value), unit=unit)
    return finding_pb2.Quantity(text=f"a number of more than {limits.MAX_INTEGER_DIGITS} digits", unit=unit)


def read_quantity(message: finding_pb2.Quantity) -> Quantity:
    """Read an observed value."""
    return Quantity(_read_value(message), fields.name("unit", message.unit, empty=True))


def _read_value(message: finding_pb2.Quantity) -> Union[int, float, str]:
    form = message.WhichOneof("value")
    if form == "integer":
        return message.integer
    if form == "number":
        return message.number
    if form == "text":
        return fields.text("text", message.text)
    if form is None:
        return "?"
    if _WHOLE_NUMBER.fullmatch(message.wide_integer) is None:
        raise WireError("wide_integer", f"is not a whole number of up to {limits.MAX_INTEGER_DIGITS} digits")
    return int(message.wide_integer)


def remedy_message(remedy: Remedy) -> finding_pb2.Remedy:
    """Write one step that would mend a fault."""
    return finding_pb2.Remedy(
        text=fields.cut(remedy.text),
        command=fields.cut(remedy.command),
        disruption=DISRUPTIONS.number(remedy.disruption),
    )


def read_remedy(message: finding_pb2.Remedy) -> Remedy:
    """Read one step that would mend a fault."""
    return Remedy(
        text=fields.text("text", message.text),
        command=fields.text("command", message.command),
        disruption=DISRUPTIONS.member(message.disruption),
    )


def finding_message(key: str, finding: Finding) -> finding_pb2.Finding:
    """Write a finding under the key that the state has for it."""
    message = told_message(finding)
    message.key = fields.spell(key, limits.MAX_KEY_LENGTH)
    message.check_id = fields.spell(finding.check)
    message.subject.CopyFrom(subject_message(finding.subject))
    message.status = STATUSES.number(finding.status)
    message.cause_key = fields.spell(finding.cause, limits.MAX_KEY_LENGTH)
    judged_at = fields.timestamp(finding.judged_at)
    if judged_at is not None:
        message.judge_time.CopyFrom(judged_at)
    return message


def told_message(finding: Finding) -> finding_pb2.Finding:
    """Write what there is to say of a finding beside check, subject, status, cause and the time of its evidence."""
    return finding_pb2.Finding(
        summary=fields.cut(finding.summary),
        severity=SEVERITIES.number(finding.severity),
        observed=None if finding.observed is None else quantity_message(finding.observed),
        expected=fields.cut(finding.expected),
        quotes=[quote_message(quote) for quote in finding.quotes[: limits.MAX_QUOTE_COUNT]],
        remedies=[remedy_message(remedy) for remedy in finding.remedies[: limits.MAX_REMEDY_COUNT]],
        confidence=CONFIDENCES.number(finding.confidence),
        affected=[subject_message(subject) for subject in finding.affected[: limits.MAX_AFFECTED_COUNT]],
        candidates=fields.cut_all(finding.candidates, limits.MAX_CANDIDATE_COUNT),
        since_time=fields.timestamp(finding.since),
    )


def read_finding(message: finding_pb2.Finding) -> Finding:
    """Read a finding."""
    if not message.HasField("subject"):
        raise WireError("subject", "is missing")
    try:
        subject = read_subject(message.subject)
    except WireError as error:
        raise error.within("subject") from None
    return read_told(
        message,
        fields.name("check_id", message.check_id),
        subject,
        STATUSES.member(message.status),
        cause=fields.name("cause_key", message.cause_key, limits.MAX_KEY_LENGTH, empty=True),
        judged_at=fields.time("judge_time", message.judge_time),
    )


def read_told(
    message: finding_pb2.Finding,
    check: str,
    subject: Subject,
    status: Status,
    *,
    cause: str = "",
    judged_at: float = 0.0,
) -> Finding:
    """Read what there is to say of a finding of which the rest is known."""
    return Finding(
        check=check,
        subject=subject,
        status=status,
        summary=fields.text("summary", message.summary),
        severity=SEVERITIES.member(message.severity),
        observed=_read_observed(message),
        expected=fields.text("expected", message.expected),
        quotes=fields.each("quotes", message.quotes, limits.MAX_QUOTE_COUNT, read_quote),
        remedies=fields.each("remedies", message.remedies, limits.MAX_REMEDY_COUNT, read_remedy),
        confidence=CONFIDENCES.member(message.confidence),
        affected=fields.each("affected", message.affected, limits.MAX_AFFECTED_COUNT, read_subject),
        candidates=fields.texts("candidates", message.candidates, limits.MAX_CANDIDATE_COUNT),
        cause=cause,
        judged_at=judged_at,
        since=fields.time("since_time", message.since_time),
    )


def _read_observed(message: finding_pb2.Finding) -> Optional[Quantity]:
    if not message.HasField("observed"):
        return None
    try:
        return read_quantity(message.observed)
    except WireError as error:
        raise error.within("observed") from None


def transition_message(sequence: int, transition: Transition) -> finding_pb2.Transition:
    """Write how a result changed, and with which change of its node."""
    return finding_pb2.Transition(
        check_id=fields.spell(transition.check),
        subject_key=fields.spell(transition.subject, limits.MAX_KEY_LENGTH),
        before_status=_status_number(transition.before),
        after_status=_status_number(transition.after),
        change_time=fields.timestamp(transition.at),
        summary=fields.cut(transition.summary, limits.MAX_SUMMARY_LENGTH),
        sequence=sequence,
    )


def read_transition(message: finding_pb2.Transition, newest: int = (1 << 63) - 1) -> Tuple[int, Transition]:
    """Read how a result changed, and with which change of its node, of which `newest` is the newest there is."""
    return fields.count("sequence", message.sequence, 0, newest), Transition(
        check=fields.name("check_id", message.check_id),
        subject=fields.subject_key("subject_key", message.subject_key),
        before=_status_member(message.before_status),
        after=_status_member(message.after_status),
        at=fields.time("change_time", message.change_time),
        summary=fields.text("summary", message.summary),
    )


def _status_number(status: Optional[Status]) -> finding_pb2.Status.ValueType:
    return finding_pb2.STATUS_UNSPECIFIED if status is None else STATUSES.number(status)


def _status_member(number: finding_pb2.Status.ValueType) -> Optional[Status]:
    return None if number == finding_pb2.STATUS_UNSPECIFIED else STATUSES.member(number)
