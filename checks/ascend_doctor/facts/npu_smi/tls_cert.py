"""`npu-smi info -t tls-cert`: the certificate of a chip."""

from __future__ import annotations

from typing import Mapping

import attrs

from ascend_doctor.facts.npu_smi.key_answer import bound, lines_about
from ascend_doctor.facts.source import FOR_ONE_CHIP, Cost, Scope, Source
from ascend_doctor.facts.tables import Fields, count, words
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing, Reading

_NONE = "The certificate does not exist."


@attrs.frozen
class TlsCertFacts:
    """What `npu-smi info -t tls-cert` says; times are the tool's words. Unknown labels are kept in `extra`."""

    alarm_status: Reading[int]
    start: Reading[str]
    end: Reading[str]
    common_name: Reading[str]
    extra: Mapping[str, str] = attrs.field(factory=dict)


_FIELDS: Fields = {
    "alarm status": ("alarm_status", count),
    "start time": ("start", words),
    "end time": ("end", words),
    "common name": ("common_name", words),
}


def parse(evidence: Evidence) -> Reading[TlsCertFacts]:
    """Parse `npu-smi info -t tls-cert -i N`, with `-c C` before the 950."""
    lines = lines_about("tls-cert", evidence)
    if isinstance(lines, Missing):
        return lines
    if [line.stripped for line in lines] == [_NONE]:
        return Missing(Absence.NOT_CONFIGURED, _NONE)
    return TlsCertFacts(**bound(lines, _FIELDS, tuple(_FIELDS)))


SOURCE: Source[TlsCertFacts] = Source(
    name="npu-smi/tls-cert",
    scope=Scope.CHIP,
    argv=("npu-smi", "info", "-t", "tls-cert", "-i", "{npu}", *FOR_ONE_CHIP),
    parse=parse,
    cost=Cost.SLOW,
    interval_s=3600.0,
)
