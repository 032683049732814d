"""The JSON documents of the API beside the report itself. Pure: they may be made in any thread."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, Sequence

from ascend_doctor.collector.history import Page
from ascend_doctor.collector.judged import Judged
from ascend_doctor.collector.paging import nodes_after
from ascend_doctor.model.report_change import ReportChange
from ascend_doctor.report.json_history import FORMAT_VERSION as HISTORY_VERSION
from ascend_doctor.report.json_history import transition_document
from ascend_doctor.report.json_report import FORMAT_VERSION as REPORT_VERSION
from ascend_doctor.report.json_report import finding_document, node_document, time_text

_encode = json.JSONEncoder(allow_nan=False).encode
PART = 200
"""Nodes, findings and names together in one event of who watches."""


def nodes_text(judged: Judged, last: str, size: int) -> str:
    """Return one page of nodes: those after a name."""
    page, more = nodes_after(judged.summaries, last, size)
    return _text(
        {
            "format_version": REPORT_VERSION,
            "made_at": time_text(judged.seen.at),
            "nodes": [node_document(node) for node in page],
            "next": page[-1].name if more else None,
        }
    )


def node_text(judged: Judged, name: str) -> str:
    """Return all that there is to say of one node that is known."""
    member = judged.seen.members.get(name)
    return _text(
        {
            "format_version": REPORT_VERSION,
            "made_at": time_text(judged.seen.at),
            "node": node_document(judged.summaries[name]),
            "agent_version": "" if member is None else member.standing.agent_version,
            "received_at": None if member is None else time_text(member.standing.received_at),
            "also_passed": 0 if member is None else member.passed,
            "also_skipped": 0 if member is None else member.skipped,
            "findings": [finding_document(finding) for finding in judged.concerning([name])],
        }
    )


def history_text(page: Page) -> str:
    """Return one page of the history."""
    return _text(
        {
            "format_version": HISTORY_VERSION,
            "transitions": [transition_document(item) for item in page.items],
            "next": None if page.before_id is None else str(page.before_id),
        }
    )


def change_texts(change: ReportChange) -> Iterator[str]:
    """Return the events of one change, each of moderate size; all but the last say that more follows."""
    lists: Sequence[Sequence[Any]] = (change.nodes, change.findings, change.removed_nodes, change.removed_findings)
    items = [(place, item) for place, found in enumerate(lists) for item in found]
    for start in range(0, max(len(items), 1), PART):
        part = items[start : start + PART]
        document = {
            "whole": change.whole and start == 0,
            "more_follows": start + PART < len(items),
            "verdict": change.verdict.value,
            "nodes": [node_document(item) for place, item in part if place == 0],
            "findings": [finding_document(item) for place, item in part if place == 1],
            "removed_nodes": [item for place, item in part if place == 2],
            "removed_findings": [item for place, item in part if place == 3],
        }
        yield _encode(document)


def _text(document: Dict[str, Any]) -> str:
    """Return a document as text, a list entry at a time: the encoder holds up nobody for long."""
    parts = []
    for key, value in document.items():
        if isinstance(value, list):
            entries = ",".join(_encode(item) for item in value)
            parts.append(f'"{key}": [{entries}]')
        else:
            parts.append(f'"{key}": {_encode(value)}')
    return "{" + ", ".join(parts) + "}\n"
