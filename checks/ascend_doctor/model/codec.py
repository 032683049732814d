"""The model as JSON-able documents, both ways: for files and databases, where protobuf has no business.

Encoding never fails. Decoding is strict: an unknown key, a wrong type, an unknown word or a number that is none raises
`CodecError` with the path of the value, such as `findings[3].status`. A key that is left out takes the default of the
class, so that a document written before a field existed can still be read. `Change`, `NodeState` and `Report` are whole
documents and carry `format_version`; the other forms are parts of documents.

Bytes are text when they are valid UTF-8, else `{"base64": "..."}`. Times are seconds since the epoch.
"""

from __future__ import annotations

import base64
import enum
import math
from typing import Any, Callable, Dict, FrozenSet, Generic, List, Mapping, Optional, Tuple, Type, TypeVar, Union

import attrs

from ascend_doctor.model.evidence import Ending, Evidence, Quote
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.report import Liveness, NodeSummary, Report
from ascend_doctor.model.state import Change, NodeState, Rerun
from ascend_doctor.model.status import Confidence, Disruption, Severity, Status
from ascend_doctor.model.subject import Subject, SubjectKind
from ascend_doctor.model.transition import Transition
from ascend_doctor.model.verdict import Verdict

FORMAT_VERSION = 1

Document = Dict[str, Any]
T = TypeVar("T")
E = TypeVar("E", bound=enum.Enum)


class CodecError(ValueError):
    """A document that does not hold what it should: `path` says where, `what` says what is wrong there."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"{path}: {what}" if path else what)
        self.path = path
        self.what = what

    def within(self, outer: str) -> CodecError:
        """Return the same error seen from one level further out."""
        glue = "" if not self.path or self.path.startswith("[") else "."
        return CodecError(f"{outer}{glue}{self.path}", self.what)


@attrs.frozen
class _Form(Generic[T]):
    """How one type is written and read."""

    encode: Callable[[T], Any]
    decode: Callable[[Any], T]


def _expect(what: str, value: object) -> CodecError:
    shown = repr(value)
    return CodecError("", f"expected {what}, found {shown if len(shown) <= 60 else shown[:57] + '...'}")


def _as_is(value: T) -> T:
    return value


def _plain(form: Type[T], what: str) -> _Form[T]:
    """Form of a type that JSON has itself. `type`, not `isinstance`: true is no number."""

    def decode(value: object) -> T:
        if type(value) is not form:
            raise _expect(what, value)
        return value

    return _Form(_as_is, decode)


def _decode_number(value: object) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):  # type: ignore[arg-type]
        raise _expect("a finite number", value)
    return float(value)  # type: ignore[arg-type]


def _decode_value(value: object) -> Union[int, float, str]:
    if type(value) is str or type(value) is int:
        return value
    if type(value) is float and math.isfinite(value):
        return value
    raise _expect("a text or a finite number", value)


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
        raise _expect(wanted, value) from None
    raise _expect(wanted, value)


def _choice(words: Type[E]) -> _Form[E]:
    members = {member.value: member for member in words}

    def decode(value: object) -> E:
        if not isinstance(value, str) or value not in members:
            raise _expect(f"one of {', '.join(members)}", value)
        return members[value]

    return _Form(lambda member: member.value, decode)


def _optional(form: _Form[T]) -> _Form[Optional[T]]:
    return _Form(
        lambda value: None if value is None else form.encode(value),
        lambda value: None if value is None else form.decode(value),
    )


def _tuple_of(form: _Form[T]) -> _Form[Tuple[T, ...]]:
    def decode(value: object) -> Tuple[T, ...]:
        if not isinstance(value, list):
            raise _expect("a list", value)
        found: List[T] = []
        for index, item in enumerate(value):
            try:
                found.append(form.decode(item))
            except CodecError as error:  # noqa: PERF203 - the place is told in the error
                raise error.within(f"[{index}]") from None
        return tuple(found)

    return _Form(lambda items: [form.encode(item) for item in items], decode)


def _set_of(form: _Form[str]) -> _Form[FrozenSet[str]]:
    items = _tuple_of(form)
    return _Form(sorted, lambda value: frozenset(items.decode(value)))


def _mapping_of(form: _Form[T]) -> _Form[Mapping[str, T]]:
    def decode(value: object) -> Mapping[str, T]:
        found: Dict[str, T] = {}
        for key, item in _object(value).items():
            try:
                found[key] = form.decode(item)
            except CodecError as error:  # noqa: PERF203 - the place is told in the error
                raise error.within(f"[{key!r}]") from None
        return found

    return _Form(lambda items: {key: form.encode(item) for key, item in items.items()}, decode)


def _object(value: object) -> Document:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise _expect("an object", value)
    return value


def _record(kind: Type[T], /, **forms: _Form[Any]) -> _Form[T]:
    """Form of an attrs class; the forms stand in the order of its fields."""
    required = [field.name for field in attrs.fields(kind) if field.default is attrs.NOTHING]  # type: ignore[arg-type]

    def encode(value: T) -> Document:
        return {name: form.encode(getattr(value, name)) for name, form in forms.items()}

    def decode(value: object) -> T:
        document = _object(value)
        for name in required:
            if name not in document:
                raise CodecError(name, "is missing")
        values: Document = {}
        for name, item in document.items():
            if name not in forms:
                raise CodecError(name, "is not a known key")
            try:
                values[name] = forms[name].decode(item)
            except CodecError as error:
                raise error.within(name) from None
        return kind(**values)

    return _Form(encode, decode)


def _versioned(form: _Form[T]) -> _Form[T]:
    """Form of a whole document."""

    def encode(value: T) -> Document:
        return {"format_version": FORMAT_VERSION, **form.encode(value)}

    def decode(value: object) -> T:
        document = dict(_object(value))
        version = document.pop("format_version", None)
        if version != FORMAT_VERSION or type(version) is not int:
            raise CodecError("format_version", f"expected {FORMAT_VERSION}, found {version!r}")
        return form.decode(document)

    return _Form(encode, decode)


_TEXT: _Form[str] = _plain(str, "text")
_INTEGER: _Form[int] = _plain(int, "an integer")
_FLAG: _Form[bool] = _plain(bool, "true or false")
_NUMBER: _Form[float] = _Form(_as_is, _decode_number)
_BYTES: _Form[bytes] = _Form(_encode_bytes, _decode_bytes)
_TEXTS = _tuple_of(_TEXT)

_SUBJECT = _record(Subject, kind=_choice(SubjectKind), node=_TEXT, name=_TEXT)
_QUANTITY = _record(Quantity, value=_Form(_as_is, _decode_value), unit=_TEXT)
_REMEDY = _record(Remedy, text=_TEXT, command=_TEXT, disruption=_choice(Disruption))
_QUOTE = _record(
    Quote,
    key=_TEXT,
    digest=_TEXT,
    command=_TEXT,
    lines=_TEXTS,
    stream=_TEXT,
    ending=_choice(Ending),
    exit_code=_optional(_INTEGER),
)
_EVIDENCE = _record(
    Evidence,
    key=_TEXT,
    argv=_TEXTS,
    ending=_choice(Ending),
    exit_code=_optional(_INTEGER),
    stdout=_BYTES,
    stderr=_BYTES,
    truncated=_FLAG,
    started_at=_NUMBER,
    duration_s=_NUMBER,
    attempts=_INTEGER,
    note=_TEXT,
    redactions=_TEXTS,
)
_FINDING = _record(
    Finding,
    check=_TEXT,
    subject=_SUBJECT,
    status=_choice(Status),
    summary=_TEXT,
    severity=_choice(Severity),
    observed=_optional(_QUANTITY),
    expected=_TEXT,
    quotes=_tuple_of(_QUOTE),
    remedies=_tuple_of(_REMEDY),
    confidence=_choice(Confidence),
    affected=_tuple_of(_SUBJECT),
    candidates=_TEXTS,
    cause=_TEXT,
    judged_at=_NUMBER,
    since=_NUMBER,
)
_TRANSITION = _record(
    Transition,
    check=_TEXT,
    subject=_TEXT,
    before=_optional(_choice(Status)),
    after=_optional(_choice(Status)),
    at=_NUMBER,
    summary=_TEXT,
)
_NODE_SUMMARY = _record(
    NodeSummary,
    name=_TEXT,
    verdict=_choice(Verdict),
    liveness=_choice(Liveness),
    seen_at=_optional(_NUMBER),
    facts=_mapping_of(_TEXT),
)
_REPORT = _versioned(
    _record(
        Report,
        made_at=_NUMBER,
        verdict=_choice(Verdict),
        origin=_TEXT,
        doctor_version=_TEXT,
        nodes=_tuple_of(_NODE_SUMMARY),
        findings=_tuple_of(_FINDING),
    )
)
_CHANGE = _versioned(
    _record(
        Change,
        findings=_mapping_of(_FINDING),
        evidence=_mapping_of(_EVIDENCE),
        judged_at=_mapping_of(_NUMBER),
        reruns=_mapping_of(_record(Rerun, started_at=_NUMBER, duration_s=_NUMBER, attempts=_INTEGER)),
        removed_findings=_set_of(_TEXT),
        removed_evidence=_set_of(_TEXT),
        transitions=_tuple_of(_TRANSITION),
    )
)
_STATE = _versioned(_record(NodeState, findings=_mapping_of(_FINDING), evidence=_mapping_of(_EVIDENCE)))


def _publish(form: _Form[T]) -> Tuple[Callable[[T], Document], Callable[[Any], T]]:
    return form.encode, form.decode


subject_to_dict, subject_from_dict = _publish(_SUBJECT)
quantity_to_dict, quantity_from_dict = _publish(_QUANTITY)
remedy_to_dict, remedy_from_dict = _publish(_REMEDY)
quote_to_dict, quote_from_dict = _publish(_QUOTE)
evidence_to_dict, evidence_from_dict = _publish(_EVIDENCE)
finding_to_dict, finding_from_dict = _publish(_FINDING)
node_summary_to_dict, node_summary_from_dict = _publish(_NODE_SUMMARY)
report_to_dict, report_from_dict = _publish(_REPORT)
transition_to_dict, transition_from_dict = _publish(_TRANSITION)
change_to_dict, change_from_dict = _publish(_CHANGE)
state_to_dict, state_from_dict = _publish(_STATE)
