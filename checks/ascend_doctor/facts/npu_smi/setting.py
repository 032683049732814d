"""What `npu-smi set` answers. The doctor reads it in a paste; it never sets anything."""

from __future__ import annotations

from typing import Mapping

import attrs

from ascend_doctor.facts.npu_smi.answers import lines_or_refusal
from ascend_doctor.facts.npu_smi.key_answer import bound
from ascend_doctor.facts.source import ANYTHING, Scope, Source
from ascend_doctor.facts.tables import Fields, words
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Missing, Reading


@attrs.frozen
class SettingFacts:
    """How a setting ended: a word such as OK, and a message. Unknown labels are kept in `extra`."""

    status: Reading[str]
    message: Reading[str]
    extra: Mapping[str, str] = attrs.field(factory=dict)


_FIELDS: Fields = {"status": ("status", words), "message": ("message", words)}


def parse(evidence: Evidence) -> Reading[SettingFacts]:
    """Parse the answer of `npu-smi set -t TYPE`."""
    lines = lines_or_refusal(evidence)
    return lines if isinstance(lines, Missing) else SettingFacts(**bound(lines, _FIELDS, tuple(_FIELDS)))


SOURCE: Source[SettingFacts] = Source(
    name="npu-smi/create-vnpu",
    scope=Scope.NODE,
    argv=("npu-smi", "set", "-t", "create-vnpu"),
    forms=(
        ("npu-smi", "set", "-t", "create-vnpu", *(("-i", ANYTHING, "-c", ANYTHING, "-f", ANYTHING))),
        ("npu-smi", "set", "-t", "create-vnpu", *(("-i", ANYTHING, "-c", ANYTHING, "-f", ANYTHING, "-v", ANYTHING))),
    ),
    parse=parse,
)
