"""`hccn_tool -g -bit_err -i N -u U -p P`: bit errors of one port of the 950 since its start."""

from __future__ import annotations

import re
from typing import Dict

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, value_of
from ascend_doctor.facts.hccn_tool.ub.question import of_port, refused
from ascend_doctor.facts.parsing import Line
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Reading

_TITLE = re.compile(r"-{8,} dl-bit_err -{8,}\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,16}\Z")
_LINES = 4


@attrs.frozen
class BitErrFacts:
    """How many frames could not be corrected, and how many bits were wrong before correction. Both only ever grow."""

    port_id: int
    st_fec_decoding_fail_num: int
    st_fec_err_bit_num: int

    def as_document(self) -> Dict[str, str]:
        """Return the numbers in hexadecimal, as the tool prints them."""
        return {field.name: hex(getattr(self, field.name)) for field in attrs.fields(type(self))}


def parse(evidence: Evidence) -> Reading[BitErrFacts]:
    """Parse `hccn_tool -g -bit_err -i N -u U -p P`."""
    answer = refused(evidence)
    if answer is not None:
        return answer
    lines = data_lines(evidence)
    if not _TITLE.match(lines[0].stripped):
        raise lines[0].error("the title `dl-bit_err`")
    if len(lines) != _LINES:
        raise lines[-1].error("three numbers after the title, and nothing else")
    keys = ("port_id", "st_fec_decoding_fail_num", "st_fec_err_bit_num")
    return BitErrFacts(*(_number(line, key) for line, key in zip(lines[1:], keys)))


def _number(line: Line, key: str) -> int:
    text = value_of(line, key)
    if not _HEX.match(text):
        raise line.error("a number in hexadecimal")
    return int(text, 16)


SOURCE = of_port("bit_err", parse, interval_s=300.0, keeps=3, apart_s=60.0)
