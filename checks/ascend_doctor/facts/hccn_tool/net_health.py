"""`hccn_tool -i N -net_health -g`: what the device thinks of its own network."""

from __future__ import annotations

import re

import attrs

from ascend_doctor.facts.hccn_tool.answers import error_answer, only_line, value_of
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Reading

_WORD = re.compile(r"[A-Za-z][A-Za-z_ -]{0,39}\Z")
_HEALTHY = "Success"
# Compared by their beginnings: the vendor source says `Socket fail`, a recorded 910A `Socket failed`.
_FAILED = ("Socket fail", "Receive timeout", "Unreachable", "Time exceeded", "Fault", "Thread error")


@attrs.frozen
class NetHealthFacts:
    """The device's word.

    One of Success, Socket fail, Receive timeout, Unreachable, Time exceeded, Fault, Init, Thread error, Detect ip set
    and Unknown; recorded machines also print `Socket failed`.

    `healthy` is True for Success, False for the failures, missing for words that do not decide: Init and Detect ip set
    (not probed yet, or no address to probe), Unknown, and any word not in the list.
    """

    net_health: str

    DERIVED = ("healthy",)

    @property
    def healthy(self) -> Reading[bool]:
        """Whether the device can reach its detect address; missing where its word does not decide."""
        if self.net_health == _HEALTHY:
            return True
        return False if self.net_health.startswith(_FAILED) else NOT_REPORTED


def parse(evidence: Evidence) -> Reading[NetHealthFacts]:
    """Parse `hccn_tool -i N -net_health -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    line = only_line(evidence)
    word = value_of(line, "net health status")
    if not _WORD.match(word):
        raise line.error("a word for the network health")
    return NetHealthFacts(word)


SOURCE: Source[NetHealthFacts] = Source(
    name="hccn_tool/net_health",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-net_health", "-g"),
    parse=parse,
    generations=ROCE,
)
