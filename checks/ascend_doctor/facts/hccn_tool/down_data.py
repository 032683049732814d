"""`hccn_tool -i N -down_data -g`: what the port's layers said when the link went down (A2 and A3 form)."""

from __future__ import annotations

import re
from typing import Dict, List, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

_HEAD = re.compile(r"\[devid ([0-9]{1,4})\] link down record : ?(NA)?\Z")
_RULE = re.compile(r"\[devid [0-9]{1,4}\] =+\Z")
_TIME_RULE = re.compile(r"\[time (-?[0-9]{1,3})\] =+\Z")
_FIELD = re.compile(r"\[time ([0-9]{1,3})\] ([a-z_]{3,20}) *: (0x[0-9a-f]{1,8})\Z")
# In the order of the tool (vendor source, tool_ops_ext.c).
_NAMES = (
    "ber_cnt",
    "err_block_cnt",
    "e_blk_cnt",
    "dec_err_blk_cnt",
    "test_err_cnt",
    "lane_bip_err_cnt",
    "pcs_link",
    "mac_link",
    "rf_lf",
)


@attrs.frozen
class LinkDown:
    """One loss of the link: the registers of that moment as numbers, by the tool's own names.

    `rf_lf` tells of a remote or a local fault.
    """

    registers: Tuple[Tuple[str, int], ...]

    def as_document(self) -> Dict[str, int]:
        """Return the registers by their names."""
        return dict(self.registers)


@attrs.frozen
class DownDataFacts:
    """The losses of the link that the device remembers, newest first; empty where there was none."""

    device: int
    records: Tuple[LinkDown, ...] = ()


def parse(evidence: Evidence) -> Reading[DownDataFacts]:
    """Parse `hccn_tool -i N -down_data -g` in the form of A2 and A3."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    body = lines[1:] if _RULE.match(lines[0].stripped) else lines
    if not body:
        raise lines[-1].error("`[devid N] link down record :` after this line")
    head = _HEAD.match(body[0].stripped)
    if head is None:
        raise body[0].error("`[devid N] link down record :`")
    if (head.group(2) == "NA") != (len(body) == 1) or (len(body) == 1) != (body is lines):
        raise body[-1].error("records after the head, or `NA`")
    return DownDataFacts(int(head.group(1)), _records(body[1:]))


def _records(lines: List[Line]) -> Tuple[LinkDown, ...]:
    records: List[LinkDown] = []
    size = len(_NAMES) + 1
    while len(lines) > 1:
        number = len(records)
        opening = _TIME_RULE.match(lines[0].stripped)
        if opening is None or int(opening.group(1)) != number or len(lines) <= size:
            raise lines[0].error(f"record {number}, whole, and a rule at the end")
        fields = [_field(line, number, name) for line, name in zip(lines[1:size], _NAMES)]
        records.append(LinkDown(tuple(fields)))
        lines = lines[size:]
    for line in lines:
        closing = _TIME_RULE.match(line.stripped)
        if closing is None or int(closing.group(1)) != len(records) - 1:
            raise line.error("the rule at the end of the last record")
    return tuple(records)


def _field(line: Line, number: int, name: str) -> Tuple[str, int]:
    found = _FIELD.match(line.stripped)
    if found is None or int(found.group(1)) != number or found.group(2) != name:
        raise line.error(f"`[time {number}] {name} : 0x...`")
    return name, int(found.group(3), 16)


SOURCE: Source[DownDataFacts] = Source(
    name="hccn_tool/down-data",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-down_data", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=3600.0,
)
