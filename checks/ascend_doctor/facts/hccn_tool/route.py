"""`hccn_tool -i N -route -g`: the routing table of the device.

The tool prints its own title and what the device's `route` says (recorded on 910A and 910B; vendor source, tool.c).
"""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import address, data_lines, error_answer
from ascend_doctor.facts.parsing import Line, integer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.facts.tables import is_elision
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Reading

# The first is the vendor source's and 910B's, the second a 910A's.
_TITLES = ("Routing table:", "route table:")
_COLUMNS: Mapping[str, str] = {
    "Destination": "dest",
    "Gateway": "gateway",
    "Genmask": "genmask",
    "Flags": "flags",
    "Metric": "metric",
    "Ref": "ref",
    "Use": "use",
    "Iface": "iface",
}
_REQUIRED = ("Destination", "Gateway", "Genmask", "Flags", "Iface")
_NUMBERS = ("metric", "ref", "use")
_DEFAULT, _DIRECT = "default", "*"
_FLAGS = re.compile(r"[A-Z!]{1,10}\Z")
_IFACE = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,15}\Z")


@attrs.frozen
class Route:
    """One route. `dest` may be `default`; `gateway` is `*` for a network that the interface itself is in.

    The numbers are None where the published sample lacks their columns.
    """

    dest: str
    gateway: str
    genmask: str
    flags: str
    iface: str
    metric: Optional[int] = None
    ref: Optional[int] = None
    use: Optional[int] = None


@attrs.frozen
class RouteFacts:
    """The routes in the order of the answer; `elided` tells that a published sample has lines cut out."""

    routes: Tuple[Route, ...]
    elided: bool = False

    DERIVED = ("default_gateway",)

    @property
    def default_gateway(self) -> Reading[str]:
        """The gateway of the default route, missing where there is none."""
        return next((route.gateway for route in self.routes if route.dest == _DEFAULT), NOT_REPORTED)


def parse(evidence: Evidence) -> Reading[RouteFacts]:
    """Parse `hccn_tool -i N -route -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    body = lines[1:] if lines[0].stripped in _TITLES else lines
    if not body:
        raise lines[0].error("the head of the table after this line")
    names = body[0].words
    if not set(_REQUIRED) <= set(names) <= set(_COLUMNS) or len(set(names)) < len(names):
        raise body[0].error(f"the head `{' '.join(_COLUMNS)}`")
    shown = [line for line in body[1:] if not is_elision(line)]
    return RouteFacts(_routes(shown, names), len(shown) < len(body) - 1)


def _routes(lines: Sequence[Line], names: Sequence[str]) -> Tuple[Route, ...]:
    found: List[Route] = []
    for line in lines:
        if len(line.words) != len(names):
            raise line.error(f"{len(names)} columns")
        route = _route(line, dict(zip((_COLUMNS[name] for name in names), line.words)))
        if route in found:
            raise line.error("another route than before")
        found.append(route)
    return tuple(found)


def _route(line: Line, words: Dict[str, str]) -> Route:
    if words["dest"] != _DEFAULT:
        address(words["dest"], line, "the destination")
    if words["gateway"] != _DIRECT:
        address(words["gateway"], line, "the gateway")
    address(words["genmask"], line, "the mask")
    if not _FLAGS.match(words["flags"]) or not _IFACE.match(words["iface"]):
        raise line.error("flags and an interface")
    numbers = [integer(words[name], line, name) if name in words else None for name in _NUMBERS]
    return Route(words["dest"], words["gateway"], words["genmask"], words["flags"], words["iface"], *numbers)


SOURCE: Source[RouteFacts] = Source(
    name="hccn_tool/route",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-route", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=600.0,
)
