"""`npu-smi info -t spod-info`: the place of a chip in its super pod."""

from __future__ import annotations

from typing import Mapping, Optional

import attrs

from ascend_doctor.facts.npu_smi.key_answer import key_answer
from ascend_doctor.facts.source import FOR_ONE_CHIP, Cost, Scope, Source
from ascend_doctor.facts.tables import Fields, whole
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Missing, Reading


@attrs.frozen
class SuperPodFacts:
    """What `npu-smi info -t spod-info` says.

    `sdid` is the id of the die in the super pod; None on a 950. `server_index` is the number of the server in it;
    None where the board has a `chassis_id` instead. `super_pod_type` and `chassis_id` are of the 950.
    Unknown labels are kept in `extra`.
    """

    super_pod_size: int
    super_pod_id: int
    sdid: Optional[int] = None
    server_index: Optional[int] = None
    chassis_id: Optional[int] = None
    super_pod_type: Optional[int] = None
    extra: Mapping[str, str] = attrs.field(factory=dict)


_FIELDS: Fields = {
    "sdid": ("sdid", whole),
    "super pod size": ("super_pod_size", whole),
    "super pod id": ("super_pod_id", whole),
    "server index": ("server_index", whole),
    "chassis id": ("chassis_id", whole),
    "super pod type": ("super_pod_type", whole),
}


def parse(evidence: Evidence) -> Reading[SuperPodFacts]:
    """Parse `npu-smi info -t spod-info -i N`, with `-c C` before the 950."""
    found = key_answer("spod-info", evidence, _FIELDS, ("super pod size", "super pod id"))
    return found if isinstance(found, Missing) else SuperPodFacts(**found)


SOURCE: Source[SuperPodFacts] = Source(
    name="npu-smi/spod-info",
    scope=Scope.CHIP,
    argv=("npu-smi", "info", "-t", "spod-info", "-i", "{npu}", *FOR_ONE_CHIP),
    parse=parse,
    cost=Cost.STATIC,
    interval_s=3600.0,
    generations=frozenset({Generation.A3, Generation.A5}),
)
