"""`hccn_tool -i N -ip_rule -g`: by which rules the device chooses a routing table.

The tool prints its own title and what the device's `ip rule` says (vendor source, tool_ext.c; the form of the lines is
that of iproute2 and of BusyBox).
"""

from __future__ import annotations

import re
from typing import Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import error_answer, rows_below
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

_RULE = re.compile(r"([0-9]{1,10}):\s+(from \S{1,40}(?: [a-z_]+ \S{1,40}){0,6}) lookup ([A-Za-z0-9_]{1,32})\Z")


@attrs.frozen
class IpRule:
    """One rule: its priority, what packets it is about (`from 10.0.0.2`, `from all to 10.0.1.0/24`) and the table."""

    priority: int
    selector: str
    table: str


@attrs.frozen
class IpRuleFacts:
    """The rules in the order of the answer."""

    rules: Tuple[IpRule, ...]


def parse(evidence: Evidence) -> Reading[IpRuleFacts]:
    """Parse `hccn_tool -i N -ip_rule -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    return IpRuleFacts(rows_below("ip rule table:", evidence, _rule, "rule"))


def _rule(line: Line) -> IpRule:
    found = _RULE.match(line.stripped)
    if found is None:
        raise line.error("`PRIORITY: from ADDRESS lookup TABLE`")
    return IpRule(int(found.group(1)), found.group(2), found.group(3))


SOURCE: Source[IpRuleFacts] = Source(
    name="hccn_tool/ip_rule",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-ip_rule", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=900.0,
)
