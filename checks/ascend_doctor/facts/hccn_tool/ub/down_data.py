"""`hccn_tool -g -down_data -i N -u U -p P`: what the lanes of a port of the 950 saw when its link went down."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines
from ascend_doctor.facts.hccn_tool.table import take_table
from ascend_doctor.facts.hccn_tool.ub.question import of_port, refused
from ascend_doctor.facts.parsing import Line, integer
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Reading

_COLUMNS = ("lane", "snr_metric", "metric_his_min", "err_avg", "cycles_avg", "heh_avg", "c3_ud_2csr", "c5_ud_2csr")
_HEAD = re.compile(r"down data of udie ([0-9]{1,2}) port ([0-9]{1,2}) - log row ([0-9]{1,2}):\Z")
_NONE = re.compile(r"udie ([0-9]{1,2}) port ([0-9]{1,2}): no down data\Z")


@attrs.frozen
class DownLane:
    """One lane at that moment. `snr_metric` is the device's linear measure; 0 means that it saw no signal."""

    lane: int
    snr_metric: int
    metric_his_min: int
    err_avg: int
    cycles_avg: int
    heh_avg: int
    c3_ud_2csr: int
    c5_ud_2csr: int


@attrs.frozen
class DownDataFacts:
    """The interruptions that the device remembers, each with its lanes; empty where there was none."""

    udie: int
    port: int
    rows: Tuple[Tuple[DownLane, ...], ...] = ()

    def as_document(self) -> Dict[str, Any]:
        """Return how many there are, the lanes of each, and the lanes that saw no signal."""
        bad = [
            {"log_row": number, "lane": lane.lane, "snr": lane.snr_metric, "metric_his_min": lane.metric_his_min}
            for number, lanes in enumerate(self.rows)
            for lane in lanes
            if lane.snr_metric == 0
        ]
        shown: Dict[str, Any] = {"udie": self.udie, "port": self.port, "log_rows": len(self.rows)}
        if self.rows:
            shown["lanes_per_row"] = max(map(len, self.rows))
        return {**shown, "bad_lanes": bad, "rows": [[attrs.asdict(lane) for lane in lanes] for lanes in self.rows]}


def parse(evidence: Evidence) -> Reading[DownDataFacts]:
    """Parse `hccn_tool -g -down_data -i N -u U -p P`."""
    answer = refused(evidence)
    if answer is not None:
        return answer
    lines = data_lines(evidence)
    none = _NONE.match(lines[0].stripped)
    if none is not None and len(lines) == 1:
        return DownDataFacts(int(none.group(1)), int(none.group(2)))
    places = set()
    rows: List[Tuple[DownLane, ...]] = []
    while lines:
        head = _HEAD.match(lines[0].stripped)
        if head is None or int(head.group(3)) != len(rows):
            raise lines[0].error(f"`down data of udie U port P - log row {len(rows)}:`")
        places.add((int(head.group(1)), int(head.group(2))))
        if len(places) > 1:
            raise lines[0].error("the same port as before")
        table, lines = take_table(lines[1:], _COLUMNS)
        rows.append(tuple(_lane(line, cells) for line, cells in table))
    ((udie, port),) = places
    return DownDataFacts(udie, port, tuple(rows))


def _lane(line: Line, cells: Tuple[str, ...]) -> DownLane:
    return DownLane(*(integer(cell, line, name) for cell, name in zip(cells, _COLUMNS)))


SOURCE = of_port("down_data", parse, "ub_down_data")
