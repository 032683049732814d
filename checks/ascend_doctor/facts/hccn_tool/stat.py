"""`hccn_tool -i N -stat -g`: packet counters of the port since its start."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer, key_and_value
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.facts.tables import is_elision
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

_HEAD = "packet statistics:"
_NAME = re.compile(r"[a-z][a-z0-9_]{1,63}\Z")
_COUNTER = re.compile(r"[0-9]{1,20}\Z")
_PORT, _UBOE = "port_id", "is_uboe_port"
# How the whole list begins and ends, in the older form and in that of the 950, where a port that carries Ethernet has
# more to say (vendor source, tool.c and tool_shell_ops.c). Recordings filtered for a few counters have neither.
_FIRST = ("mac_tx_mac_pause_num", _PORT)
_LAST = {None: "nic_rx_all_oct_num", 0: "crc_error_sum", 1: "core_mib_txbadoctets"}
_MOST_FILTERED = 8


@attrs.frozen
class StatFacts:
    """The counters by the tool's own names. They live since boot: only differences mean anything.

    `elided` tells that a published sample has rows cut out by its author (`...`).
    `port` and `uboe` (whether the port carries Ethernet) are what the 950 form begins with, None elsewhere.
    """

    counters: Mapping[str, int]
    elided: bool = False
    port: Optional[int] = None
    uboe: Optional[bool] = None

    def as_document(self) -> Dict[str, object]:
        """Return the counters under the tool's own names, beside `elided`.

        For the 950 form also its two leading lines, how many numbers it holds, and the value that all counters
        share where they do.
        """
        shown: Dict[str, object] = {**self.counters, "elided": self.elided}
        if self.port is not None and self.uboe is not None:
            shown.update({_PORT: self.port, _UBOE: int(self.uboe), "counters": len(self.counters) + 2})
            different = set(self.counters.values())
            if len(different) == 1:
                shown["all_other_counters"] = different.pop()
        return shown


def parse(evidence: Evidence) -> Reading[StatFacts]:
    """Parse `hccn_tool -i N -stat -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    body = lines[1:] if lines[0].stripped == _HEAD else lines
    rows = [line for line in body if not is_elision(line)]
    if not rows:
        raise lines[-1].error("a counter after this line")
    if len(rows) > _MOST_FILTERED and body is lines:
        raise lines[0].error(f"`{_HEAD}`")
    counters = _counters(rows)
    is_whole = len(rows) > _MOST_FILTERED or next(iter(counters)) in _FIRST
    port, uboe = counters.pop(_PORT, None), counters.pop(_UBOE, None)
    if (port is None) != (uboe is None) or uboe not in _LAST:
        raise rows[0].error(f"both `{_PORT}:` and `{_UBOE}:`, the latter 0 or 1")
    if is_whole and key_and_value(rows[-1])[0] != _LAST[uboe] and body[-1] is rows[-1]:
        raise rows[-1].error(f"`{_LAST[uboe]}:` at the end, after this line")
    return StatFacts(counters, len(rows) < len(body), port, None if uboe is None else bool(uboe))


def _counters(rows: List[Line]) -> Dict[str, int]:
    counters: Dict[str, int] = {}
    for line in rows:
        name, value = key_and_value(line)
        if not _NAME.match(name) or not _COUNTER.match(value):
            raise line.error("`name:number`")
        if name in counters:
            raise line.error("another counter than before")
        counters[name] = int(value)
    return counters


SOURCE: Source[StatFacts] = Source(
    name="hccn_tool/stat",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-stat", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=300.0,
    keeps=3,
)
