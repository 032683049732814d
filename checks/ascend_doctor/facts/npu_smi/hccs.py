"""`npu-smi info -t hccs`: the HCCS links of a chip, their lanes and their counters."""

from __future__ import annotations

from typing import Mapping, Optional, Tuple

import attrs

from ascend_doctor.facts.npu_smi.key_answer import key_answer
from ascend_doctor.facts.parsing import ParseError, integer
from ascend_doctor.facts.source import FOR_ONE_CHIP, Scope, Source
from ascend_doctor.facts.tables import Fields, KeyLine, count, words
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading

HCCS = frozenset({Generation.A2, Generation.A3})
"""The products of which every chip has HCCS links that the tool knows about."""

Numbers = Tuple[int, ...]


@attrs.frozen
class HccsFacts:
    """What `npu-smi info -t hccs -i N -c C` says.

    Each list has one item per link; its first link is 1, or 2 on boards of the 9000 class, which the answer does not
    tell. With `-lane L` the lists are about that link alone.
    `health` is OK or NOK. `lane_mode` counts the lanes in use (4 is all of them), `link_lane_list` marks them
    (`1111`), `link_speed` is in Gbit/s. The counters run from the start of the chip, bytes are packets times 20.
    `first_error_lane` is missing while there is no error. Fields that an answer leaves out are None or missing.
    Unknown labels are kept in `extra`.
    """

    tx_packets: Numbers
    tx_bytes: Numbers
    rx_packets: Numbers
    rx_bytes: Numbers
    retry_count: Numbers
    error_count: Numbers
    health: Optional[Reading[str]] = None
    lane_mode: Optional[Numbers] = None
    link_lane_list: Optional[Tuple[str, ...]] = None
    link_speed: Optional[Numbers] = None
    first_error_lane: Reading[int] = NOT_REPORTED
    extra: Mapping[str, str] = attrs.field(factory=dict)


def _items(parts: KeyLine) -> Tuple[str, ...]:
    if parts.value[:1] != "[" or parts.value[-1:] != "]":
        raise parts.line.error("a list in square brackets")
    return tuple(parts.value[1:-1].split())


def _numbers(parts: KeyLine) -> Numbers:
    return tuple(integer(item, parts.line, parts.label) for item in _items(parts))


_FIELDS: Fields = {
    "hccs health status": ("health", words),
    "hccs lane mode": ("lane_mode", _numbers),
    "hccs link lane list": ("link_lane_list", _items),
    "hccs link speed": ("link_speed", _numbers),
    "hccs tx packets": ("tx_packets", _numbers),
    "hccs tx bytes": ("tx_bytes", _numbers),
    "hccs rx packets": ("rx_packets", _numbers),
    "hccs rx bytes": ("rx_bytes", _numbers),
    "hccs retry count": ("retry_count", _numbers),
    "hccs error count": ("error_count", _numbers),
    "hccs first error lane": ("first_error_lane", count),
}
_COUNTERS = tuple(label for label in _FIELDS if label.endswith(("packets", "bytes", "count")))
_LISTS = tuple(field for field, convert in _FIELDS.values() if convert in (_numbers, _items))


def parse(evidence: Evidence) -> Reading[HccsFacts]:
    """Parse `npu-smi info -t hccs -i N -c C`, with or without `-lane L`."""
    found = key_answer("hccs", evidence, _FIELDS, _COUNTERS)
    if isinstance(found, Missing):
        return found
    lengths = {len(found[field]) for field in _LISTS if field in found}
    if len(lengths) != 1 or 0 in lengths:
        raise ParseError(0, "lists of the same length, an item for each link", f"lengths {sorted(lengths)}")
    return HccsFacts(**found)


_ARGV = ("npu-smi", "info", "-t", "hccs", "-i", "{npu}", *FOR_ONE_CHIP)

SOURCE: Source[HccsFacts] = Source(
    name="npu-smi/hccs",
    scope=Scope.CHIP,
    argv=_ARGV,
    forms=((*_ARGV, "-lane", "{lane}"),),
    parse=parse,
    generations=HCCS,
    interval_s=300.0,
)
