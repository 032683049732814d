"""Answers of `npu-smi` that are nothing but lines `label : value`, and the types that an older tool does not know."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Union

import attrs

from ascend_doctor.facts.npu_smi.answers import TYPES, lines_or_refusal
from ascend_doctor.facts.parsing import Line, ParseError
from ascend_doctor.facts.tables import Fields, bind, key_lines
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing, Reading


def lines_about(kind: str, evidence: Evidence) -> Union[List[Line], Missing]:
    """Return the lines of an answer to `-t KIND` or, for an error answer, why there are none.

    A tool that refuses the type and lists the types it knows without it is too old for the question: there is nothing
    to be had from it, and that is no failure.
    """
    lines = lines_or_refusal(evidence)
    if isinstance(lines, Missing):
        known = lines.detail.partition(TYPES)[2].split(", ")
        if known != [""] and kind not in known:
            return attrs.evolve(lines, why=Absence.NOT_SUPPORTED)
    return lines


def key_answer(kind: str, evidence: Evidence, fields: Fields, last: Sequence[str]) -> Reading[Dict[str, Any]]:
    """Return the arguments of a facts class for an answer of key lines, unknown labels in `extra`.

    Raises `ParseError` when the answer does not have the `last` labels (normalised): then it was cut.
    """
    lines = lines_about(kind, evidence)
    return lines if isinstance(lines, Missing) else bound(lines, fields, last)


def bound(lines: Sequence[Line], fields: Fields, last: Sequence[str]) -> Dict[str, Any]:
    """Return the arguments of a facts class for key lines, as `key_answer` does."""
    parts = key_lines(lines)
    lacking = set(last) - {part.key for part in parts}
    if lacking:
        raise ParseError(lines[-1].number + 1, f"`{min(lacking)}`", "the end of the answer")
    return bind(parts, fields)
