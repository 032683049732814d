"""The history as JSON, and its promise."""

from __future__ import annotations

import jsonschema

from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Recorded, Transition
from ascend_doctor.report import json_history, json_report

RECORDED = Recorded(
    7, "n1", 1_790_000_060.0, Transition("roce.link", "port:n1:3", None, Status.FAIL, 1_790_000_000.0, "down")
)
GONE = Recorded(8, "n1", 0.0, Transition("roce.link", "port:n1:3", Status.FAIL, None))


def test_a_transition_says_what_where_and_when() -> None:
    """Times are texts, null where nobody knows; what was not there before, or is not any more, is null."""
    shown = json_history.transition_document(RECORDED)
    assert {
        "id": 7,
        "node": "n1",
        "check": "roce.link",
        "subject": {"key": "port:n1:3", "kind": "port", "node": "n1", "name": "3", "text": "n1 NPU 3 port"},
        "before": None,
        "after": "fail",
        "at": "2026-09-21T14:13:20.000Z",
        "received_at": "2026-09-21T14:14:20.000Z",
        "summary": "down",
    } == shown
    gone = json_history.transition_document(GONE)
    assert ("fail", None, None, None) == (gone["before"], gone["after"], gone["at"], gone["received_at"])


def test_the_document_keeps_its_promise() -> None:
    """The published schema is valid, and holds for what is written."""
    schema = json_history.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    documents = [json_history.transition_document(item) for item in (RECORDED, GONE)]
    shown = {"format_version": json_history.FORMAT_VERSION, "transitions": documents, "next": None}
    jsonschema.Draft202012Validator(schema).validate(shown)
    assert schema["$id"].endswith(json_history.FORMAT_VERSION)


def test_words_mean_the_same_as_in_the_report() -> None:
    """What both documents have is described in the same words."""
    report, history = json_report.schema()["$defs"], json_history.schema()["$defs"]
    shared = report.keys() & history.keys()
    assert {"status", "subject", "time"} == shared
    assert {name: report[name] for name in shared} == {name: history[name] for name in shared}
