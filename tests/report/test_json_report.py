"""The report as JSON, and its promise."""

from __future__ import annotations

import copy
import json

import attrs
import jsonschema
import pytest

import sample_reports
from ascend_doctor.model.finding import Finding, Quantity
from ascend_doctor.report import json_report

REPORTS = ("drill", "ready", "fleet", "hostile")


@pytest.mark.parametrize("name", REPORTS)
def test_document_is_valid_and_as_promised(name, golden):
    """Each golden report validates against the published schema, and its text does not change by accident."""
    text = json_report.render(getattr(sample_reports, name)())
    jsonschema.Draft202012Validator(json_report.schema()).validate(json.loads(text))
    golden.check(f"json/{name}.json", text)


def _closed(schema):
    """The same schema with every key that it does not name forbidden."""
    schema = copy.deepcopy(schema)
    for part in (schema, *schema["$defs"].values(), *schema["$defs"]["finding"]["properties"].values()):
        if "properties" in part:
            part.setdefault("additionalProperties", False)
    return schema


@pytest.mark.parametrize("name", REPORTS)
def test_every_key_is_documented(name):
    """No key is written that the schema does not name."""
    jsonschema.Draft202012Validator(_closed(json_report.schema())).validate(
        json_report.document(getattr(sample_reports, name)())
    )


def test_the_schema_is_a_schema():
    """The published schema is valid, and its title names the format that is written."""
    jsonschema.Draft202012Validator.check_schema(json_report.schema())
    assert json_report.schema()["$id"].endswith(json_report.FORMAT_VERSION)


def test_problems_come_in_the_order_of_the_report():
    """`problems` and `blind_spots` are keys of findings in the order in which people should read them."""
    report = sample_reports.drill()
    shown = json_report.document(report)
    assert [finding.key for finding in report.problems] == shown["problems"]
    assert {
        "failures": 3,
        "warnings": 1,
        "blind_spots": 2,
        "consequences": 4,
        "nodes": 2,
        "also_passed": 0,
        "also_skipped": 0,
    } == {key: value for key, value in shown["counts"].items() if key != "findings"}
    assert set(shown["problems"]) <= {finding["key"] for finding in shown["findings"]}


def test_numbers_that_json_lacks_become_text():
    """NaN and infinity are written as texts, because JSON has no words for them."""
    report = sample_reports.ready()
    odd = attrs.evolve(report.findings[0], observed=Quantity(float("nan"), "mW"))
    shown = json.loads(json_report.render(attrs.evolve(report, findings=(odd,))))
    assert {"value": "nan", "unit": "mW"} == shown["findings"][0]["observed"]


def test_every_field_of_a_finding_is_written():
    """The keys are those of the model, the subject's key beside them; a time that nobody knows is null."""
    finding = sample_reports.link_down()
    shown = json_report.finding_document(finding)
    assert ["key", *(field.name for field in attrs.fields(Finding))] == list(shown)
    assert (None, "2026-09-21T14:12:38.000Z") == (shown["since"], shown["judged_at"])
    lasting = json_report.finding_document(attrs.evolve(finding, since=sample_reports.MADE_AT))
    assert "2026-09-21T14:13:20.000Z" == lasting["since"]


def test_what_passed_may_be_only_counted():
    """A report that counts what passed says so, beside what is among its findings."""
    counts = json_report.document(attrs.evolve(sample_reports.ready(), also_passed=70, also_skipped=3))["counts"]
    assert (70, 3) == (counts["also_passed"], counts["also_skipped"])
