"""`hccn_tool -i N -gateway -g`: the default gateway of the RoCE port."""

from __future__ import annotations

import re
from typing import Any, Dict

import attrs

from ascend_doctor.facts.document import fields_of, refusal
from ascend_doctor.facts.hccn_tool.answers import configured, error_answer, only_line, words_of
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing, Reading

_GATEWAY = re.compile(r"default gateway:\s*(\S+), Iface:\s*(\w+)\Z", re.ASCII)


@attrs.frozen
class GatewayFacts:
    """The default gateway and the interface it belongs to; both `Missing(NOT_CONFIGURED)` when none is set."""

    gateway: Reading[str]
    iface: Reading[str]

    def as_document(self) -> Dict[str, Any]:
        """Return the fields and, when no gateway is set, why: the tool's words, in the form of an error answer."""
        return {**fields_of(self), **(refusal(self.gateway) if isinstance(self.gateway, Missing) else {})}


def parse(evidence: Evidence) -> Reading[GatewayFacts]:
    """Parse `hccn_tool -i N -gateway -g`."""
    words = words_of(evidence, "no gateway was preset")
    if words is not None:
        unset = Missing(Absence.NOT_CONFIGURED, words, evidence.exit_code)
        return GatewayFacts(unset, unset)
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    line = only_line(evidence)
    found = _GATEWAY.match(line.stripped)
    if found is None:
        raise line.error("`default gateway:ADDRESS, Iface:NAME`")
    gateway = configured(found.group(1), line, "the gateway")
    return GatewayFacts(gateway, gateway if isinstance(gateway, Missing) else found.group(2))


SOURCE: Source[GatewayFacts] = Source(
    name="hccn_tool/gateway",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-gateway", "-g"),
    parse=parse,
    generations=ROCE,
)
