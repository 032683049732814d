"""`npu-smi info -t proc-mem`: the processes that hold memory on each chip."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Tuple

import attrs

from ascend_doctor.facts.document import document, fields_of
from ascend_doctor.facts.npu_smi.key_answer import lines_about
from ascend_doctor.facts.parsing import Line, ParseError
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.facts.tables import key_line, whole
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading


@attrs.frozen
class Process:
    """One process on a chip. `name` is empty where the tool could not find it, as for one in another container."""

    pid: int
    name: str
    mem_mb: int


@attrs.frozen
class ChipProcesses:
    """The processes of one chip. `chip` is missing where the answer does not say (with `-c`, and on the 950).

    `processes` is missing where the tool says that it could not ask the chip.
    """

    chip: Reading[int]
    processes: Reading[Tuple[Process, ...]]


@attrs.frozen
class ProcMemFacts:
    """What `npu-smi info -t proc-mem -i N` says of a card."""

    chips: Tuple[ChipProcesses, ...]
    npu: Optional[int] = None
    chip_count: Optional[int] = None

    def as_document(self) -> Dict[str, Any]:
        """Return the document; the processes of all chips that could be asked also stand at its top."""
        known = [chip.processes for chip in self.chips if not isinstance(chip.processes, Missing)]
        return {"processes": document([process for found in known for process in found]), **fields_of(self)}


_PROCESS = re.compile(r"Process id:([0-9]{1,10})\s+Process name:(.{0,64}?)\s+Process memory\(MB\):([0-9]{1,20})\Z")
_NONE = "No process in device."
_NAMELESS = "Get pid name failed."
"""Printed before a process of which the name is not known."""
_FAILED = re.compile(r"Failed to query npu chip: ([0-9]{1,9}) info\.\Z")
_HEAD = ("npu id", "chip count")


def parse(evidence: Evidence) -> Reading[ProcMemFacts]:
    """Parse `npu-smi info -t proc-mem -i N`, with or without `-c`."""
    lines = lines_about("proc-mem", evidence)
    if isinstance(lines, Missing):
        return lines
    reader = _Reader()
    for line in lines:
        reader.take(line)
    return reader.facts(lines[-1])


class _Reader:
    """Gathers the lines of each chip, which end with its `Chip ID`."""

    def __init__(self) -> None:
        self._head: Dict[str, int] = {}
        self._chips: List[ChipProcesses] = []
        self._open: List[Process] = []
        self._idle = False
        self._nameless = False

    def take(self, line: Line) -> None:
        """Take the next line."""
        process = _PROCESS.match(line.stripped)
        failed = _FAILED.match(line.stripped)
        if process is not None and not self._idle:
            self._open.append(Process(int(process.group(1)), process.group(2).strip(), int(process.group(3))))
            self._nameless = False
        elif line.stripped == _NONE and not self._idle and not self._open:
            self._idle = True
        elif line.stripped == _NAMELESS and not self._idle and not self._nameless:
            self._nameless = True
        elif failed is not None:
            self._fail(line, int(failed.group(1)))
        else:
            self._take_number(line)

    def facts(self, last: Line) -> ProcMemFacts:
        """Return what was gathered."""
        if self._open or self._idle:
            if self._chips or "chip count" in self._head:
                raise ParseError(last.number + 1, "`Chip ID` at the end of the block", "the end of the answer")
            self._close(NOT_REPORTED)
        numbers = [chip.chip for chip in self._chips]
        count = self._head.get("chip count", 1)
        if self._nameless or len(set(numbers)) != len(numbers) or len(numbers) != count:
            raise ParseError(last.number + 1, f"the processes of {count} chips", f"those of chips {numbers}")
        return ProcMemFacts(tuple(self._chips), self._head.get("npu id"), self._head.get("chip count"))

    def _take_number(self, line: Line) -> None:
        parts = key_line(line)
        at_start = not (self._chips or self._open or self._idle)
        if parts is not None and at_start and parts.key in _HEAD[len(self._head) :][:1]:
            self._head[parts.key] = whole(parts)
        elif parts is not None and parts.key == "chip id" and not self._nameless:
            self._close(whole(parts))
        else:
            raise line.error("a process, `No process in device.` or `Chip ID`")

    def _close(self, chip: Reading[int]) -> None:
        self._chips.append(ChipProcesses(chip, tuple(self._open)))
        self._open, self._idle = [], False

    def _fail(self, line: Line, number: int) -> None:
        last = self._chips[-1] if self._chips else None
        if last is None or last.chip != number or last.processes or self._open or self._idle:
            raise line.error("the empty block of the chip that could not be asked before this line")
        self._chips[-1] = attrs.evolve(last, processes=Missing(Absence.TOOL_FAILED, line.stripped))


SOURCE: Source[ProcMemFacts] = Source(
    name="npu-smi/proc-mem",
    scope=Scope.CARD,
    argv=("npu-smi", "info", "-t", "proc-mem", "-i", "{npu}"),
    parse=parse,
)
