"""`npu-smi info`: the table of all NPUs and the table of their processes."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Tuple, Union

import attrs

from ascend_doctor.facts.document import ABSENT_AS
from ascend_doctor.facts.npu_smi.answers import lines_or_refusal
from ascend_doctor.facts.npu_smi.columns import (
    CHIP_COLUMNS,
    PROCESS_COLUMNS,
    PROCESS_NAME,
    Usage,
    layout_of,
    process_head,
    unit_of,
)
from ascend_doctor.facts.parsing import Line, ParseError
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import Head, cells_of, is_elision, labels_of, read_head, read_row, reading_of, rule_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing, Reading


@attrs.frozen
class InfoChip:
    """One chip in the table.

    `npu` is the card id that `npu-smi -i` takes, `chip` the chip within the card (missing on the 950, which has none).
    `phy_id` is set where the layout prints one (A3), `device` where it prints that column (310, 310P).
    `name` is missing where the tool's query for it failed.
    `health` is the word as printed: OK, Warning, Alarm, Critical, UNKNOWN or anything else.
    `power_w` is missing where the tool prints `-` (second die of an A3 module: the first die's watts are the
    module's) or `NA` (310P). `temp_c` in degrees Celsius. `hugepages`, `mem_mb`, `hbm_mb` are (used, total);
    None where the layout has no such column. `aicore_pct` or, on the 950, `npu_util_pct` in percent.
    `bus_id` is missing where the tool prints `NA`.

    The tool prints zeros, and OK, where its queries of a chip fail (recorded from the vendor's code). A total of 0 MB
    gives that away: it and the other zeros of that chip are missing then. See also `looks_unread`.
    """

    npu: int
    chip: Reading[int]
    name: Reading[str]
    health: str
    power_w: Reading[float]
    temp_c: Reading[int]
    bus_id: Reading[str] = attrs.field(metadata={ABSENT_AS: "NA"})
    phy_id: Optional[int] = None
    device: Optional[int] = None
    hugepages: Optional[Reading[Usage]] = None
    aicore_pct: Optional[Reading[int]] = None
    npu_util_pct: Optional[Reading[int]] = None
    mem_mb: Optional[Reading[Usage]] = None
    hbm_mb: Optional[Reading[Usage]] = None

    @property
    def looks_unread(self) -> bool:
        """Whether the row has the marks of failed queries, no memory or 0 W at 0 degrees; its health means nothing."""
        memory = self.mem_mb if self.hbm_mb is None else self.hbm_mb
        return isinstance(memory, Missing) or (self.power_w == 0 and self.temp_c == 0)


@attrs.frozen
class InfoProcess:
    """One process on a chip.

    `mem` is in the unit that the table's head names; `name` may be empty (seen from containers).
    `pid_in_container` is None where the table has no such column, missing for a process of the host.
    """

    npu: int
    chip: Reading[int]
    pid: int
    name: str
    mem: int
    pid_in_container: Optional[Reading[int]] = attrs.field(default=None, metadata={ABSENT_AS: "NA"})


@attrs.frozen
class InfoFacts:
    """What `npu-smi info` says of the whole node.

    `layout` is `hbm`, `a3`, `310` or `950`. `process_table` is `present`, `absent` or `rows only` (rows without a
    head); absent is not "no processes". The tool lists a few processes per chip at most. An NPU that is in neither
    `processes` nor `npus_without_process` has an unknown state.
    `driver_incomplete` tells that the tool warns of an incomplete driver package below the table.
    `complete` is False where somebody has left rows out and put `...` in their place.
    `repeated_rows` counts rows that show the phy-id of an earlier row again: the tool prints one for a die that has
    dropped, with the values of another (recorded from the vendor's code, A3). Such rows are left out of `chips`.
    """

    tool_version: Reading[str]
    driver_version: Reading[str]
    layout: str
    chips: Tuple[InfoChip, ...]
    process_table: str
    process_memory_unit: Reading[str]
    processes: Tuple[InfoProcess, ...] = ()
    npus_without_process: Tuple[int, ...] = ()
    driver_incomplete: bool = False
    complete: bool = True
    repeated_rows: int = 0

    DERIVED = ("npu_count", "chip_count")

    @property
    def npu_count(self) -> int:
        """How many cards the table shows."""
        return len({chip.npu for chip in self.chips})

    @property
    def chip_count(self) -> int:
        """How many chips the table shows."""
        return len(self.chips)


_VERSIONS = re.compile(r"npu-smi\s+(\S+)\s+Version:\s*(\S*)\Z")
_NO_PROCESS = re.compile(r"No running processes found in NPU ([0-9]{1,6})\Z")
_WARNING = "[WARNING]The driver package may not be completely installed"

_NO_CHIP_IDS = Missing(Absence.NOT_SUPPORTED, "the product has one chip to a card")
_NOT_READ = Missing(Absence.TOOL_FAILED, "the tool prints zeros where its query failed: no memory at all")


def parse(evidence: Evidence) -> Reading[InfoFacts]:
    """Parse `npu-smi info`."""
    lines = lines_or_refusal(evidence)
    if isinstance(lines, Missing):
        return lines
    driver_incomplete = lines[-1].stripped.startswith(_WARNING)
    return _Answer(lines[:-1] if driver_incomplete else lines).read(driver_incomplete=driver_incomplete)


class _Answer:
    """Reads the two tables from the first line to the last."""

    def __init__(self, lines: List[Line]) -> None:
        self._lines = lines
        self._position = 0
        self._complete = True

    def read(self, *, driver_incomplete: bool) -> InfoFacts:
        tool, driver = self._versions()
        self._rule("-")
        first, second = self._line("the head of the table"), self._line("the second head of the table")
        heads = (read_head(first, CHIP_COLUMNS), read_head(second, CHIP_COLUMNS))
        layout = layout_of(labels_of(*heads), first)
        self._rule("=")
        chips, repeated = self._chips(heads, layout)
        kind, unit, processes, idle = self._process_table(layout)
        return InfoFacts(
            tool_version=tool,
            driver_version=driver,
            layout=layout,
            chips=chips,
            process_table=kind,
            process_memory_unit=unit,
            processes=processes,
            npus_without_process=idle,
            driver_incomplete=driver_incomplete,
            complete=self._complete,
            repeated_rows=repeated,
        )

    # The way through the lines.

    @property
    def _next(self) -> Optional[Line]:
        return self._lines[self._position] if self._position < len(self._lines) else None

    @property
    def _next_rule(self) -> str:
        return "" if self._next is None else rule_of(self._next)

    def _line(self, expected: str) -> Line:
        line = self._next
        if line is None:
            raise ParseError(self._lines[-1].number + 1, expected, "the end of the answer")
        self._position += 1
        return line

    def _rule(self, character: str) -> None:
        expected = f"a rule of `{character}`" if self._position else "the table of `npu-smi info`"
        line = self._line(expected)
        if rule_of(line) != character:
            raise line.error(expected)

    def _skip_elision(self) -> bool:
        if self._next is None or not is_elision(self._next):
            return False
        self._position += 1
        self._complete = False
        if self._next_rule == "=":
            self._position += 1
        return True

    # The parts of the answer.

    def _versions(self) -> Tuple[Reading[str], Reading[str]]:
        self._rule("-")
        line = self._line("the versions of the tool and the driver")
        parts = _VERSIONS.match(" ".join(cells_of(line)))
        if parts is None:
            raise line.error("`npu-smi X  Version: Y`")
        return reading_of(parts.group(1)), reading_of(parts.group(2))

    def _chips(self, heads: Tuple[Head, Head], layout: str) -> Tuple[Tuple[InfoChip, ...], int]:
        chips: List[InfoChip] = []
        seen_phy_ids = set()
        repeated = 0
        closed = True
        while self._next is not None:
            if closed and self._skip_elision():
                continue
            if closed and (self._next_rule or _names_processes(self._next)):
                break
            first = self._line("the first row of a chip")
            values = read_row(first, cells_of(first), heads[0])
            second = self._line("the second row of the chip")
            values.update(read_row(second, cells_of(second), heads[1]))
            closed = self._end_of_chip(layout)
            chip = _chip(values)
            if chip.phy_id in seen_phy_ids:
                repeated += 1
                continue
            if chip.phy_id is not None:
                seen_phy_ids.add(chip.phy_id)
            if any((chip.npu, chip.chip) == (other.npu, other.chip) for other in chips):
                raise first.error("each chip once")
            chips.append(chip)
        if not closed or (self._complete and not chips):
            raise ParseError(self._lines[-1].number + 1, "the rows of a chip", "the end of the answer")
        return tuple(chips), repeated

    def _end_of_chip(self, layout: str) -> bool:
        """Read the rule below a chip; return whether the table may end there.

        `=` ends a card; `-` parts the chips of one card where a card has several. Somebody also closed a table with it.
        """
        if self._skip_elision():
            return True
        line = self._line("a rule below the chip")
        if rule_of(line) == "=":
            return True
        if rule_of(line) != "-":
            raise line.error("a rule below the chip")
        return layout in ("hbm", "950") and self._next is None

    def _process_table(self, layout: str) -> Tuple[str, Reading[str], Tuple[InfoProcess, ...], Tuple[int, ...]]:
        unit: Reading[str] = Missing(Absence.NOT_REPORTED, "the process table has no head")
        if self._next is None:
            return "absent", unit, (), ()
        if self._next_rule:
            self._rule("-")
            line = self._line("the head of the process table")
            head = read_head(line, PROCESS_COLUMNS)
            kind, unit = "present", unit_of(head, layout, line)
            self._rule("=")
        else:
            kind, head = "rows only", process_head(layout)
        processes, idle = self._process_rows(head, must_close=kind == "present")
        return kind, unit, processes, idle

    def _process_rows(self, head: Head, *, must_close: bool) -> Tuple[Tuple[InfoProcess, ...], Tuple[int, ...]]:
        processes: List[InfoProcess] = []
        idle: List[int] = []
        closed = True
        empty = True
        while self._next is not None:
            if self._skip_elision():
                closed, empty = True, False
                continue
            line = self._line("a row of the process table")
            if rule_of(line):
                if closed:
                    raise line.error("a row of the process table")
                closed = True
                continue
            closed, empty = False, False
            cells = cells_of(line)
            none = _NO_PROCESS.match(cells[0])
            if none is None:
                processes.append(_process(line, cells, head))
            elif int(none.group(1)) in idle:
                raise line.error("each NPU without processes once")
            else:
                idle.append(int(none.group(1)))
        if empty or (must_close and not closed):
            raise ParseError(self._lines[-1].number + 1, "the rest of the process table", "the end of the answer")
        return tuple(processes), tuple(idle)


def _names_processes(line: Line) -> bool:
    return bool(_NO_PROCESS.match(cells_of(line)[0]))


def _chip(values: Dict[str, Any]) -> InfoChip:
    memory: Usage = values.get("hbm_mb") or values["mem_mb"]
    if memory[1] == 0:
        values = {name: _NOT_READ if _is_zero(name, value) else value for name, value in values.items()}
    return InfoChip(**{"chip": _NO_CHIP_IDS, **values})


_MEASURED = frozenset({"power_w", "temp_c", "hugepages", "aicore_pct", "npu_util_pct", "mem_mb", "hbm_mb"})


def _is_zero(name: str, value: Union[float, Usage, Missing]) -> bool:
    return name in _MEASURED and value in (0, (0, 0))


def _process(line: Line, cells: Tuple[str, ...], head: Head) -> InfoProcess:
    surplus = len(cells) - len(head)
    if surplus > 0:
        # Anybody can give a process a name with a bar in it: that must not hide the table.
        place = head.index((PROCESS_NAME,))
        cells = (*cells[:place], " | ".join(cells[place : place + surplus + 1]), *cells[place + surplus + 1 :])
    return InfoProcess(**{"chip": _NO_CHIP_IDS, **read_row(line, cells, head)})


SOURCE: Source[InfoFacts] = Source(
    name="npu-smi/info",
    scope=Scope.NODE,
    argv=("npu-smi", "info"),
    parse=parse,
    cost=Cost.CHEAP,
    timeout_s=20.0,
)
