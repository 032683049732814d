"""The options of `npu-smi info`, read in the vendor's order and with its texts (vendor source, npu_cmd_parse.c)."""

from __future__ import annotations

import re
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.npu_smi.cards import LOST_CARD, Card, find
from ascend_doctor.simulator.npu_smi.queries.interconnect import links_of
from ascend_doctor.simulator.npu_smi.types import TYPES

MAX_WINDOW_MS = 1000


@attrs.define
class Options:
    """What the options ask for. `card_id` is -1 until a `-i` was read, the other numbers are None until then."""

    listing: bool = False
    mapping: bool = False
    kind: Optional[str] = None
    card_id: int = LOST_CARD
    has_card: bool = False
    chip_id: Optional[int] = None
    phy_id: Optional[int] = None
    lane: Optional[int] = None
    window_ms: Optional[int] = None
    far_ends: bool = False
    wants_help: bool = False


class WrongOptionError(Exception):
    """An option that the tool refuses. `lines` are what it prints before its help, `kind` the type it had read by then.

    `is_refusal` marks a type that the tool knows and does not answer here: no help follows.
    """

    def __init__(self, kind: Optional[str], *lines: str, is_refusal: bool = False) -> None:
        super().__init__(*lines)
        self.kind = kind
        self.lines = lines
        self.is_refusal = is_refusal


@attrs.frozen
class Reader:
    """Reads options for one machine and the cards that are there."""

    machine: Machine
    cards: Sequence[Card]

    def read(self, words: Sequence[str]) -> Options:
        """Return what the words behind `info` ask for. Raises `WrongOptionError` for what the tool refuses.

        The tool takes options in pairs: what stands behind `-l`, `-m` or `-R` is not looked at.
        """
        options = Options()
        seen: Dict[str, int] = {}
        for position in range(0, len(words), 2):
            option = words[position]
            group = _group_of(option)
            if group is not None and seen.setdefault(group, position) != position:
                raise WrongOptionError(options.kind, f"Error parameter of {option}")
            take = _TAKERS.get(option)
            value = words[position + 1] if position + 1 < len(words) else None
            complaints = [] if take is None else take(self, options, value)
            if take is None or complaints is not None:
                raise WrongOptionError(options.kind, *(complaints or ()), f"Error parameter of {option}")
            if options.wants_help:
                break
        return options


_Complaints = Optional[List[str]]
"""None when the option is right, else the lines that come before `Error parameter of`."""


def _group_of(option: str) -> Optional[str]:
    """Return the group of which the tool accepts one option; the vendor compares beginnings, so `-` is in the first."""
    for group, members in _EXCLUSIVE:
        if any(member.startswith(option) for member in members):
            return group
    return None


_EXCLUSIVE: Tuple[Tuple[str, Tuple[str, ...]], ...] = (
    ("verb", ("-t", "-l", "-m", "-h", "-help")),
    ("card", ("-i",)),
    ("chip", ("-c",)),
)


def _number(text: Optional[str]) -> Optional[int]:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 10 else None


def _take_card(reader: Reader, options: Options, value: Optional[str]) -> _Complaints:
    number = _number(value)
    options.has_card = value is not None
    if number is not None:
        options.card_id = number
    if find(list(reader.cards), options.card_id) is None or value is None:
        return ["Invalid card id."]
    if number is None:
        # A lost card has the very id that stands for "none", so the tool finds it and complains less.
        return []
    return None


def _take_chip(reader: Reader, options: Options, value: Optional[str]) -> _Complaints:
    number = _number(value)
    card = find(list(reader.cards), options.card_id)
    options.chip_id = number
    if reader.machine.generation is Generation.A5:
        return None
    if number is None or card is None or not (number < len(card.chips) or number == card.mcu_id):
        return ["Invalid chip id."]
    return None


def _take_kind(reader: Reader, options: Options, value: Optional[str]) -> _Complaints:
    known = TYPES.get(value or "")
    if known is None or value is None:
        return []
    options.kind = value
    refusal = known.refusal(reader.machine, value)
    if refusal is not None:
        raise WrongOptionError(value, refusal, is_refusal=True)
    return None


def _take_phy_id(reader: Reader, options: Options, value: Optional[str]) -> _Complaints:
    if value is None:
        return ["Invalid phy id."]
    options.phy_id = _number(value)
    # The tool looks for the device's file in /dev.
    return None if options.phy_id in {chip.phy_id for chip in reader.machine.chips} else []


def _take_lane(reader: Reader, options: Options, value: Optional[str]) -> _Complaints:
    # Read as far as there are digits.
    digits = re.match(r"\s*\+?([0-9]{1,6})", value or "")
    lane = int(digits[1]) if digits is not None else 0
    if options.kind != "hccs" or lane not in links_of(reader.machine):
        return []
    options.lane = lane
    return None


def _take_far_ends(_reader: Reader, options: Options, _value: Optional[str]) -> _Complaints:
    options.far_ends = True
    return None


def _take_window(_reader: Reader, options: Options, value: Optional[str]) -> _Complaints:
    if value is None:
        return []
    options.window_ms = _number(value)
    if options.window_ms is None or not 0 < options.window_ms <= MAX_WINDOW_MS:
        return ["Invalid time."]
    return None


def _take_listing(_reader: Reader, options: Options, _value: Optional[str]) -> _Complaints:
    options.listing = True
    return None


def _take_mapping(_reader: Reader, options: Options, _value: Optional[str]) -> _Complaints:
    options.mapping = True
    return None


def _take_help(_reader: Reader, options: Options, _value: Optional[str]) -> _Complaints:
    options.wants_help = True
    return None


_TAKERS: Dict[str, Callable[[Reader, Options, Optional[str]], _Complaints]] = {
    "-i": _take_card,
    "-c": _take_chip,
    "-t": _take_kind,
    "-l": _take_listing,
    "-m": _take_mapping,
    "-p": _take_phy_id,
    "-R": _take_far_ends,
    "-lane": _take_lane,
    "-time": _take_window,
    "-h": _take_help,
    "--help": _take_help,
}
