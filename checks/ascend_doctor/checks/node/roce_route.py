"""A port has a route or a rule that the other ports of its node do not have.

What it reads: `hccn_tool -i N -route -g`, `-ip_rule -g` and `-ip_route -g`.

Why it matters: packets to the peers behind such a route go another way than those of the other ports, and often
    nowhere.

What to do: take the route or rule out, unless it is meant; then give the other ports theirs.

Disruption: connections over the route break off.

Limits: none. The default route over the gateway that is set is left to `roce.gateway`. Own addresses, networks and
    gateways of a port are compared by what they are, not by their numbers; routes inside the server, over other
    interfaces than that of the port, do not count. Where most ports have routes or rules of their own, such as a table
    for each, that is the plan, and none is odd. The outcome never decides whether a node is ready.

Sources: hicann/driver, tool.c and tool_ext.c; DemonCAT catalogue of faults (route, ip rule, ip route).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Dict, FrozenSet, Iterator, List, Mapping, Tuple

import attrs

from ascend_doctor.checks import ports, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import missing, passed, skipped, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import gateway, ip, ip_route, ip_rule, route
from ascend_doctor.facts.hccn_tool.route import RouteFacts
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing, Reading
from ascend_doctor.model.status import Disruption, Severity
from ascend_doctor.model.subject import Subject

BY_GATEWAY = "default via GATEWAY"
OWN_INTERFACE = re.compile(r"(?:eth|bond)[0-9]*\Z")
SOURCES = (route.SOURCE, ip_rule.SOURCE, ip_route.SOURCE)


@attrs.frozen
class Entry:
    """A route or a rule: `sameness` is what it is on every port, `words` what it is on this one."""

    sameness: str
    words: str
    source: int


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Compare the routes and rules of the ports."""
    tables: Dict[Target, Tuple[Subject, FrozenSet[Entry]]] = {}
    for target, subject, facts in view.each(route.SOURCE):
        names = _own_names(view, target)
        if isinstance(facts, Missing):
            yield missing(subject, "the routes", facts, view.quote(route.SOURCE, target))
        elif isinstance(names, Missing) and names.why is Absence.NOT_CONFIGURED:
            yield skipped(subject, "has no address, and so no routes of its own")
        elif isinstance(names, Missing):
            yield missing(subject, "what the port's own network is", names)
        else:
            found = (item for item in _entries(view, target, facts, names) if not item.sameness.startswith(BY_GATEWAY))
            tables[target] = (subject, frozenset(found))
    seen = Counter(sameness for _, entries in tables.values() for sameness in {item.sameness for item in entries})
    odd = {
        target: sorted(
            (item for item in entries if 2 * seen[item.sameness] < len(tables)),
            key=lambda item: (item.source, item.words),
        )
        for target, (_, entries) in tables.items()
    }
    by_plan = 2 * sum(map(bool, odd.values())) > len(tables)
    for target, (subject, _) in tables.items():
        if by_plan:
            yield passed(subject, "most ports have routes of their own, as a plan gives them")
        elif odd[target]:
            yield _foreign(view, target, subject, odd[target])
        else:
            yield passed(subject, "routes as the other ports do")


def _own_names(view: NodeView, target: Target) -> Reading[Mapping[str, str]]:
    """Return what the port's own numbers are: they differ from port to port, and mean the same on each."""
    own, router = view.read(ip.SOURCE, target), view.read(gateway.SOURCE, target)
    address = own if isinstance(own, Missing) else own.ipaddr
    way = router if isinstance(router, Missing) else router.gateway
    network = ports.network_of(view, target)
    if isinstance(address, Missing):
        return address
    if network is None:
        return Missing(Absence.UNPARSED, f"the address {address} is masked")
    names = {str(network): "NETWORK", str(network.network_address): "NETWORK"}
    if not isinstance(way, Missing):
        names[way] = "GATEWAY"
    elif way.why is not Absence.NOT_CONFIGURED:
        return way
    return {**names, address: "OWN"}


def _entries(view: NodeView, target: Target, routes: RouteFacts, names: Mapping[str, str]) -> Iterator[Entry]:
    """Yield the routes over the port's own interface, and all rules."""
    for item in routes.routes:
        if OWN_INTERFACE.match(item.iface):
            yield _entry(names, f"{item.dest} via {item.gateway}", 0)
    rules = view.read(ip_rule.SOURCE, target)
    if not isinstance(rules, Missing):
        for rule in rules.rules:
            yield _entry(names, f"{rule.selector} lookup {rule.table}", 1)
    further = view.read(ip_route.SOURCE, target)
    if not isinstance(further, Missing):
        for way in further.routes:
            if OWN_INTERFACE.match(way.dev or ""):
                yield _entry(names, f"{way.dest} via {way.via} table {way.table}", 2)


def _entry(names: Mapping[str, str], words: str, source: int) -> Entry:
    return Entry(" ".join(names.get(word, word) for word in words.split()), words, source)


def _foreign(view: NodeView, target: Target, subject: Subject, alone: List[Entry]) -> Finding:
    first = alone[0]
    kind = ("route", "rule", "route")[first.source]
    return warned(
        subject,
        f"has a {kind} that the other ports do not have: {first.words}",
        expected="the same routes and rules on all ports",
        remedies=[
            Remedy(
                "Take it out, unless it is meant.",
                f"hccn_tool -i {remedies.which(target.phy_id)} {_removal(first)}",
                Disruption.TRAFFIC,
            )
        ],
        observed=first.words,
        quotes=view.quote(SOURCES[first.source], target, first.words.split()[0 if first.source != 1 else 1]),
    )


def _removal(entry: Entry) -> str:
    """Return the words that take an entry out (the tool's help); in capitals what its line does not tell."""
    words = entry.words.split()
    if entry.source == 1:
        direction, address = (words[0], words[1]) if words[0] in ("from", "to") else ("DIRECTION", "ADDRESS")
        return f"-ip_rule -d dir {direction} ip {address}"
    if entry.source == 0:
        return f"-route -d address {words[0]} netmask NETMASK"
    address, _, bits = words[0].partition("/")
    return f"-ip_route -d ip {address} ip_mask {bits or '32'} table {words[-1]}"


CHECK = Check(
    id="roce.route",
    reads=(*SOURCES, gateway.SOURCE, ip.SOURCE),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
    generations=ROCE,
)
