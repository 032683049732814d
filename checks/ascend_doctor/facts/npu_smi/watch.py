"""`npu-smi info watch`: one round of its rows; the tool itself never ends."""

from __future__ import annotations

from typing import Dict, List, Tuple, Union

import attrs

from ascend_doctor.facts.npu_smi.answers import lines_or_refusal
from ascend_doctor.facts.parsing import Line, ParseError, decimal, integer
from ascend_doctor.facts.source import ANYTHING, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Missing, Reading

_COLUMNS = (
    "NpuID(Idx)",
    "ChipId(Idx)",
    "ChipID(Idx)",
    "Pwr(W)",
    "Temp(C)",
    "AI Core(%)",
    "AI Cpu(%)",
    "Ctrl Cpu(%)",
    "Memory(%)",
    "Memory BW(%)",
    "NPU Util(%)",
    "AI Cube(%)",
)

Cell = Union[None, int, float]
"""A number; None where the tool prints `NA` or `-`."""


@attrs.frozen
class WatchFacts:
    """What `npu-smi info watch` has printed until it was ended: its columns, and the rows of the last whole round."""

    columns: Tuple[str, ...]
    rows: Tuple[Tuple[Cell, ...], ...]


def parse(evidence: Evidence) -> Reading[WatchFacts]:
    """Parse `npu-smi info watch`."""
    lines = lines_or_refusal(evidence)
    if isinstance(lines, Missing):
        return lines
    head, *rest = lines
    columns = _columns(head)
    rounds: List[Dict[Tuple[Cell, ...], Tuple[Cell, ...]]] = [{}]
    ids = sum("(Idx)" in column for column in columns)
    for line in rest:
        row = _row(line, columns)
        if row[:ids] in rounds[-1]:
            rounds.append({})
        rounds[-1][row[:ids]] = row
    if not rounds[0]:
        raise ParseError(head.number + 1, "a row for each chip", "the end of the answer")
    whole = [one for one in rounds if len(one) == len(rounds[0])]
    return WatchFacts(columns, tuple(whole[-1].values()))


def _columns(line: Line) -> Tuple[str, ...]:
    found: List[str] = []
    rest = line.stripped
    while rest:
        name = next((name for name in _COLUMNS if rest.startswith(name) and name not in found), None)
        if name is None:
            raise ParseError(line.number, "the name of a known column, each once", rest)
        found.append(name)
        rest = rest[len(name) :].lstrip()
    return tuple(found)


def _row(line: Line, columns: Tuple[str, ...]) -> Tuple[Cell, ...]:
    if len(line.words) != len(columns):
        raise line.error(f"values for {', '.join(columns)}")
    return tuple(_cell(text, line, column) for text, column in zip(line.words, columns))


def _cell(text: str, line: Line, column: str) -> Cell:
    if text in ("NA", "-"):
        return None
    return decimal(text, line, column) if "." in text else integer(text, line, column)


SOURCE: Source[WatchFacts] = Source(
    name="npu-smi/watch",
    scope=Scope.NODE,
    argv=("npu-smi", "info", "watch"),
    # Of one card, at another pace, or with a choice of columns: the answer is read by its head all the same.
    forms=(
        ("npu-smi", "info", "watch", "-i", "{npu}"),
        ("npu-smi", "info", "watch", "-d", ANYTHING, "-s", ANYTHING),
        ("npu-smi", "info", "watch", "-d", ANYTHING, "-s", ANYTHING, "-i", "{npu}"),
    ),
    parse=parse,
)
