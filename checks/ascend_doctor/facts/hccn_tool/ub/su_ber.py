"""`hccn_tool -g -su_ber -i N -u U -p P`: the bit error test of a port of the 950, its mode and its result.

The test itself changes the port and is never started here; only what somebody else has started is read.
"""

from __future__ import annotations

import re
from typing import Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines
from ascend_doctor.facts.hccn_tool.table import read_table
from ascend_doctor.facts.hccn_tool.ub.question import of_port, refused
from ascend_doctor.facts.parsing import Line, integer
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Reading

_MODE = ("NPU", "UDie", "Port", "su_itlv_mode", "status")
_COUNTS = ("Lane", "Done", "Bit_err_cnt", "Err_symb_t4", "Frm_cnt", "Frm_bit")
_RATES = ("Su_ber_rate", "Su_err_frame_rate")
_RESULT = ("NPU", "UDie", "Port", *_COUNTS, *_RATES)
_WORDS = {"su_itlv_mode": ("itlv", "non-itlv"), "status": ("tx_enable", "rx_enable", "stop")}
_HEX = re.compile(r"0x[0-9a-fA-F]{1,16}\Z")
_RATE = re.compile(r"[0-9]\.[0-9]{6}e[-+][0-9]{2,3}\Z")


@attrs.frozen
class SuBerModeRow:
    """Whether the test runs on a port (`tx_enable`, `rx_enable`, `stop`), and how it interleaves."""

    npu: int
    udie: int
    port: int
    su_itlv_mode: str
    status: str


@attrs.frozen
class SuBerModeFacts:
    """The table, of one row."""

    rows: Tuple[SuBerModeRow, ...]


@attrs.frozen
class SuBerResultRow:
    """The result of one lane; `done` is 1 when the test has ended. The rates are shares of wrong bits and frames."""

    npu: int
    udie: int
    port: int
    lane: int
    done: int
    bit_err_cnt: int
    err_symb_t4: int
    frm_cnt: int
    frm_bit: int
    su_ber_rate: float
    su_err_frame_rate: float


@attrs.frozen
class SuBerResultFacts:
    """The lanes of the port."""

    rows: Tuple[SuBerResultRow, ...]


def parse_mode(evidence: Evidence) -> Reading[SuBerModeFacts]:
    """Parse `hccn_tool -g -su_ber ... -mode_status`."""
    answer = refused(evidence)
    if answer is not None:
        return answer
    rows = []
    for line, (*place, mode, status) in read_table(data_lines(evidence), _MODE):
        if mode not in _WORDS["su_itlv_mode"] or status not in _WORDS["status"]:
            raise line.error("a mode and a state that are known")
        npu, udie, port = (integer(text, line, name) for text, name in zip(place, _MODE))
        rows.append(SuBerModeRow(npu, udie, port, mode, status))
    return SuBerModeFacts(tuple(rows))


def parse_result(evidence: Evidence) -> Reading[SuBerResultFacts]:
    """Parse `hccn_tool -g -su_ber ... -result`."""
    answer = refused(evidence)
    if answer is not None:
        return answer
    rows = []
    for line, cells in read_table(data_lines(evidence), _RESULT):
        npu, udie, port = (integer(text, line, name) for text, name in zip(cells[:3], _RESULT))
        lane, done, bits, symbols, frames, size = (_hex(text, line) for text in cells[3:9])
        ber, frame_rate = (_rate(text, line) for text in cells[9:])
        rows.append(SuBerResultRow(npu, udie, port, lane, done, bits, symbols, frames, size, ber, frame_rate))
    return SuBerResultFacts(tuple(rows))


def _hex(text: str, line: Line) -> int:
    if not _HEX.match(text):
        raise line.error("a number in hexadecimal")
    return int(text, 16)


def _rate(text: str, line: Line) -> float:
    if not _RATE.match(text):
        raise line.error("a rate such as 5.427864e-09")
    return float(text)


MODE = of_port("su_ber", parse_mode, "su_ber_mode", options=("-mode_status",))
RESULT = of_port("su_ber", parse_result, "su_ber_result", options=("-result",))
