"""What all answers of the doctor's own script have in common."""

from __future__ import annotations

import json
from typing import Any, Dict, Union

from ascend_doctor.facts.parsing import ParseError, lines_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing

TOOL = "python3"
SCRIPT = "ascend_runtime.py"
"""Stands in a command line for the path of the script, which the runner knows."""

_MAX_DETAIL = 300


def object_or_refusal(evidence: Evidence, what: str) -> Union[Dict[str, Any], Missing]:
    """Return the object that answers a question or, where the interpreter failed, why there is none.

    Raises `ParseError` for anything else that is printed.
    """
    if evidence.exit_code and not evidence.stdout.strip():
        words = " ".join(evidence.stderr[-4 * _MAX_DETAIL :].decode("utf-8", "replace").split())
        said = "".join(letter for letter in words if letter.isprintable())[-_MAX_DETAIL:]
        return Missing(Absence.TOOL_FAILED, f"exit code {evidence.exit_code}: {said}".rstrip(": "))
    lines_of(evidence.stdout)
    try:
        found = json.loads(evidence.stdout)
    except (ValueError, RecursionError) as error:
        raise ParseError(getattr(error, "lineno", 0), "one JSON object", str(error)) from None
    if not isinstance(found, dict) or found.get("what") != what:
        raise ParseError(1, f"a JSON object with `what` {what!r}")
    return found


def whole(value: object, name: str) -> int:
    """Return a whole number that is not negative. Raises `ParseError` for any other value."""
    if type(value) is not int or value < 0:
        raise ParseError(1, f"a whole number for {name!r}", repr(value))
    return value


def words(value: object, name: str) -> str:
    """Return a text without control characters, bounded. Raises `ParseError` for any other value."""
    if not isinstance(value, str):
        raise ParseError(1, f"a text for {name!r}", repr(value))
    return "".join(letter if letter.isprintable() else " " for letter in value[:_MAX_DETAIL])
