"""Ports probe an address that says nothing about their network.

What it reads: the probed address, the gateway, the address and the LLDP neighbour of every port; the link and what
    the device says of its network.

Why it matters: `net_health` is only as good as its target. A target that does not answer makes every port that probes
    it look ill; a target elsewhere hides that the peer is gone.

What to do: behind a switch let each port probe its gateway; on a cable straight to another NPU let each end probe the
    other. Where one target fails for nearly everybody, look at the target.

Disruption: none.

Limits: `failing_share` (the vendor names none; our own policy) and `min_users` (our own policy): the target itself is
    the culprit when so many of its users fail, and it has so many. Only ports with a link count. On a direct cable a
    port may be its own gateway.

Sources: MindIE deployment guides (the peer as target on a direct cable); Ascend-msit, msprechecker (LLDP tells direct
    cables); the share is reasoning.
"""

from __future__ import annotations

from collections import Counter
from typing import Collection, Dict, Iterator, List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks import fabric, ports, remedies
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.fabric import End, Fabric
from ascend_doctor.checks.fleet import FleetView
from ascend_doctor.checks.outcome import failed, passed, skipped, warned
from ascend_doctor.checks.topics.ports import PORTS, Port
from ascend_doctor.facts.hccn_tool import net_health, netdetect
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Confidence
from ascend_doctor.model.subject import Subject, SubjectKind
from ascend_doctor.model.wording import counted


@attrs.frozen
class Limits:
    """When a target itself is the culprit.

    `failing_share`: the share of its users that fail. `min_users`: how many users it takes to say so.
    """

    failing_share: float = 0.8
    min_users: int = 4


def judge(fleet: FleetView, limits: Limits) -> Iterator[Finding]:
    """Name targets that fail for nearly everybody, then single ports with a wrong target."""
    told = list(fleet.each(PORTS))
    count = sum(port.probes is not None for _, facts in told for port in facts.ports)
    if not count:
        found = [port for _, facts in told for port in facts.ports]
        if found and all(port.is_known and port.used_address is None for port in found):
            yield skipped(fleet.subject, "no port has an IPv4 address, so none needs to probe any")
        else:
            yield fabric.nobody_told(fleet, "which addresses the ports probe")
        return
    dead = dict(_dead_targets(fleet, limits))
    for address, users in dead.items():
        yield _dead(address, users)
    wrong = list(_wrong(fleet, dead))
    yield from wrong
    if not dead and not wrong:
        yield passed(
            fleet.subject, f"{counted(count, 'port probes', 'ports probe')} an address that fits", observed=count
        )


def _dead_targets(fleet: FleetView, limits: Limits) -> Iterator[Tuple[str, List[End]]]:
    """Return the targets that fail for nearly all of the ports that could reach them, with those that fail."""
    failing: Dict[str, List[End]] = {}
    for node, facts in fleet.each(PORTS):
        for port in facts.ports:
            if port.fails and port.probes is not None:
                failing.setdefault(port.probes, []).append(End(node, facts, port))
    if not failing:
        return
    users = Counter(
        port.probes
        for _, facts in fleet.each(PORTS)
        for port in facts.ports
        if port.probes in failing and port.link_up is True and not isinstance(port.healthy, Missing)
    )
    for address, ends in failing.items():
        if users[address] >= limits.min_users and len(ends) >= limits.failing_share * users[address]:
            yield address, ends


def _dead(address: str, users: Sequence[End]) -> Finding:
    return failed(
        Subject(SubjectKind.ADDRESS, "", address),
        f"does not answer {counted(len(users), 'port that probes it and has', 'ports that probe it and have')} a link",
        expected="a target that answers",
        remedies=[Remedy("Look at the owner of the address: the gateway, or the interface of the switch.")],
        observed=len(users),
        quotes=tuple(quote for user in users[:2] for quote in user.quotes(netdetect.SOURCE, net_health.SOURCE)),
        affected=[user.subject for user in users],
        confidence=Confidence.INFERRED,
    )


def _wrong(fleet: FleetView, dead: Collection[str]) -> Iterator[Finding]:
    for node, facts in fleet.each(PORTS):
        for port in facts.ports:
            is_fine = port.probes is None or port.probes_gateway or port.probes in dead  # none, right, or judged above
            words, wanted = ("", "") if is_fine else _fault(fleet, End(node, facts, port))
            if words:
                yield _finding(End(node, facts, port), words, wanted)


def _fault(fleet: FleetView, end: End) -> Tuple[str, str]:
    """Return what is wrong with what a port probes, and what it should probe; empty where nothing is."""
    joined = fabric.of(fleet)
    port = end.port
    probed = str(port.probes)
    if probed in (port.used_address, port.left) or end.key in joined.joined:
        return "", ""  # judged by roce.netdetect or roce.ip, or right
    owner = joined.owner(probed)
    if owner is None and joined.leaver(probed) is not None:
        return "", ""  # what is wrong is the address of the other end, which roce.ip tells
    if port.peer == "npu":
        return _direct(fleet, joined, owner), "the address of the NPU at the other end"
    return _switched(port, is_owned=owner is not None), "the gateway"


def _direct(fleet: FleetView, joined: Fabric, other: Optional[End]) -> str:
    """Judge a port on a direct cable: it has to probe the other end. `other` is the port that it probes, if any."""
    if other is not None:
        return f"probes {other.subject}, which is joined to another port" if other.key in joined.joined else ""
    nowhere = "is cabled straight to another NPU, and probes an address that no NPU has"
    return nowhere if fleet.derived(_is_whole, PORTS) else ""


def _is_whole(fleet: FleetView) -> bool:
    """Tell whether no address of several nodes is unknown."""
    told = [facts.ports for _, facts in fleet.each(PORTS) if facts.ports]
    return len(told) > 1 and all(port.is_known for found in told for port in found)


def _switched(port: Port, *, is_owned: bool) -> str:
    """Judge a port behind a switch, or with an unknown neighbour: its target has to be near, and to answer."""
    address = ports.ipv4(port.probes)
    if address is None or port.network is None:
        return ""
    if port.used_gateway is not None:
        strange = port.probes != port.used_gateway and not is_owned and port.fails
        return f"probes {address}, which is neither its gateway nor an NPU, in vain" if strange else ""
    return "" if address in port.network else f"probes {address} outside its subnet {port.network}, and has no gateway"


def _finding(end: End, words: str, expected: str) -> Finding:
    return warned(
        end.subject,
        words,
        expected=expected,
        remedies=[remedies.set_netdetect(end.port.phy_id)],
        observed=end.port.probes,
        quotes=end.quotes(netdetect.SOURCE),
        confidence=Confidence.INFERRED,
    )


CHECK = Check(
    id="cluster.netdetect-target",
    topics=(PORTS,),
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    own_limits=("failing_share", "min_users"),
)
