"""`hccn_tool -i N -fec -g`: how the RoCE port corrects bit errors."""

from __future__ import annotations

import re
from typing import Optional, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer, only_line, value_of, words_of
from ascend_doctor.facts.hccn_tool.table import read_table
from ascend_doctor.facts.parsing import Line, integer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.facts.tables import rule_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing, Reading

_COLUMNS = ("NPU", "UDie", "Port", "rs_mode", "auto_change_mode", "itlv_mode")
_MODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,19} FEC mode\Z")
# Printed on standard output with exit code 0 by newer tools on A2 and A3 (vendor source, tool_ext.c).
_FIXED = "This device does not support switching fec mode"


@attrs.frozen
class FecRow:
    """One port of a 950 in the tool's words: `128 T4`, `Static`, `Interweave`."""

    npu: int
    udie: int
    port: int
    rs_mode: str
    auto_change_mode: str
    itlv_mode: str


@attrs.frozen
class FecFacts:
    """The mode in the tool's words: `rs FEC mode`, `no FEC mode` or `auto FEC mode`.

    The 950 form has `rows`, a table, in its place; each is None where the other stands.
    """

    fec_mode: Optional[str] = None
    rows: Optional[Tuple[FecRow, ...]] = None


def parse(evidence: Evidence) -> Reading[FecFacts]:
    """Parse `hccn_tool -i N -fec -g`. Where the mode cannot be changed the tool does not tell it either."""
    fixed = words_of(evidence, _FIXED)
    if fixed is not None:
        only_line(evidence)
        return Missing(Absence.NOT_SUPPORTED, fixed, evidence.exit_code)
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    if rule_of(lines[0]):
        return FecFacts(rows=tuple(_row(line, cells) for line, cells in read_table(lines, _COLUMNS)))
    line = only_line(evidence)
    mode = value_of(line, "fec mode")
    if not _MODE.match(mode):
        raise line.error("`rs FEC mode`, `no FEC mode` or `auto FEC mode`")
    return FecFacts(mode)


def _row(line: Line, cells: Tuple[str, ...]) -> FecRow:
    npu, udie, port = (integer(text, line, label) for text, label in zip(cells[:3], _COLUMNS))
    return FecRow(npu, udie, port, *cells[3:])


SOURCE: Source[FecFacts] = Source(
    name="hccn_tool/fec",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-fec", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=900.0,
)
