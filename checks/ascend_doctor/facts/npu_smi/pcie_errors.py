"""`npu-smi info -t pcie-err`: errors of each chip's PCIe link."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

import attrs

from ascend_doctor.facts.npu_smi.blocks import Block, blocks_of, only_chip
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.facts.tables import Fields, bind, count
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Missing, Reading


@attrs.frozen
class ChipPcieErrors:
    """Errors of one chip since its start. A field is None where the product prints no such line.

    The first four are those of a 310P card, the others those of servers, where the vendor's documents call the
    counters not supported: a server that prints them may well print zeros for ever.
    """

    chip: Reading[int]
    pcs_rx_errors: Optional[Reading[int]] = None
    phy_lane_errors: Optional[Reading[int]] = None
    dl_lcrc_errors: Optional[Reading[int]] = None
    dl_dcrc_errors: Optional[Reading[int]] = None
    tx_errors: Optional[Reading[int]] = None
    rx_errors: Optional[Reading[int]] = None
    lcrc_errors: Optional[Reading[int]] = None
    ecrc_errors: Optional[Reading[int]] = None
    retries: Optional[Reading[int]] = None
    extra: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class PcieErrorFacts:
    """What `npu-smi info -t pcie-err -i N` says of a card."""

    chips: Tuple[ChipPcieErrors, ...]
    npu: Optional[int] = None
    chip_count: Optional[int] = None

    def as_document(self) -> Dict[str, Any]:
        """Return the document; the counts of the only chip also stand at its top."""
        return only_chip(self, self.chips)


_FIELDS: Fields = {
    "pcs rx error count": ("pcs_rx_errors", count),
    "phy lane error count": ("phy_lane_errors", count),
    "dl lcrc error count": ("dl_lcrc_errors", count),
    "dl dcrc error count": ("dl_dcrc_errors", count),
    "tx error count": ("tx_errors", count),
    "rx error count": ("rx_errors", count),
    "lcrc error count": ("lcrc_errors", count),
    "ecrc error count": ("ecrc_errors", count),
    "retry count": ("retries", count),
}
_ENDS = ("dl dcrc error count", "retry count")


def parse(evidence: Evidence) -> Reading[PcieErrorFacts]:
    """Parse `npu-smi info -t pcie-err -i N`, with or without `-c`."""
    answer = blocks_of(evidence, ends=_ENDS)
    if isinstance(answer, Missing):
        return answer
    return PcieErrorFacts(tuple(map(_chip, answer.blocks)), answer.npu, answer.chip_count)


def _chip(block: Block) -> ChipPcieErrors:
    values = bind(block.lines, _FIELDS)
    if block.failure is not None:
        values.update({name: block.failure for name, _ in _FIELDS.values()})
    return ChipPcieErrors(block.chip, **values)


SOURCE: Source[PcieErrorFacts] = Source(
    name="npu-smi/pcie-err",
    scope=Scope.CARD,
    argv=("npu-smi", "info", "-t", "pcie-err", "-i", "{npu}"),
    parse=parse,
    interval_s=300.0,
    generations=frozenset((Generation.A2, Generation.P310P)),
)
