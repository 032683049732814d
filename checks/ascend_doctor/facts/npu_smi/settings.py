"""What is set on a chip or is known of it, one value to an answer.

`npu-smi info -t ecc-enable`, `sys-time`, `product`, `device-share`, `p2p-mem-cfg` and `work-mode`.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, Optional, Tuple

import attrs

from ascend_doctor.facts.npu_smi.answers import lines_or_refusal
from ascend_doctor.facts.npu_smi.blocks import Block, blocks_of, only_chip
from ascend_doctor.facts.source import FOR_ONE_CHIP, Cost, Scope, Source
from ascend_doctor.facts.tables import Fields, KeyLine, bind, key_lines, words
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Missing, Reading


@attrs.frozen
class EccEnableFacts:
    """Whether memory errors are corrected: one field for the memory that the product has, the others None."""

    hbm_ecc_enable: Optional[bool] = None
    ddr_ecc_enable: Optional[bool] = None
    ecc_enable: Optional[bool] = None


@attrs.frozen
class SysTimeFacts:
    """The clock of the device in the node's time zone, as printed: `Thu Jan  1 00:00:00 2026`."""

    system_time: str


@attrs.frozen
class ChipSetting:
    """One value of one chip. Which one it is the source says; the others are None.

    A value is missing where the tool says that it could not ask the chip.
    """

    chip: Reading[int]
    product_type: Optional[Reading[str]] = None
    device_share: Optional[Reading[bool]] = None
    p2p_mem_cfg: Optional[Reading[str]] = None
    work_mode: Optional[Reading[str]] = None
    extra: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class SettingFacts:
    """One setting of a card, chip by chip."""

    chips: Tuple[ChipSetting, ...]
    npu: Optional[int] = None
    chip_count: Optional[int] = None

    def as_document(self) -> Dict[str, Any]:
        """Return the document; the value of the only chip also stands at its top."""
        return only_chip(self, self.chips)


def _truth(parts: KeyLine) -> bool:
    if parts.value not in ("True", "False"):
        raise parts.line.error("`True` or `False`")
    return parts.value == "True"


def _switch(parts: KeyLine) -> str:
    if parts.value not in ("Enable", "Disable"):
        raise parts.line.error("`Enable` or `Disable`")
    return parts.value


def _mode(parts: KeyLine) -> str:
    if parts.value not in ("AMP", "SMP"):
        raise parts.line.error("`AMP` or `SMP`")
    return parts.value


def _only_values(evidence: Evidence, fields: Fields, expected: str) -> Reading[Dict[str, Any]]:
    lines = lines_or_refusal(evidence)
    if isinstance(lines, Missing):
        return lines
    values = bind(key_lines(lines), fields)
    if values.pop("extra") or not values:
        raise lines[0].error(expected)
    return values


_ECC_ENABLE: Fields = {
    "hbm ecc-enable status": ("hbm_ecc_enable", _truth),
    "ddr ecc-enable status": ("ddr_ecc_enable", _truth),
    # The 310 and 310B have one memory and do not name it (vendor source).
    "ecc-enable status": ("ecc_enable", _truth),
}


def parse_ecc_enable(evidence: Evidence) -> Reading[EccEnableFacts]:
    """Parse `npu-smi info -t ecc-enable -i N`."""
    values = _only_values(evidence, _ECC_ENABLE, "`HBM ECC-Enable Status`")
    return values if isinstance(values, Missing) else EccEnableFacts(**values)


def _time(parts: KeyLine) -> str:
    # The form that the C library gives a time: a date of five words.
    if len(parts.value.split()) != 5:
        raise parts.line.error("a time such as `Thu Jan  1 00:00:00 2026`")
    return parts.value


def parse_sys_time(evidence: Evidence) -> Reading[SysTimeFacts]:
    """Parse `npu-smi info -t sys-time -i N -c C`, on the 950 without `-c`."""
    fields: Fields = {"system time(local)": ("system_time", _time)}
    values = _only_values(evidence, fields, "`System Time(local)`")
    return values if isinstance(values, Missing) else SysTimeFacts(**values)


def _parser(label: str, field: str, convert: Callable[[KeyLine], Any]) -> Callable[[Evidence], Reading[SettingFacts]]:
    fields: Fields = {label: (field, convert)}

    def chip(block: Block) -> ChipSetting:
        values = bind(block.lines, fields) if block.failure is None else {field: block.failure}
        if field not in values:
            raise block.lines[0].line.error(f"the label {label!r}")
        return ChipSetting(block.chip, **values)

    def parse(evidence: Evidence) -> Reading[SettingFacts]:
        answer = blocks_of(evidence)
        if isinstance(answer, Missing):
            return answer
        return SettingFacts(tuple(map(chip, answer.chips)), answer.npu, answer.chip_count)

    return parse


def _source(kind: str, parse: Callable[[Evidence], Reading[Any]], *generations: Generation) -> Source[Any]:
    return Source(
        name=f"npu-smi/{kind}",
        scope=Scope.CARD,
        argv=("npu-smi", "info", "-t", kind, "-i", "{npu}"),
        parse=parse,
        cost=Cost.STATIC,
        interval_s=3600.0,
        generations=frozenset(generations or Generation),
    )


ECC_ENABLE: Source[EccEnableFacts] = _source("ecc-enable", parse_ecc_enable)
SYS_TIME: Source[SysTimeFacts] = Source(
    name="npu-smi/sys-time",
    scope=Scope.CHIP,
    argv=("npu-smi", "info", "-t", "sys-time", "-i", "{npu}", *FOR_ONE_CHIP),
    parse=parse_sys_time,
    interval_s=300.0,
)
PRODUCT: Source[SettingFacts] = _source(
    "product", _parser("product type", "product_type", words), Generation.P310, Generation.P310P
)
DEVICE_SHARE: Source[SettingFacts] = _source(
    "device-share",
    _parser("device-share status", "device_share", _truth),
    Generation.P310,
    Generation.P310P,
    Generation.A2,
    Generation.A3,
)
P2P_MEM_CFG: Source[SettingFacts] = _source(
    "p2p-mem-cfg", _parser("p2p-mem-cfg status", "p2p_mem_cfg", _switch), Generation.P310P
)
WORK_MODE: Source[SettingFacts] = _source("work-mode", _parser("work-mode", "work_mode", _mode), Generation.A1)
