"""`hccn_tool -i N -neigh -inet6 -g`: the neighbours that the device knows by IPv6, as `ip neigh` on it shows them."""

from __future__ import annotations

import ipaddress
import re
from typing import List, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import lines_below
from ascend_doctor.facts.hccn_tool.newer import newer_answer
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Reading

# The form of `ip -6 neigh`: ADDRESS dev NAME [lladdr MAC] [router] STATE.
_ENTRY = re.compile(
    r"(\S{2,45}) dev ([A-Za-z][A-Za-z0-9._-]{0,15})(?: lladdr ((?:[0-9a-f]{2}:){5}[0-9a-f]{2}))?( router)?"
    r" (PERMANENT|REACHABLE|STALE|DELAY|PROBE|FAILED|INCOMPLETE|NOARP|NONE)\Z"
)


@attrs.frozen
class Ipv6Neighbour:
    """One neighbour. `mac` is missing while nobody has answered; `state` is the kernel's word."""

    ip: str
    iface: str
    mac: Reading[str]
    state: str
    router: bool = False


@attrs.frozen
class NeighFacts:
    """The whole table, which may be empty."""

    entries: Tuple[Ipv6Neighbour, ...]

    DERIVED = ("entry_count",)

    @property
    def entry_count(self) -> int:
        """How many neighbours the device knows."""
        return len(self.entries)


def parse(evidence: Evidence) -> Reading[NeighFacts]:
    """Parse `hccn_tool -i N -neigh -inet6 -g`."""
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    entries: List[Ipv6Neighbour] = []
    for line in lines_below("neigh table:", evidence):
        entry = _entry(line)
        if any((entry.ip, entry.iface) == (other.ip, other.iface) for other in entries):
            raise line.error("each neighbour only once")
        entries.append(entry)
    return NeighFacts(tuple(entries))


def _entry(line: Line) -> Ipv6Neighbour:
    found = _ENTRY.match(line.stripped)
    if found is None:
        raise line.error("`ADDRESS dev NAME lladdr MAC STATE`")
    ip, iface, mac, router, state = found.groups()
    try:
        ipaddress.IPv6Address(ip)
    except ValueError:
        raise line.error("an IPv6 address") from None
    return Ipv6Neighbour(ip, iface, mac or NOT_REPORTED, state, router is not None)


SOURCE: Source[NeighFacts] = Source(
    name="hccn_tool/neigh",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-neigh", "-inet6", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=900.0,
)
