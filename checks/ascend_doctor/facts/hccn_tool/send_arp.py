"""`hccn_tool -i N -send_arp -g`: whether the port announces its address by itself."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer, value_of
from ascend_doctor.facts.parsing import integer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

_TITLE = "The setting of the gratuitous arp:"
_WORDS = {"enable": 1, "disable": 0}


@attrs.frozen
class SendArpFacts:
    """Whether gratuitous ARP is on (1 or 0), and its period in seconds."""

    enable: int
    period: int


def parse(evidence: Evidence) -> Reading[SendArpFacts]:
    """Parse `hccn_tool -i N -send_arp -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    if lines[0].stripped != _TITLE:
        raise lines[0].error(f"`{_TITLE}`")
    if len(lines) != 3:
        raise lines[-1].error("two settings below the title")
    word = value_of(lines[1], "current enable status")
    if word not in _WORDS:
        raise lines[1].error("`enable` or `disable`")
    period = integer(value_of(lines[2], "gratuitous arp period"), lines[2], "the period")
    return SendArpFacts(_WORDS[word], period)


SOURCE: Source[SendArpFacts] = Source(
    name="hccn_tool/send_arp",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-send_arp", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=900.0,
)
