"""`hccn_tool -i N -tls -s enable S`: what the tool says when somebody has turned the TLS switch.

The doctor never runs this: it only reads the answer in a paste. So that no mistake can ever turn it into a run, the
command line that the source itself would put is the reading one.
"""

from __future__ import annotations

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import is_elision
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

_DONE = "Cmd executed successfully!"


@attrs.frozen
class SettingFacts:
    """The tool's word of success; `elided` tells that a published loop over the NPUs has lines cut out (`...`)."""

    message: str
    elided: bool = False


def parse(evidence: Evidence) -> Reading[SettingFacts]:
    """Parse the answer to `hccn_tool -i N -tls -s enable S`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    first, *rest = data_lines(evidence)
    if first.stripped != _DONE:
        raise first.error(f"`{_DONE}`")
    if not rest:
        return SettingFacts(_DONE)
    # The one published sample: the first and the last run of a loop, and an elision between them.
    if not is_elision(rest[0]) or [line.stripped for line in rest[1:]] != [_DONE]:
        raise rest[0].error("the end of the answer")
    return SettingFacts(_DONE, elided=True)


SOURCE: Source[SettingFacts] = Source(
    name="hccn_tool/tls_set",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-tls", "-g"),
    parse=parse,
    generations=ROCE,
    cost=Cost.SLOW,
    forms=tuple(("hccn_tool", "-i", "{phy_id}", "-tls", "-s", "enable", switch) for switch in ("0", "1")),
)
