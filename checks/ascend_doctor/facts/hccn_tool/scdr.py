"""`hccn_tool -i N -scdr -t 5`: the signal in the retimer between NPU and module, where a board has one."""

from __future__ import annotations

import re
from typing import Dict, List, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, value_of
from ascend_doctor.facts.hccn_tool.newer import newer_answer
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import reading_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing, Reading

LANES = 4
# The groups in the order of the tool (vendor source, tool_scdr.c).
_GROUPS: Tuple[Tuple[str, str], ...] = (
    ("host_snr", "Cdr Host SNR Lane{}"),
    ("media_snr", "Cdr Media SNR Lane{}"),
    ("host_snr_history", "Cdr His Host SNR Lane{}"),
    ("media_snr_history", "Cdr His Media SNR Lane{}"),
)
_DECIBEL = re.compile(r"([0-9]{1,4}\.[0-9]{4}) dB\Z")
_LINEAR = re.compile(r"[0-9]{1,10}\Z")


@attrs.frozen
class ScdrFacts:
    """Signal-to-noise ratios, one per lane. Missing where the board, or its kind of retimer, does not measure them.

    `in_db` tells the unit: dB, or the linear measure of another kind of retimer (some hundred thousands).
    """

    host_snr: Tuple[Reading[float], ...]
    media_snr: Tuple[Reading[float], ...]
    host_snr_history: Tuple[Reading[float], ...]
    media_snr_history: Tuple[Reading[float], ...]
    in_db: bool


def parse(evidence: Evidence) -> Reading[ScdrFacts]:
    """Parse `hccn_tool -i N -scdr -t 5`."""
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    if len(lines) != LANES * len(_GROUPS):
        raise lines[-1].error("four lanes of four kinds, and nothing else")
    found: Dict[str, Tuple[Reading[float], ...]] = {}
    units: List[str] = []
    for position, (field, name) in enumerate(_GROUPS):
        rows = lines[position * LANES : (position + 1) * LANES]
        texts = [value_of(line, name.format(lane)) for lane, line in enumerate(rows, start=1)]
        found[field] = tuple(_ratio(text, line, units) for text, line in zip(texts, rows))
    return ScdrFacts(**found, in_db="dB" in units)


def _ratio(text: str, line: Line, units: List[str]) -> Reading[float]:
    """Return one ratio and note its unit; an answer has only one."""
    shown = reading_of(text)
    if isinstance(shown, Missing):
        return shown
    decibel = _DECIBEL.match(shown)
    unit = "linear" if decibel is None else "dB"
    if (decibel is None and not _LINEAR.match(shown)) or units not in ([], [unit]):
        raise line.error("a ratio, all in dB or all without unit, or `not supported`")
    units[:] = [unit]
    return float(shown if decibel is None else decibel.group(1))


SOURCE: Source[ScdrFacts] = Source(
    name="hccn_tool/scdr",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-scdr", "-t", "5"),
    parse=parse,
    generations=ROCE,
    cost=Cost.SLOW,
    interval_s=3600.0,
)
