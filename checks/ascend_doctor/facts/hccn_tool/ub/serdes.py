"""`hccn_tool -g -serdes -i N -u U -p P`: how well the lanes of one port of the 950 see their signal."""

from __future__ import annotations

from typing import Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines
from ascend_doctor.facts.hccn_tool.table import read_table
from ascend_doctor.facts.hccn_tool.ub.question import of_port, refused
from ascend_doctor.facts.parsing import integer
from ascend_doctor.facts.source import Cost
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Reading

_COLUMNS = ("NPU", "UDie", "Port", "Lane", "snr", "fir pre2", "fir pre1", "fir main", "fir post1", "fir post2")


@attrs.frozen
class SerdesRow:
    """One lane. `snr` is the device's linear measure, not dB; the others are the taps of its filter."""

    npu: int
    udie: int
    port: int
    lane: int
    snr: int
    fir_pre2: int
    fir_pre1: int
    fir_main: int
    fir_post1: int
    fir_post2: int


@attrs.frozen
class SerdesFacts:
    """The lanes of the port."""

    rows: Tuple[SerdesRow, ...]


def parse(evidence: Evidence) -> Reading[SerdesFacts]:
    """Parse `hccn_tool -g -serdes -i N -u U -p P`."""
    answer = refused(evidence)
    if answer is not None:
        return answer
    rows = []
    for line, cells in read_table(data_lines(evidence), _COLUMNS):
        rows.append(SerdesRow(*(integer(cell, line, name) for cell, name in zip(cells, _COLUMNS))))
    return SerdesFacts(tuple(rows))


SOURCE = of_port("serdes", parse, "ub_serdes", cost=Cost.SLOW, interval_s=3600.0)
