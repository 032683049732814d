"""The model as JSON-able documents, both ways: for files and databases, where protobuf has no business.

Encoding never fails. Decoding is strict: an unknown key, a wrong type, an unknown word or a number that is none raises
`CodecError` with the path of the value, such as `transitions[3].at`. A key that is left out takes the default of the
class, so that a document written before a field existed can still be read. `Change` and `NodeState` are whole documents
and carry `format_version`; the other forms are parts of documents.

Bytes are text when they are valid UTF-8, else `{"base64": "..."}`. Times are seconds since the epoch.
"""

from __future__ import annotations

import base64
import math
from typing import Any, Callable, Tuple, TypeVar, Union

from ascend_doctor.model.evidence import Ending, Quote
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.forms import (
    INTEGER,
    NUMBER,
    TEXT,
    CodecError,
    Document,
    Form,
    an_object,
    as_is,
    choice,
    expected,
    mapping_of,
    optional,
    record,
    set_of,
    tuple_of,
)
from ascend_doctor.model.state import Change, NodeState, Told
from ascend_doctor.model.status import Confidence, Disruption, Severity, Status
from ascend_doctor.model.subject import Subject, SubjectKind
from ascend_doctor.model.transition import Transition

FORMAT_VERSION = 1

T = TypeVar("T")


def _decode_value(value: object) -> Union[int, float, str]:
    if type(value) is str or type(value) is int:
        return value
    if type(value) is float and math.isfinite(value):
        return value
    raise expected("a text or a finite number", value)


def _encode_bytes(data: bytes) -> Union[str, Document]:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def _decode_bytes(value: object) -> bytes:
    wanted = 'text or {"base64": "..."}'
    try:
        if isinstance(value, str):
            return value.encode("utf-8")
        if isinstance(value, dict) and list(value) == ["base64"] and isinstance(value["base64"], str):
            return base64.b64decode(value["base64"], validate=True)
    except ValueError:  # half a surrogate pair, or no base64
        raise expected(wanted, value) from None
    raise expected(wanted, value)


def _versioned(form: Form[T]) -> Form[T]:
    """Form of a whole document."""

    def encode(value: T) -> Document:
        return {"format_version": FORMAT_VERSION, **form.encode(value)}

    def decode(value: object) -> T:
        document = dict(an_object(value))
        version = document.pop("format_version", None)
        if version != FORMAT_VERSION or type(version) is not int:
            raise CodecError("format_version", f"expected {FORMAT_VERSION}, found {version!r}")
        return form.decode(document)

    return Form(encode, decode)


_BYTES: Form[bytes] = Form(_encode_bytes, _decode_bytes)
_TEXTS = tuple_of(TEXT)

_SUBJECT = record(Subject, kind=choice(SubjectKind), node=TEXT, name=TEXT)
_QUANTITY = record(Quantity, value=Form(as_is, _decode_value), unit=TEXT)
_REMEDY = record(Remedy, text=TEXT, command=TEXT, disruption=choice(Disruption))
_QUOTE = record(
    Quote,
    key=TEXT,
    digest=TEXT,
    command=TEXT,
    lines=_TEXTS,
    stream=TEXT,
    ending=choice(Ending),
    exit_code=optional(INTEGER),
)
_FINDING = record(
    Finding,
    check=TEXT,
    subject=_SUBJECT,
    status=choice(Status),
    summary=TEXT,
    severity=choice(Severity),
    observed=optional(_QUANTITY),
    expected=TEXT,
    quotes=tuple_of(_QUOTE),
    remedies=tuple_of(_REMEDY),
    confidence=choice(Confidence),
    affected=tuple_of(_SUBJECT),
    candidates=_TEXTS,
    cause=TEXT,
    judged_at=NUMBER,
    since=NUMBER,
)
_TRANSITION = record(
    Transition,
    check=TEXT,
    subject=TEXT,
    before=optional(choice(Status)),
    after=optional(choice(Status)),
    at=NUMBER,
    summary=TEXT,
)
_TOLD = record(Told, facts=_BYTES, quotes=_BYTES, collected_at=NUMBER)
_CHANGE = _versioned(
    record(
        Change,
        findings=mapping_of(_FINDING),
        topics=mapping_of(_TOLD),
        judged_at=mapping_of(NUMBER),
        collected_at=mapping_of(NUMBER),
        removed_findings=set_of(TEXT),
        removed_topics=set_of(TEXT),
        transitions=tuple_of(_TRANSITION),
    )
)
_STATE = _versioned(record(NodeState, findings=mapping_of(_FINDING), topics=mapping_of(_TOLD)))


def _publish(form: Form[T]) -> Tuple[Callable[[T], Document], Callable[[Any], T]]:
    return form.encode, form.decode


quantity_to_dict = _QUANTITY.encode
remedy_to_dict = _REMEDY.encode
quote_to_dict = _QUOTE.encode
transition_to_dict, transition_from_dict = _publish(_TRANSITION)
change_to_dict, change_from_dict = _publish(_CHANGE)
state_to_dict, state_from_dict = _publish(_STATE)
