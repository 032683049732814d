"""`hccn_tool -i N -stat_extra -g`: the code words of the error correction, since the start of the port."""

from __future__ import annotations

import re
from typing import Any, Dict, Mapping

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, key_and_value
from ascend_doctor.facts.hccn_tool.newer import newer_answer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

_HEAD = "extra statistics info:"
_RATE = "correcting_bit_rate"
# All of them, in the order of the tool (vendor source, tool_ops_ext.c).
COUNTERS = (
    "cw_total_cnt",
    "cw_before_correct_cnt",
    "cw_correct_cnt",
    "cw_uncorrect_cnt",
    "cw_bad_cnt",
    "trans_total_bit",
    "cw_total_correct_bit",
    "rx_full_drop_cnt",
    "pcs_err_cnt",
    "rx_send_app_good_pkts",
    "rx_send_app_bad_pkts",
)
_COUNTER = re.compile(r"[0-9]{1,20}\Z")
_FRACTION = re.compile(r"(?:0|[0-9]\.[0-9]{2}e[+-][0-9]{2,3})\Z")


@attrs.frozen
class StatExtraFacts:
    """The counters by the tool's own names; only differences mean anything.

    A code word is what the error correction works on: `cw_uncorrect_cnt` are those that it could not mend.
    `correcting_bit_rate` is the share of corrected bits since the start, 0 where nothing has been sent yet.
    """

    counters: Mapping[str, int]
    correcting_bit_rate: float

    def as_document(self) -> Dict[str, Any]:
        """Return the counters under the tool's own names, beside the rate."""
        return {**self.counters, _RATE: self.correcting_bit_rate}


def parse(evidence: Evidence) -> Reading[StatExtraFacts]:
    """Parse `hccn_tool -i N -stat_extra -g`."""
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    head, *lines = data_lines(evidence)
    if head.stripped != _HEAD:
        raise head.error(f"`{_HEAD}`")
    expected = (*COUNTERS, _RATE)
    counters: Dict[str, int] = {}
    for line, name in zip(lines, expected):
        key, text = key_and_value(line)
        if key != name or not (_FRACTION if name == _RATE else _COUNTER).match(text):
            raise line.error(f"`{name} :` with its number")
        if name == _RATE:
            if len(lines) > len(expected):
                raise lines[len(expected)].error("the end of the answer")
            return StatExtraFacts(counters, float(text))
        counters[key] = int(text)
    raise (lines[-1] if lines else head).error(f"`{expected[len(lines)]} :` after this line")


SOURCE: Source[StatExtraFacts] = Source(
    name="hccn_tool/stat-extra",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-stat_extra", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=300.0,
    keeps=3,
)
