"""`npu-smi info -t common`: load, clocks, temperature and power of each chip, and of the board's controller."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.facts.npu_smi.blocks import only_chip
from ascend_doctor.facts.npu_smi.key_answer import lines_about
from ascend_doctor.facts.parsing import ParseError
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import Fields, KeyLine, bind, count, key_lines, number, whole
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading


@attrs.frozen
class ChipCommon:
    """One chip: rates in percent, clocks in MHz, degrees Celsius, watts. A field is None where there is no such line.

    `aicore_freq_mhz` is the rated clock, `aicore_cur_freq_mhz` the present one: an idle chip runs slower. `chip` is
    missing on the 950, which has one chip to a card. Every value is missing where the tool could not ask the chip: it
    prints zeros throughout. Labels that the parser does not know are kept in `extra`.
    """

    chip: Reading[int]
    memory_usage_pct: Optional[Reading[int]] = None
    hbm_usage_pct: Optional[Reading[int]] = None
    aicore_usage_pct: Optional[Reading[int]] = None
    aicore_freq_mhz: Optional[Reading[int]] = None
    aicore_cur_freq_mhz: Optional[Reading[int]] = None
    aicore_count: Optional[Reading[int]] = None
    temperature_c: Optional[Reading[int]] = None
    power_w: Optional[Reading[float]] = None
    rated_power_w: Optional[Reading[float]] = None
    extra: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class McuCommon:
    """The controller of the board. Its watts are the board's and not a chip's; None where there is no such line."""

    temperature_c: Optional[Reading[int]] = None
    power_w: Optional[Reading[float]] = None
    extra: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class CommonFacts:
    """What `npu-smi info -t common -i N` says of a card."""

    chips: Tuple[ChipCommon, ...]
    npu: int
    chip_count: Optional[int] = None
    mcu: Optional[McuCommon] = None

    def as_document(self) -> Dict[str, Any]:
        """Return the document; the values of the only chip also stand at its top."""
        return only_chip(self, self.chips)


_POWER = "npu real-time power(w)"
_RATED_POWER = "rated power dissipation(w)"
_CHIP_FIELDS: Fields = {
    "memory usage rate(%)": ("memory_usage_pct", count),
    "hbm usage rate(%)": ("hbm_usage_pct", count),
    "aicore usage rate(%)": ("aicore_usage_pct", count),
    "aicore freq(mhz)": ("aicore_freq_mhz", count),
    "aicore curfreq(mhz)": ("aicore_cur_freq_mhz", count),
    "aicore count": ("aicore_count", count),
    "temperature(c)": ("temperature_c", count),
    _POWER: ("power_w", number),
    _RATED_POWER: ("rated_power_w", number),
}
_MCU_FIELDS: Fields = {
    "temperature(c)": ("temperature_c", count),
    _POWER: ("power_w", number),
    "power dissipation(w)": ("power_w", number),
}
_UNREAD = Missing(Absence.TOOL_FAILED, "the tool prints zeros where its queries failed: no clock, no warmth, no power")


def parse(evidence: Evidence) -> Reading[CommonFacts]:
    """Parse `npu-smi info -t common -i N`. Here a block starts with its chip; everywhere else it ends with it."""
    lines = lines_about("common", evidence)
    if isinstance(lines, Missing):
        return lines
    head, groups = _groups(key_lines(lines))
    values = {parts.key: whole(parts) for parts in head[:2]}
    names = [parts.key for parts in head]
    if names[:1] != ["npu id"] or (len(head) > 1 and names != ["npu id", "chip count"]):
        raise head[0].line.error("`NPU ID`, and `Chip Count` where chips are numbered")
    chips: List[ChipCommon] = []
    mcu: Optional[McuCommon] = None
    for opened, group in groups:
        if mcu is not None:
            raise group[0].line.error("the controller as the last one")
        if opened is not None and opened.key == "chip name":
            mcu = _mcu(opened, group)
        else:
            chips.append(_chip(NOT_REPORTED if opened is None else whole(opened), group))
    numbers = [chip.chip for chip in chips]
    if len(set(numbers)) != len(chips) or len(chips) != values.get("chip count", 1):
        raise ParseError(lines[-1].number + 1, f"a block for each of {values.get('chip count', 1)} chips", f"{numbers}")
    return CommonFacts(tuple(chips), values["npu id"], values.get("chip count"), _of(mcu, chips))


def _of(mcu: Optional[McuCommon], chips: Sequence[ChipCommon]) -> Optional[McuCommon]:
    """Return the controller; where no chip could be asked its zero is none of its own either."""
    if mcu is not None and mcu.temperature_c == 0 and all(chip.temperature_c is _UNREAD for chip in chips):
        return attrs.evolve(mcu, temperature_c=_UNREAD)
    return mcu


_Group = Tuple[Optional[KeyLine], List[KeyLine]]


def _groups(lines: Sequence[KeyLine]) -> Tuple[List[KeyLine], List[_Group]]:
    """Return the lines about the card, and for each block the line that opens it (none on the 950) and its values."""
    head = [parts for parts in lines[:2] if parts.key in ("npu id", "chip count")]
    groups: List[_Group] = []
    for parts in lines[len(head) :]:
        if parts.key in ("chip id", "chip name"):
            groups.append((parts, []))
        elif groups:
            groups[-1][1].append(parts)
        else:
            groups.append((None, [parts]))
    if not head or not groups or not all(values for _, values in groups):
        raise ParseError(
            lines[-1].line.number + 1, "the card, and values of each of its chips", "the end of the answer"
        )
    return head, groups


def _chip(number_of_chip: Reading[int], lines: Sequence[KeyLine]) -> ChipCommon:
    chip = ChipCommon(number_of_chip, **bind(lines, _CHIP_FIELDS))
    keys = {parts.key for parts in lines}
    if chip.temperature_c is None or ("hbm usage rate(%)" in keys and _POWER not in keys):
        raise ParseError(lines[-1].line.number + 1, "the rest of the block", "its end")
    # Recorded from the vendor's code: each query that fails leaves a 0. No chip has a rated clock of 0.
    if chip.aicore_freq_mhz == 0 and chip.temperature_c == 0 and not chip.power_w:
        failed: Dict[str, Any] = {name: _UNREAD for key, (name, _) in _CHIP_FIELDS.items() if key in keys}
        return attrs.evolve(chip, **failed)
    if chip.aicore_freq_mhz == 0:
        return attrs.evolve(chip, aicore_freq_mhz=_UNREAD, aicore_cur_freq_mhz=_UNREAD)
    return chip


def _mcu(opened: KeyLine, lines: Sequence[KeyLine]) -> McuCommon:
    if opened.value.casefold() != "mcu":
        raise opened.line.error("`mcu`, the only chip that answers by its name")
    return McuCommon(**bind(lines, _MCU_FIELDS))


SOURCE: Source[CommonFacts] = Source(
    name="npu-smi/common",
    scope=Scope.CARD,
    argv=("npu-smi", "info", "-t", "common", "-i", "{npu}"),
    parse=parse,
    cost=Cost.DEVICE,
)
