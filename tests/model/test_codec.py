"""The model as JSON documents."""

from __future__ import annotations

import json
from typing import Any, Callable, Tuple

import pytest
from hypothesis import given, settings

from ascend_doctor.model import codec
from ascend_doctor.model.finding import Finding, Quantity
from ascend_doctor.model.forms import CodecError
from ascend_doctor.model.state import Told
from wire_examples import (
    CHANGE,
    CHANGES,
    FINDING,
    FINDINGS,
    QUOTE,
    REPORT,
    REPORTS,
    STATE,
    STATES,
    SUMMARIES,
)

QUICK = settings(max_examples=40, deadline=None)


def through_json(document: Any) -> Any:
    """Write a document as JSON proper and read it."""
    return json.loads(json.dumps(document, allow_nan=False))


@given(FINDINGS, SUMMARIES)
@QUICK
def test_parts_come_back_as_they_were(finding: Any, summary: Any) -> None:
    """Any finding and node comes out of its document as it went in."""
    assert finding == codec.finding_from_dict(through_json(codec.finding_to_dict(finding)))
    assert summary == codec.node_summary_from_dict(through_json(codec.node_summary_to_dict(summary)))


@given(CHANGES, STATES, REPORTS)
@QUICK
def test_documents_come_back_as_they_were(change: Any, state: Any, report: Any) -> None:
    """The same for changes, states and reports."""
    assert change == codec.change_from_dict(through_json(codec.change_to_dict(change)))
    assert state == codec.state_from_dict(through_json(codec.state_to_dict(state)))
    assert report == codec.report_from_dict(through_json(codec.report_to_dict(report)))


def test_small_parts_come_back_as_they_were() -> None:
    """The parts of a finding have documents of their own."""
    assert QUOTE == codec.quote_from_dict(codec.quote_to_dict(QUOTE))
    assert FINDING.subject == codec.subject_from_dict(codec.subject_to_dict(FINDING.subject))
    assert FINDING.observed == codec.quantity_from_dict(codec.quantity_to_dict(FINDING.observed))  # type: ignore[arg-type]
    assert FINDING.remedies[0] == codec.remedy_from_dict(codec.remedy_to_dict(FINDING.remedies[0]))


def test_numbers_keep_their_form() -> None:
    """A whole number stays whole, a decimal a decimal; what is no number is a word."""
    values = [Quantity(value).value for value in (1, 1.0, "1", float("nan"))]
    read = [codec.quantity_from_dict(through_json(codec.quantity_to_dict(Quantity(value)))).value for value in values]
    assert [int, float, str, str] == [type(value) for value in read]
    assert values == read


def test_bytes_are_text_where_they_can_be() -> None:
    """UTF-8 is kept readable, anything else is marked."""
    document = codec.state_to_dict(STATE)["topics"]["ports"]
    assert '{"0":"up"}' == document["facts"]
    assert {"base64": "bGluayBzdGF0dXM6IFVQCv8="} == document["quotes"]


def test_left_out_keys_take_their_defaults() -> None:
    """A document that was written before a field existed can still be read."""
    state = codec.state_from_dict({"format_version": 1, "topics": {"ports": {"facts": "{}"}}})
    assert {"ports": Told(b"{}")} == dict(state.topics)
    subject = codec.subject_to_dict(FINDING.subject)
    least = {"check": "c", "subject": subject, "status": "pass", "summary": "s"}
    assert Finding("c", FINDING.subject, FINDING.status.PASS, "s") == codec.finding_from_dict(least)


def test_whole_documents_carry_their_version() -> None:
    """Documents of another version are refused, and those without one."""
    for document in (codec.report_to_dict(REPORT), codec.change_to_dict(CHANGE), codec.state_to_dict(STATE)):
        assert next(iter(document.items())) == ("format_version", 1)
    document = codec.report_to_dict(REPORT)
    for version in (2, 1.0, True, None):
        with pytest.raises(CodecError, match=f"format_version: expected 1, found {version}"):
            codec.report_from_dict({**document, "format_version": version})


Spoil = Callable[[Any], object]

BAD: Tuple[Tuple[str, Spoil], ...] = (
    (
        "findings[0].status: expected one of pass, skip, warn, stale, unknown, fail, found 'good'",
        lambda d: d["findings"][0].update(status="good"),
    ),
    ("findings[0].subject.kind: expected one of", lambda d: d["findings"][0]["subject"].update(kind=7)),
    ("findings[0].summary: is missing", lambda d: d["findings"][0].pop("summary")),
    ("findings[0].colour: is not a known key", lambda d: d["findings"][0].update(colour="red")),
    ("findings[0].judged_at: expected a finite number, found nan", lambda d: _finding(d, judged_at=float("nan"))),
    ("findings[0].judged_at: expected a finite number, found True", lambda d: _finding(d, judged_at=True)),
    ("findings[0].judged_at: expected a finite number, found '1'", lambda d: _finding(d, judged_at="1")),
    ("findings[0].judged_at: expected a finite number, found 1000000", lambda d: _finding(d, judged_at=10**400)),
    ("findings[0].observed.value: expected a text or a finite number, found inf", lambda d: _value(d, float("inf"))),
    ("findings[0].observed.value: expected a text or a finite number, found False", lambda d: _value(d, False)),
    ("findings[0].quotes[0].exit_code: expected an integer, found 1.5", lambda d: _quote(d, exit_code=1.5)),
    ("findings[0].quotes[0].lines[1]: expected text, found 3", lambda d: _quote(d, lines=["a", 3])),
    ("findings[0].quotes: expected a list, found {}", lambda d: _finding(d, quotes={})),
    ("findings[0]: expected an object, found [1]", lambda d: d["findings"].__setitem__(0, [1])),
    ("findings: expected a list, found 'xxxxxxx", lambda d: d.update(findings="x" * 100)),
    ("nodes[0].facts['driver']: expected text, found 7", lambda d: d["nodes"][0]["facts"].update(driver=7)),
    ("nodes[0].facts: expected an object, found {1: 'a'}", lambda d: d["nodes"][0].update(facts={1: "a"})),
    ("nodes[1].verdict: is missing", lambda d: d["nodes"][1].pop("verdict")),
    ("verdict: expected one of ready, degraded, incomplete, not-ready, found None", lambda d: d.update(verdict=None)),
)


def _finding(document: Any, **values: object) -> None:
    document["findings"][0].update(values)


def _value(document: Any, value: object) -> None:
    document["findings"][0]["observed"]["value"] = value


def _quote(document: Any, **values: object) -> None:
    document["findings"][0]["quotes"][0].update(values)


@pytest.mark.parametrize(("expected", "spoil"), BAD)
def test_bad_document_is_refused_with_the_place(expected: str, spoil: Spoil) -> None:
    """A document that does not hold what it should is refused; the error names the path and is of bounded length."""
    document = codec.report_to_dict(REPORT)
    spoil(document)
    with pytest.raises(CodecError) as caught:
        codec.report_from_dict(document)
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
