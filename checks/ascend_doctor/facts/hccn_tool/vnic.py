"""`hccn_tool -i N -vnic -g`: the virtual network card over the links inside a super pod (A3)."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.hccn_tool.answers import address, configured, data_lines, error_answer, value_of
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

_KEYS = ("vnic link status", "vnic ipaddr", "vnic netmask")


@attrs.frozen
class VnicFacts:
    """The link (`UP` or `DOWN`), address and netmask of the virtual network card.

    The address is `Missing(NOT_CONFIGURED)` for 0.0.0.0. A device that has none at all makes the tool fail without
    saying why, and so does a device that is busy.
    """

    link: str
    ipaddr: Reading[str]
    netmask: str


def parse(evidence: Evidence) -> Reading[VnicFacts]:
    """Parse `hccn_tool -i N -vnic -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    values = [value_of(line, key) for line, key in zip(lines, _KEYS)]
    if len(lines) != len(_KEYS):
        raise lines[-1].error(f"the three lines {', '.join(_KEYS)}")
    link, ipaddr, netmask = values
    if link not in ("UP", "DOWN"):
        raise lines[0].error("`UP` or `DOWN`")
    return VnicFacts(
        link, configured(ipaddr, lines[1], "the virtual network card"), address(netmask, lines[2], "its netmask")
    )


SOURCE: Source[VnicFacts] = Source(
    name="hccn_tool/vnic",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-vnic", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=300.0,
)
