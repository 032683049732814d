"""`npu-smi info -t usages`: capacity and use of the memories and cores of each chip."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

import attrs

from ascend_doctor.facts.npu_smi.blocks import Block, blocks_of, only_chip
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.facts.tables import Fields, bind, count
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing, Reading


@attrs.frozen
class ChipUsage:
    """Use of one chip: capacities in MB, rates in percent of the whole.

    A field is None where the product prints no such line. A 310 has one memory, which has no kind in its labels.
    `chip` is missing where the answer does not say. The HBM rate of an A2 may pass 100: the tool divides used by total.
    Every value is missing where the tool could not ask the chip: it says so, or prints zeros throughout, even for the
    capacities. Labels that the parser does not know are kept in `extra`.
    """

    chip: Reading[int]
    ddr_capacity_mb: Optional[Reading[int]] = None
    ddr_usage_pct: Optional[Reading[int]] = None
    ddr_hugepages_total: Optional[Reading[int]] = None
    ddr_hugepages_usage_pct: Optional[Reading[int]] = None
    memory_capacity_mb: Optional[Reading[int]] = None
    memory_usage_pct: Optional[Reading[int]] = None
    hugepages_total: Optional[Reading[int]] = None
    hugepages_usage_pct: Optional[Reading[int]] = None
    hbm_capacity_mb: Optional[Reading[int]] = None
    hbm_usage_pct: Optional[Reading[int]] = None
    aicore_usage_pct: Optional[Reading[int]] = None
    aivector_usage_pct: Optional[Reading[int]] = None
    aicube_usage_pct: Optional[Reading[int]] = None
    vectorcore_usage_pct: Optional[Reading[int]] = None
    aicpu_usage_pct: Optional[Reading[int]] = None
    ctrlcpu_usage_pct: Optional[Reading[int]] = None
    npu_utilization_pct: Optional[Reading[int]] = None
    ddr_bandwidth_usage_pct: Optional[Reading[int]] = None
    memory_bandwidth_usage_pct: Optional[Reading[int]] = None
    hbm_bandwidth_usage_pct: Optional[Reading[int]] = None
    dvpp_vdec_usage_pct: Optional[Reading[int]] = None
    dvpp_vpc_usage_pct: Optional[Reading[int]] = None
    dvpp_venc_usage_pct: Optional[Reading[int]] = None
    dvpp_jpege_usage_pct: Optional[Reading[int]] = None
    dvpp_jpegd_usage_pct: Optional[Reading[int]] = None
    extra: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class UsagesFacts:
    """What `npu-smi info -t usages -i N` says of a card."""

    chips: Tuple[ChipUsage, ...]
    npu: Optional[int] = None
    chip_count: Optional[int] = None

    def as_document(self) -> Dict[str, Any]:
        """Return the document; the values of the only chip of an answer without chip ids also stand at its top."""
        return only_chip(self, self.chips)


_CAPACITIES = ("ddr_capacity_mb", "memory_capacity_mb", "hbm_capacity_mb")
_RATES = (
    "DDR",
    "DDR Hugepages",
    "Memory",
    "Hugepages",
    "HBM",
    "Aicore",
    "Aivector",
    "Aicube",
    "Vectorcore",
    "Aicpu",
    "Ctrlcpu",
    "DDR Bandwidth",
    "Memory Bandwidth",
    "HBM Bandwidth",
    "DVPP VDEC",
    "DVPP VPC",
    "DVPP VENC",
    "DVPP JPEGE",
    "DVPP JPEGD",
)
_FIELDS: Fields = {
    "ddr capacity(mb)": ("ddr_capacity_mb", count),
    "ddr hugepages total(page)": ("ddr_hugepages_total", count),
    "memory capacity(mb)": ("memory_capacity_mb", count),
    "hugepages total(page)": ("hugepages_total", count),
    "hbm capacity(mb)": ("hbm_capacity_mb", count),
    "npu utilization(%)": ("npu_utilization_pct", count),
    **{f"{part.lower()} usage rate(%)": (f"{part.lower().replace(' ', '_')}_usage_pct", count) for part in _RATES},
}
# The last line of an answer without `Chip ID`, from 310P and 910A to 950: the vendor's code and its manuals.
_ENDS = (
    "ddr bandwidth usage rate(%)",
    "memory bandwidth usage rate(%)",
    "hbm bandwidth usage rate(%)",
    "npu utilization(%)",
    "aicube usage rate(%)",
    "dvpp jpegd usage rate(%)",
)


def parse(evidence: Evidence) -> Reading[UsagesFacts]:
    """Parse `npu-smi info -t usages -i N`, with or without `-c`."""
    answer = blocks_of(evidence, kind="usages", ends=_ENDS)
    if isinstance(answer, Missing):
        return answer
    return UsagesFacts(tuple(map(_chip, answer.blocks)), answer.npu, answer.chip_count)


def _chip(block: Block) -> ChipUsage:
    values = bind(block.lines, _FIELDS)
    failure = block.failure
    capacities = [values[name] for name in _CAPACITIES if name in values]
    if capacities and not any(capacities):
        # Recorded from the vendor's code: where the driver calls its queries unsupported, the tool prints 0 for each.
        failure = Missing(Absence.TOOL_FAILED, "the tool prints zeros where its query failed: no memory at all")
    if failure is not None:
        values.update({name: failure for name, _ in _FIELDS.values()})
    return ChipUsage(block.chip, **values)


SOURCE: Source[UsagesFacts] = Source(
    name="npu-smi/usages",
    scope=Scope.CARD,
    argv=("npu-smi", "info", "-t", "usages", "-i", "{npu}"),
    parse=parse,
    interval_s=300.0,
)
