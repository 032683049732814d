"""`npu-smi info -t sio-info`: errors on the bus between the two dies of a module."""

from __future__ import annotations

from typing import Mapping

import attrs

from ascend_doctor.facts.npu_smi.key_answer import key_answer
from ascend_doctor.facts.source import FOR_ONE_CHIP, Scope, Source
from ascend_doctor.facts.tables import Fields, whole
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Missing, Reading


@attrs.frozen
class SioFacts:
    """Check-sum errors in both directions since the start of the chip. Unknown labels are kept in `extra`."""

    tx_error_count: int
    rx_error_count: int
    extra: Mapping[str, str] = attrs.field(factory=dict)


_FIELDS: Fields = {
    "tx error count": ("tx_error_count", whole),
    "rx error count": ("rx_error_count", whole),
}


def parse(evidence: Evidence) -> Reading[SioFacts]:
    """Parse `npu-smi info -t sio-info -i N`, with `-c C` before the 950."""
    found = key_answer("sio-info", evidence, _FIELDS, tuple(_FIELDS))
    return found if isinstance(found, Missing) else SioFacts(**found)


SOURCE: Source[SioFacts] = Source(
    name="npu-smi/sio-info",
    scope=Scope.CHIP,
    argv=("npu-smi", "info", "-t", "sio-info", "-i", "{npu}", *FOR_ONE_CHIP),
    parse=parse,
    generations=frozenset({Generation.A3, Generation.A5}),
    interval_s=300.0,
    keeps=3,
    apart_s=240.0,
)
