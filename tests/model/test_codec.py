"""The model as JSON documents."""

from __future__ import annotations

import json
from typing import Any, Callable, Tuple

import attrs
import pytest
from hypothesis import given, settings

from ascend_doctor.model import codec
from ascend_doctor.model.finding import Finding, Quantity
from ascend_doctor.model.forms import CodecError
from ascend_doctor.model.state import NodeState, Told
from ascend_doctor.model.status import Status
from wire_examples import (
    CHANGE,
    CHANGES,
    FINDING,
    STATE,
    STATES,
    TRANSITIONS,
)

QUICK = settings(max_examples=40, deadline=None)


def through_json(document: Any) -> Any:
    """Write a document as JSON proper and read it."""
    return json.loads(json.dumps(document, allow_nan=False))


@given(CHANGES, STATES, TRANSITIONS)
@QUICK
def test_documents_come_back_as_they_were(change: Any, state: Any, transition: Any) -> None:
    """Any change, state and transition comes out of its document as it went in."""
    assert change == codec.change_from_dict(through_json(codec.change_to_dict(change)))
    assert state == codec.state_from_dict(through_json(codec.state_to_dict(state)))
    assert transition == codec.transition_from_dict(through_json(codec.transition_to_dict(transition)))


def test_the_parts_of_a_finding_have_documents_of_their_own() -> None:
    """They are the same as inside of a whole document."""
    document = codec.state_to_dict(STATE)["findings"][FINDING.key]
    assert document["quotes"] == [codec.quote_to_dict(item) for item in FINDING.quotes]
    assert document["remedies"] == [codec.remedy_to_dict(item) for item in FINDING.remedies]
    assert FINDING.observed is not None
    assert document["observed"] == codec.quantity_to_dict(FINDING.observed)


def test_numbers_keep_their_form() -> None:
    """A whole number stays whole, a decimal a decimal; what is no number is a word."""
    values = [Quantity(value).value for value in (1, 1.0, "1", float("nan"))]
    read = [_read(attrs.evolve(FINDING, observed=Quantity(value))).observed for value in values]
    assert values == [found.value for found in read if found is not None]
    assert [int, float, str, str] == [type(found.value) for found in read if found is not None]


def _read(finding: Finding) -> Finding:
    """Write a finding and read it."""
    document = through_json(codec.state_to_dict(NodeState.of([finding])))
    return codec.state_from_dict(document).findings[finding.key]


def test_bytes_are_text_where_they_can_be() -> None:
    """UTF-8 is kept readable, anything else is marked."""
    document = codec.state_to_dict(STATE)["topics"]["ports"]
    assert '{"0":"up"}' == document["facts"]
    assert {"base64": "bGluayBzdGF0dXM6IFVQCv8="} == document["quotes"]


def test_left_out_keys_take_their_defaults() -> None:
    """A document that was written before a field existed can still be read."""
    state = codec.state_from_dict({"format_version": 1, "topics": {"ports": {"facts": "{}"}}})
    assert {"ports": Told(b"{}")} == dict(state.topics)
    subject = codec.state_to_dict(STATE)["findings"][FINDING.key]["subject"]
    least = {"check": "c", "subject": subject, "status": "pass", "summary": "s"}
    read = codec.state_from_dict({"format_version": 1, "findings": {"it": least}})
    assert {"it": Finding("c", FINDING.subject, Status.PASS, "s")} == dict(read.findings)


def test_whole_documents_carry_their_version() -> None:
    """Documents of another version are refused, and those without one."""
    for document in (codec.change_to_dict(CHANGE), codec.state_to_dict(STATE)):
        assert next(iter(document.items())) == ("format_version", 1)
    document = codec.state_to_dict(STATE)
    for version in (2, 1.0, True, None):
        with pytest.raises(CodecError, match=f"format_version: expected 1, found {version}"):
            codec.state_from_dict({**document, "format_version": version})


Spoil = Callable[[Any], object]

HERE = f"findings[{FINDING.key!r}]"
BAD: Tuple[Tuple[str, Spoil], ...] = (
    (
        f"{HERE}.status: expected one of pass, skip, warn, stale, unknown, fail, found 'good'",
        lambda d: _finding(d, status="good"),
    ),
    (f"{HERE}.subject.kind: expected one of", lambda d: _only(d)["subject"].update(kind=7)),
    (f"{HERE}.summary: is missing", lambda d: _only(d).pop("summary")),
    (f"{HERE}.colour: is not a known key", lambda d: _finding(d, colour="red")),
    (f"{HERE}.judged_at: expected a finite number, found nan", lambda d: _finding(d, judged_at=float("nan"))),
    (f"{HERE}.judged_at: expected a finite number, found True", lambda d: _finding(d, judged_at=True)),
    (f"{HERE}.judged_at: expected a finite number, found '1'", lambda d: _finding(d, judged_at="1")),
    (f"{HERE}.judged_at: expected a finite number, found 1000000", lambda d: _finding(d, judged_at=10**400)),
    (f"{HERE}.observed.value: expected a text or a finite number, found inf", lambda d: _value(d, float("inf"))),
    (f"{HERE}.observed.value: expected a text or a finite number, found False", lambda d: _value(d, False)),
    (f"{HERE}.quotes[0].exit_code: expected an integer, found 1.5", lambda d: _quote(d, exit_code=1.5)),
    (f"{HERE}.quotes[0].lines[1]: expected text, found 3", lambda d: _quote(d, lines=["a", 3])),
    (f"{HERE}.quotes: expected a list, found {{}}", lambda d: _finding(d, quotes={})),
    (f"{HERE}: expected an object, found [1]", lambda d: d["findings"].update({FINDING.key: [1]})),
    (f"{HERE}.quotes: expected a list, found 'xxxxxxx", lambda d: _finding(d, quotes="x" * 100)),
    ("findings: expected an object, found {1: 'a'}", lambda d: d.update(findings={1: "a"})),
)


def _only(document: Any) -> Any:
    return document["findings"][FINDING.key]


def _finding(document: Any, **values: object) -> None:
    _only(document).update(values)


def _value(document: Any, value: object) -> None:
    _only(document)["observed"]["value"] = value


def _quote(document: Any, **values: object) -> None:
    _only(document)["quotes"][0].update(values)


@pytest.mark.parametrize(("expected", "spoil"), BAD)
def test_bad_document_is_refused_with_the_place(expected: str, spoil: Spoil) -> None:
    """A document that does not hold what it should is refused; the error names the path and is of bounded length."""
    document = codec.state_to_dict(STATE)
    spoil(document)
    with pytest.raises(CodecError) as caught:
        codec.state_from_dict(document)
    assert expected == str(caught.value)[: len(expected)]
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "facts", [7, {"base64": 7}, {"base64": "%%"}, {"base64": "", "x": 1}, {}, "\ud800", {"base64": "é"}]
)
def test_bad_bytes_are_refused(facts: object) -> None:
    """Bytes are text or marked base64, nothing else."""
    with pytest.raises(CodecError, match=r"^topics\['ports'\]\.facts: expected text or "):
        codec.state_from_dict({"format_version": 1, "topics": {"ports": {"facts": facts}}})


def test_bad_keys_and_documents() -> None:
    """A removed key is text, and a document is an object."""
    with pytest.raises(CodecError, match=r"removed_findings\[0\]: expected text, found 1"):
        codec.change_from_dict({"format_version": 1, "removed_findings": [1]})
    with pytest.raises(CodecError, match=r"^expected an object, found \[\]$"):
        codec.change_from_dict([])
