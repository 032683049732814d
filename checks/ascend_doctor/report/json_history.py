"""The history as JSON for programs. Its form is a promise: `format_version`, and the schema that `schema()` returns.

Additions raise the minor number, and readers ignore keys they do not know; anything else raises the major number.
"""

from __future__ import annotations

import importlib.resources
import json
from typing import Any, Dict

from ascend_doctor.model.subject import subject_from_key
from ascend_doctor.model.transition import Recorded
from ascend_doctor.report.json_report import subject_document, time_text

FORMAT_VERSION = "1.0"
_SCHEMA = "history-1.schema.json"


def transition_document(recorded: Recorded) -> Dict[str, Any]:
    """Return one transition as plain values. Times are RFC 3339 texts in UTC, null where there is none."""
    change = recorded.transition
    return {
        "id": recorded.id,
        "node": recorded.node,
        "check": change.check,
        "subject": subject_document(subject_from_key(change.subject)),
        "before": None if change.before is None else change.before.value,
        "after": None if change.after is None else change.after.value,
        "at": time_text(change.at or None),
        "received_at": time_text(recorded.received_at or None),
        "summary": change.summary,
    }


def schema() -> Dict[str, Any]:
    """Return the published JSON Schema (draft 2020-12) of a list of transitions."""
    text = importlib.resources.files(__package__).joinpath("schema").joinpath(_SCHEMA).read_text(encoding="utf-8")
    loaded: Dict[str, Any] = json.loads(text)
    return loaded
