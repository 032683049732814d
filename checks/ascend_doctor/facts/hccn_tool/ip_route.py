"""`hccn_tool -i N -ip_route -g [table T]`: the routes of all tables of the device, or of one.

The tool prints its own title and what the device's `ip route` says (vendor source, tool_ext.c; the form of the lines is
that of iproute2 and of BusyBox).
"""

from __future__ import annotations

import re
from typing import Dict, Optional, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import error_answer, rows_below
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Reading

_DESTINATION = (
    r"(?:(?:local|broadcast|multicast|unicast|unreachable|blackhole|prohibit|throw) )?"
    r"(?:default|[0-9a-fA-F.:]{2,45}(?:/[0-9]{1,3})?)"
)
_ROUTE = re.compile(rf"({_DESTINATION})((?: +[a-z]+ +\S{{1,45}})*)(?: +(?:onlink|linkdown))*\Z")
_PAIR = re.compile(r"([a-z]+) +(\S+)")


@attrs.frozen
class IpRoute:
    """One route: where to, over which neighbour and interface, and of which table (None for the main one)."""

    dest: str
    via: Optional[str] = None
    dev: Optional[str] = None
    table: Optional[str] = None


@attrs.frozen
class IpRouteFacts:
    """The routes in the order of the answer."""

    routes: Tuple[IpRoute, ...]


def parse(evidence: Evidence) -> Reading[IpRouteFacts]:
    """Parse `hccn_tool -i N -ip_route -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    return IpRouteFacts(rows_below("ip route table:", evidence, _route, "route"))


def _route(line: Line) -> IpRoute:
    found = _ROUTE.match(line.stripped)
    if found is None:
        raise line.error("`DESTINATION via ADDRESS dev INTERFACE`")
    words: Dict[str, str] = dict(_PAIR.findall(found.group(2)))
    return IpRoute(found.group(1), words.get("via"), words.get("dev"), words.get("table"))


SOURCE: Source[IpRouteFacts] = Source(
    name="hccn_tool/ip_route",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-ip_route", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=900.0,
    forms=(("hccn_tool", "-i", "{phy_id}", "-ip_route", "-g", "table", "{address}"),),
)
