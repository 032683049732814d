"""The frame that `npu-smi info -t TYPE -i N` gives its answers: the card, then a block for each chip."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.facts.document import fields_of
from ascend_doctor.facts.npu_smi.answers import lines_or_refusal
from ascend_doctor.facts.npu_smi.key_answer import lines_about
from ascend_doctor.facts.parsing import Line, ParseError
from ascend_doctor.facts.tables import KeyLine, key_line, whole
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading

_FAILED = "Failed to query npu chip: "
_MCU_FAILED = re.compile(r"Failed to query mcu chip: [0-9]{1,9} info\.\Z")
NOTHING_OF_CHIPS = "the tool names the card and says nothing of its chips"
_HEAD = ("npu id", "chip count")


@attrs.frozen
class Block:
    """What an answer says of one chip. `chip` is missing where it does not say of which (with `-c`, and on the 950).

    `failure` is set where the tool says that it could not ask the chip; there are no lines then.
    `is_mcu` tells that the block is about the board's controller.
    """

    chip: Reading[int]
    lines: Tuple[KeyLine, ...]
    is_mcu: bool = False
    failure: Optional[Missing] = None


@attrs.frozen
class CardAnswer:
    """A whole answer. `npu` and `chip_count` are None where it leaves them out."""

    blocks: Tuple[Block, ...]
    npu: Optional[int] = None
    chip_count: Optional[int] = None

    @property
    def chips(self) -> Tuple[Block, ...]:
        """The blocks of the chips that compute."""
        return tuple(block for block in self.blocks if not block.is_mcu)


def blocks_of(
    evidence: Evidence, *, kind: str = "", wrapped: bool = False, ends: Sequence[str] = ()
) -> Reading[CardAnswer]:
    """Return the blocks of an answer, or why there are none.

    A block ends with its `Chip ID`, or with `Chip Name : MCU`. An answer without such a line is one block: on the 950
    there is one chip to a card, and with `-c` one was asked for. `kind` is the type that was asked for, where a tool
    may be too old to know it. `wrapped` allows values that go on in the next line. `ends` are the labels, normalised,
    one of which ends an answer without `Chip ID`; with any other it was cut. Raises `ParseError` when a block is not
    closed, when a chip comes twice, or when the blocks are not as many as `Chip Count` says.
    """
    lines = lines_about(kind, evidence) if kind else lines_or_refusal(evidence)
    if isinstance(lines, Missing):
        return lines
    reader = _Reader(wrapped=wrapped)
    for line in lines:
        reader.take(line)
    answer = reader.answer(lines[-1], ends)
    _check_chips(answer, lines[-1])
    # The tool prints just the two lines about the card when the driver does not support the query (vendor source).
    return answer if answer.blocks else Missing(Absence.NOT_REPORTED, NOTHING_OF_CHIPS)


class _Reader:
    """Gathers lines into blocks."""

    def __init__(self, *, wrapped: bool) -> None:
        self._wrapped = wrapped
        self._head: Dict[str, int] = {}
        self._blocks: List[Block] = []
        self._open: List[KeyLine] = []

    def take(self, line: Line) -> None:
        """Take the next line."""
        failed = line.stripped.startswith(_FAILED) or _MCU_FAILED.match(line.stripped) is not None
        parts = None if failed else key_line(line)
        if failed:
            self._fail(line)
        elif parts is None:
            self._go_on(line)
        elif parts.key in _HEAD:
            self._begin(parts)
        elif parts.key == "chip id":
            self._close(Block(whole(parts), tuple(self._open)))
        elif parts.key == "chip name":
            if parts.value.casefold() != "mcu":
                raise line.error("`MCU`, the only chip that answers by its name")
            self._close(Block(NOT_REPORTED, tuple(self._open), is_mcu=True))
        else:
            self._open.append(parts)

    def answer(self, last: Line, ends: Sequence[str]) -> CardAnswer:
        """Return what was gathered."""
        if self._open:
            if self._blocks or "chip count" in self._head:
                raise ParseError(last.number + 1, "`Chip ID` at the end of the block", "the end of the answer")
            if ends and self._open[-1].key not in ends:
                raise ParseError(last.number + 1, "the rest of the answer", "its end")
            self._close(Block(NOT_REPORTED, tuple(self._open)))
        return CardAnswer(tuple(self._blocks), self._head.get("npu id"), self._head.get("chip count"))

    def _begin(self, parts: KeyLine) -> None:
        before = _HEAD[: _HEAD.index(parts.key)]
        if self._blocks or self._open or not set(self._head).issubset(before):
            raise parts.line.error(f"{parts.label!r} only once, at the start")
        self._head[parts.key] = whole(parts)

    def _go_on(self, line: Line) -> None:
        if not (self._wrapped and self._open):
            raise line.error("`label : value`")
        last = self._open.pop()
        self._open.append(attrs.evolve(last, value=f"{last.value} {line.stripped}".strip()))

    def _close(self, block: Block) -> None:
        self._blocks.append(block)
        self._open = []

    def _fail(self, line: Line) -> None:
        """Put the failure into the block of the chip, which the tool has just printed empty."""
        last = self._blocks.pop() if self._blocks and not self._open else None
        named = last is not None and (last.is_mcu or line.stripped == f"{_FAILED}{last.chip} info.")
        if last is None or last.lines or not named or last.is_mcu == line.stripped.startswith(_FAILED):
            raise line.error("the empty block of the chip that could not be asked before this line")
        self._close(attrs.evolve(last, failure=Missing(Absence.TOOL_FAILED, line.stripped)))


def _check_chips(answer: CardAnswer, last: Line) -> None:
    chips = [block.chip for block in answer.chips if isinstance(block.chip, int)]
    if len(set(chips)) != len(chips):
        raise ParseError(last.number, "each chip once", f"chips {chips}")
    for block in answer.blocks:
        if not block.lines and block.failure is None:
            raise ParseError(last.number, "values in each block", f"chip {block.chip} without any")
    # The power of a 310P is measured by its controller alone: its chips have no block (vendor source).
    silent = not answer.chips and bool(answer.blocks)
    if answer.blocks and not silent and answer.chip_count not in (None, len(chips)):
        raise ParseError(last.number, f"blocks for {answer.chip_count} chips", f"{len(chips)}")
    if sum(block.is_mcu for block in answer.blocks) > 1:
        raise ParseError(last.number, "one block of the controller", "several")


def only_chip(facts: object, chips: Sequence[object]) -> Dict[str, Any]:
    """Return facts as a document that also shows the values of their only chip at the top."""
    top = fields_of(chips[0]) if len(chips) == 1 else {}
    return {**top, **fields_of(facts)}
