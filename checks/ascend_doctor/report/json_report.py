"""A report as JSON for programs. Its form is a promise: `format_version`, and the schema that `schema()` returns.

Additions raise the minor number, and readers ignore keys they do not know; anything else raises the major number.
"""

from __future__ import annotations

import collections
import functools
import importlib.resources
import json
from typing import Any, Dict, Optional

from ascend_doctor.model.codec import quantity_to_dict, quote_to_dict, remedy_to_dict
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.report import NodeSummary, Report
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import Subject
from ascend_doctor.report.printable import moment_of

FORMAT_VERSION = "1.1"
_ONE_PER_LINE = ("problems", "blind_spots", "nodes", "findings")
_SCHEMA = "readiness-report-1.schema.json"
_encode = json.JSONEncoder(allow_nan=False).encode


def render(report: Report) -> str:
    """Return the report as JSON text in ASCII, a line for each node and each finding.

    The encoder is fast only without indentation, and reports of large fleets have ten thousands of findings.
    """
    parts = []
    for key, value in document(report).items():
        if key in _ONE_PER_LINE and value:
            lines = ",\n    ".join(_encode(item) for item in value)
            parts.append(f'  "{key}": [\n    {lines}\n  ]')
        else:
            parts.append(f'  "{key}": {_encode(value)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def document(report: Report) -> Dict[str, Any]:
    """Return the report as plain values.

    Times are RFC 3339 texts in UTC, null where there is none. `problems` and `blind_spots` hold the keys of findings,
    in the order in which people should read them.
    """
    problems, blind_spots = report.problems, report.blind_spots
    statuses = collections.Counter(finding.status for finding in report.findings)
    return {
        "format_version": FORMAT_VERSION,
        "doctor_version": report.doctor_version,
        "made_at": time_text(report.made_at),
        "origin": report.origin,
        "verdict": report.verdict.value,
        "counts": {
            "nodes": len(report.nodes),
            "failures": sum(finding.status is Status.FAIL for finding in problems),
            "warnings": sum(finding.status is Status.WARN for finding in problems),
            "blind_spots": len(blind_spots),
            "consequences": sum(finding.is_consequence for finding in report.findings),
            "findings": {status.value: statuses[status] for status in Status},
            "also_passed": report.also_passed,
            "also_skipped": report.also_skipped,
        },
        "problems": [finding.key for finding in problems],
        "blind_spots": [finding.key for finding in blind_spots],
        "nodes": [node_document(node) for node in report.nodes],
        "findings": [finding_document(finding) for finding in report.findings],
    }


def schema() -> Dict[str, Any]:
    """Return the published JSON Schema (draft 2020-12) of the document."""
    text = importlib.resources.files(__package__).joinpath("schema").joinpath(_SCHEMA).read_text(encoding="utf-8")
    loaded: Dict[str, Any] = json.loads(text)
    return loaded


def node_document(node: NodeSummary) -> Dict[str, Any]:
    """Return one node of a report as plain values."""
    return {
        "name": node.name,
        "verdict": node.verdict.value,
        "liveness": node.liveness.value,
        "seen_at": time_text(node.seen_at),
        "facts": dict(node.facts),
    }


def finding_document(finding: Finding) -> Dict[str, Any]:
    """Return one finding of a report as plain values."""
    observed = finding.observed
    return {
        "key": finding.key,
        "check": finding.check,
        "subject": subject_document(finding.subject),
        "status": finding.status.value,
        "summary": finding.summary,
        "severity": finding.severity.value,
        "observed": None if observed is None else quantity_to_dict(observed),
        "expected": finding.expected,
        "quotes": list(map(quote_to_dict, finding.quotes)),
        "remedies": list(map(remedy_to_dict, finding.remedies)),
        "confidence": finding.confidence.value,
        "affected": list(map(subject_document, finding.affected)),
        "candidates": list(finding.candidates),
        "cause": finding.cause or None,
        "judged_at": time_text(finding.judged_at or None),
        "since": time_text(finding.since or None),
    }


def subject_document(subject: Subject) -> Dict[str, str]:
    """Return a subject as plain values."""
    return {
        "key": subject.key,
        "kind": subject.kind.value,
        "node": subject.node,
        "name": subject.name,
        "text": str(subject),
    }


@functools.lru_cache(maxsize=1024)  # results of one round have few different times
def time_text(seconds: Optional[float]) -> Optional[str]:
    """Return a time in RFC 3339; null for none, and for one that no calendar holds."""
    moment = None if seconds is None else moment_of(seconds)
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
