"""`npu-smi info -t health`: the health word of each chip and the fault codes behind it."""

from __future__ import annotations

import re
from typing import Dict, List, Optional, Tuple

import attrs

from ascend_doctor.facts.npu_smi.blocks import Block, blocks_of
from ascend_doctor.facts.parsing import ParseError
from ascend_doctor.facts.source import FOR_ONE_CHIP, Scope, Source
from ascend_doctor.facts.tables import KeyLine, reading_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading


@attrs.frozen
class ChipHealth:
    """The health of one chip, or of the board's controller (`is_mcu`), which prints no codes.

    `chip` is missing where the answer does not say (with `-c`, and on the 950).
    `health` is the word as printed, missing where the tool says that it could not ask the chip, and where it prints NA,
    as of the controller inside a container. It can contradict other answers: without a code the tool prints OK here for
    a chip that `npu-smi info` shows with Warning (with `-c`, and on the 950; vendor source). `error_codes` are the
    tool's texts (`80E01801`), empty for none, missing where the tool prints no such line; `error_information` are
    the descriptions in the same order, missing where one is not there.
    """

    chip: Reading[int]
    health: Reading[str]
    error_codes: Reading[Tuple[str, ...]] = NOT_REPORTED
    error_information: Reading[Tuple[str, ...]] = NOT_REPORTED
    is_mcu: bool = False


@attrs.frozen
class HealthFacts:
    """What `npu-smi info -t health -i N` says of a card. `npu` and `chip_count` are None where it leaves them out."""

    chips: Tuple[ChipHealth, ...]
    npu: Optional[int] = None
    chip_count: Optional[int] = None

    DERIVED = ("health", "error_codes", "error_information")

    @property
    def compute_chips(self) -> Tuple[ChipHealth, ...]:
        """The chips that compute; the controller is left out."""
        return tuple(chip for chip in self.chips if not chip.is_mcu)

    @property
    def health(self) -> Optional[Reading[str]]:
        """The health of the only chip; None when there are several."""
        return self.compute_chips[0].health if len(self.compute_chips) == 1 else None

    @property
    def error_codes(self) -> Optional[Reading[Tuple[str, ...]]]:
        """The codes of the only chip; None when there are several."""
        return self.compute_chips[0].error_codes if len(self.compute_chips) == 1 else None

    @property
    def error_information(self) -> Optional[Reading[Tuple[str, ...]]]:
        """The descriptions of the only chip; None when there are several."""
        return self.compute_chips[0].error_information if len(self.compute_chips) == 1 else None


_HEALTH = ("health status", "health")
_CODES = "error code"
_TEXTS = "error information"
_NO_TEXT = "failed to get error information for error code"
_CODE = re.compile(r"(?:0[xX])?[0-9A-Fa-f]{1,16}\Z")


def parse(evidence: Evidence) -> Reading[HealthFacts]:
    """Parse `npu-smi info -t health -i N`, with or without `-c`."""
    answer = blocks_of(evidence, kind="health", wrapped=True)
    if isinstance(answer, Missing):
        return answer
    return HealthFacts(tuple(map(_chip, answer.blocks)), answer.npu, answer.chip_count)


def _chip(block: Block) -> ChipHealth:
    if block.failure is not None:
        return ChipHealth(block.chip, block.failure, block.failure, block.failure, block.is_mcu)
    found: Dict[str, KeyLine] = {}
    texts: List[str] = []
    for parts in block.lines:
        if parts.key == _NO_TEXT or (not parts.key and texts):
            texts.append(parts.value if not parts.key else f"{parts.label} : {parts.value}")
            continue
        key = _HEALTH[0] if parts.key in _HEALTH else parts.key
        if key not in (_HEALTH[0], _CODES, _TEXTS) or key in found:
            raise parts.line.error("`Health Status`, `Error Code` or `Error Information`, each once")
        found[key] = parts
        if key == _TEXTS:
            texts.append(parts.value)
    health = found.get(_HEALTH[0])
    if health is None or not health.value:
        raise block.lines[0].line.error("`Health Status`")
    word = reading_of(health.value)
    codes = found.get(_CODES)
    bare = isinstance(block.chip, Missing) and not block.is_mcu
    if (codes is None) != (not texts) or (bare and codes is None):
        raise ParseError(
            block.lines[-1].line.number + 1, "`Error Code` and `Error Information`", "the end of the answer"
        )
    if codes is None:
        return ChipHealth(block.chip, word, is_mcu=block.is_mcu)
    numbers = _listed(codes)
    return ChipHealth(block.chip, word, numbers, _described(numbers, texts, block.lines[-1]), block.is_mcu)


def _listed(codes: KeyLine) -> Tuple[str, ...]:
    if codes.value == "NA":
        return ()
    found = tuple(codes.value.split())
    if not found or not all(map(_CODE.match, found)):
        raise codes.line.error("`NA` or error codes")
    return found


def _described(codes: Tuple[str, ...], texts: List[str], last: KeyLine) -> Reading[Tuple[str, ...]]:
    """Return the descriptions. Fewer than codes may mean that the answer was cut: then none is told from another."""
    if texts == ["NA"]:
        texts = []
    if len(texts) > len(codes):
        raise last.line.error(f"{len(codes)} descriptions, one for each code")
    if len(texts) < len(codes):
        return Missing(Absence.NOT_REPORTED, f"{len(texts)} descriptions for {len(codes)} codes")
    return tuple(texts)


SOURCE: Source[HealthFacts] = Source(
    name="npu-smi/health",
    # Asked about a whole card, newer tools print no fault codes (vendor source).
    scope=Scope.CHIP,
    argv=("npu-smi", "info", "-t", "health", "-i", "{npu}", *FOR_ONE_CHIP),
    parse=parse,
)
