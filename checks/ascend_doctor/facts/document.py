"""Facts as a plain document: what `ascend-doctor parse` prints and what tests compare."""

from __future__ import annotations

import enum
import re
from typing import Any, Dict, Mapping

import attrs

from ascend_doctor.facts.npu_smi.answers import TYPES, meaning_of
from ascend_doctor.model.reading import Absence, Missing

DERIVED = "DERIVED"
"""A facts class may name properties in a class variable of this name; the document shows them like fields."""

ABSENT_AS = "absent_as"
"""In the metadata of a field: the word that the document shows where the tool did not report the value."""


def document(value: object) -> Any:
    """Return facts as dictionaries, lists and plain values; a missing value becomes None.

    The keys are the names of the fields. A field that is None is left out: the layout of the tool has no such cell.
    A field named `extra` holds keys that the parser does not know; they are kept under that name.
    A class of which the answer has its own keys (counters, files of `key=value`) defines `as_document()`.
    """
    if isinstance(value, Missing):
        return None
    if attrs.has(type(value)):
        own = getattr(value, "as_document", None)
        return own() if own is not None else fields_of(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): document(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [document(item) for item in value]
    return value


def fields_of(facts: Any) -> Dict[str, Any]:
    """Return the fields and derived values of one facts class as a document, whatever its own `as_document()` says."""
    shown: Dict[str, Any] = {}
    for field in attrs.fields(type(facts)):
        value = getattr(facts, field.name)
        if isinstance(value, Missing) and value.why is Absence.NOT_REPORTED:
            shown[field.name] = field.metadata.get(ABSENT_AS)
        elif value is not None:
            shown[field.name] = document(value)
    for name in getattr(type(facts), DERIVED, ()):
        value = getattr(facts, name)
        if value is not None:
            shown[name] = document(value)
    return shown


_UNSUPPORTED = re.compile(r"not support (?:querying )?(.+?)\.?\Z")
_PARAMETER = re.compile(r"Error parameter of (-\w+)")
# How hccn_tool ends a message that has said before what went wrong.
_FAILED = re.compile(r"\bCmd execute failed!\Z")


def refusal(missing: Missing) -> Dict[str, Any]:
    """Return why there are no facts as a document.

    `missing` is the reason as one word, `reason` the tool's own words or the place where reading stopped, `code` the
    vendor's return code with its `meaning`. A product that does not have the thing gives `supported` false, the tool's
    `message` and `what` was asked for; a wrong call gives the `parameter` and, where the tool lists them, the types
    that it knows.
    """
    reason, _, types = missing.detail.partition(TYPES)
    shown: Dict[str, Any] = {"ok": False, "missing": missing.why.value, "detail": missing.detail, "reason": reason}
    if missing.code is not None:
        shown["code"] = missing.code
        if meaning_of(missing.code):
            shown["meaning"] = meaning_of(missing.code)
    if missing.why is Absence.NOT_SUPPORTED:
        shown["supported"] = False
        shown["message"] = reason
        what = _UNSUPPORTED.search(reason)
        if what:
            shown["what"] = what.group(1)
    wrong = _PARAMETER.search(reason)
    if wrong:
        shown["parameter"] = wrong.group(1)
        # The message before it says what is wrong with the parameter: `Invalid card id.`
        shown["reason"] = reason[: wrong.start()].strip() or reason
    failed = _FAILED.search(reason)
    if failed:
        shown["reason"] = failed.group()
    if types:
        shown["types_include"] = [word.strip() for word in types.split(",")]
    return shown
