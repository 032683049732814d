"""`hccn_tool -i N -optical_snr -g`: whether the port asks its optical module for the signal-to-noise ratio (A3)."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, value_of
from ascend_doctor.facts.hccn_tool.newer import newer_answer
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import reading_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing, Reading

_KEYS = ("Query switch", "Host side ability", "Media side ability")
_SWITCH = {"enable": True, "disable": False}
_ABILITY = {"support": True, "not support": False}


@attrs.frozen
class OpticalSnrFacts:
    """Whether the query is on, and on which sides the module measures; missing for a module that does not tell."""

    query_enabled: bool
    host_supported: Reading[bool]
    media_supported: Reading[bool]


def parse(evidence: Evidence) -> Reading[OpticalSnrFacts]:
    """Parse `hccn_tool -i N -optical_snr -g`."""
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    if len(lines) != len(_KEYS):
        raise lines[-1].error("`Query switch :`, `Host side ability :` and `Media side ability :`, once each")
    switch, host, media = (value_of(line, key) for line, key in zip(lines, _KEYS))
    if switch not in _SWITCH:
        raise lines[0].error("`enable` or `disable`")
    return OpticalSnrFacts(_SWITCH[switch], _ability(host, lines[1]), _ability(media, lines[2]))


def _ability(text: str, line: Line) -> Reading[bool]:
    word = reading_of(text)
    if isinstance(word, Missing):
        return word
    if word not in _ABILITY:
        raise line.error("`support`, `not support` or `NA`")
    return _ABILITY[word]


SOURCE: Source[OpticalSnrFacts] = Source(
    name="hccn_tool/optical-snr",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-optical_snr", "-g"),
    parse=parse,
    generations=ROCE,
    cost=Cost.SLOW,
    interval_s=3600.0,
)
