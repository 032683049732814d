"""`hccn_tool -i N -arp -g`: which hardware address belongs to which neighbour of the RoCE port.

The tool prints its own title and what the device's `arp -a` says (recorded on 910A; vendor source, tool.c).
"""

from __future__ import annotations

import re
from typing import List, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import address, data_lines, error_answer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.facts.tables import is_elision
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Reading

_TITLE = "arp table:"
# A name may stand before the address, `?` where it has none; the author of a sample may have added a remark.
_ENTRY = re.compile(
    r"(?:[\w.?-]{1,64} )?\((?P<ip>[^()\s]{1,40})\) at "
    r"(?:<incomplete>|(?P<mac>(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}) \[\w{1,16}\](?P<flags>(?: +(?:PERM|PUB|TRAIL))*)) +"
    r"on (?P<iface>[A-Za-z][A-Za-z0-9._-]{0,15})(?:\s+(?:#|<-|//|\u2190|\().*)?\Z",
    re.ASCII | re.DOTALL,
)


@attrs.frozen
class ArpEntry:
    """One neighbour: its address, its hardware address and the device's interface to it.

    `mac` is missing while nobody has answered for the address (`<incomplete>`). `permanent` tells that somebody put
    the entry there by hand.
    """

    ip: str
    mac: Reading[str]
    iface: str
    permanent: bool = False


@attrs.frozen
class ArpFacts:
    """The neighbours in the order of the answer; `elided` tells that a published sample has lines cut out."""

    entries: Tuple[ArpEntry, ...]
    elided: bool = False


def parse(evidence: Evidence) -> Reading[ArpFacts]:
    """Parse `hccn_tool -i N -arp -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    body = lines[1:] if lines[0].stripped == _TITLE else lines
    entries: List[ArpEntry] = []
    shown = [line for line in body if not is_elision(line)]
    if body is lines and not shown:
        raise lines[0].error(f"`{_TITLE}`")
    for line in shown:
        found = _ENTRY.match(line.stripped)
        if found is None:
            raise line.error("`(ADDRESS) at MAC [ether]  on INTERFACE`")
        mac = found.group("mac")
        entry = ArpEntry(
            address(found.group("ip"), line, "a neighbour"),
            NOT_REPORTED if mac is None else mac.lower(),
            found.group("iface"),
            "PERM" in (found.group("flags") or ""),
        )
        if entry in entries:
            raise line.error("another neighbour than before")
        entries.append(entry)
    return ArpFacts(tuple(entries), len(shown) < len(body))


SOURCE: Source[ArpFacts] = Source(
    name="hccn_tool/arp",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-arp", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=300.0,
)
