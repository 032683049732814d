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

from typing import AbstractSet, Dict, Iterator, List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks import fabric, ports, remedies
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.fabric import Port
from ascend_doctor.checks.outcome import failed, passed, skipped, warned
from ascend_doctor.checks.view import FleetView
from ascend_doctor.facts.hccn_tool import link, net_health, netdetect
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
    found = fabric.ports_of(fleet)
    probing = [port for port in found if port.probes is not None]
    if not probing and found and all(port.is_known and port.address is None for port in found):
        yield skipped(fleet.subject, "no port has an IPv4 address, so none needs to probe any")
        return
    if not probing:
        yield fabric.nobody_told(fleet, "which addresses the ports probe")
        return
    dead = dict(_dead_targets(probing, limits))
    for address, users in dead.items():
        yield _dead(address, users)
    wrong = [finding for finding in _wrong(found, probing, dead) if finding is not None]
    yield from wrong
    if not dead and not wrong:
        yield passed(
            fleet.subject,
            f"{counted(len(probing), 'port probes', 'ports probe')} an address that fits",
            observed=len(probing),
        )


def _dead_targets(probing: Sequence[Port], limits: Limits) -> Iterator[Tuple[str, List[Port]]]:
    """Return the targets that fail for nearly all of the ports that could reach them, with these ports."""
    users: Dict[str, List[Port]] = {}
    for port in probing:
        if _healthy(port) is not None and _has_link(port):
            users.setdefault(str(port.probes), []).append(port)
    for address, members in users.items():
        failing = [port for port in members if _healthy(port) is False]
        if len(members) >= limits.min_users and len(failing) >= limits.failing_share * len(members):
            yield address, failing


def _healthy(port: Port) -> Optional[bool]:
    facts = port.view.read(net_health.SOURCE, port.target)
    if isinstance(facts, Missing) or isinstance(facts.healthy, Missing):
        return None
    return facts.healthy


def _has_link(port: Port) -> bool:
    facts = port.view.read(link.SOURCE, port.target)
    return not isinstance(facts, Missing) and facts.link == "UP"


def _dead(address: str, users: List[Port]) -> Finding:
    quotes = [
        quote
        for port in users[:2]
        for source in (netdetect.SOURCE, net_health.SOURCE)
        for quote in port.view.quote(source, port.target)
    ]
    return failed(
        Subject(SubjectKind.ADDRESS, "", address),
        f"does not answer {counted(len(users), 'port that probes it and has', 'ports that probe it and have')} a link",
        expected="a target that answers",
        remedies=[Remedy("Look at the owner of the address: the gateway, or the interface of the switch.")],
        observed=len(users),
        quotes=tuple(quotes),
        affected=[port.subject for port in users],
        confidence=Confidence.INFERRED,
    )


def _wrong(found: Sequence[Port], probing: Sequence[Port], dead: Dict[str, List[Port]]) -> Iterator[Optional[Finding]]:
    owners = fabric.by_address(found)
    left = fabric.by_left_address(found)
    joined = {end.subject for pair in fabric.direct_pairs(found) for end in pair}
    whole = len({port.view.name for port in found}) > 1 and all(port.is_known for port in found)
    for port in probing:
        if port.probes in dead or port.probes in (port.address, port.left) or port.subject in joined:
            yield None  # judged above, by roce.netdetect or roce.ip, or right
        elif port.probes in left and port.probes not in owners:
            yield None  # what is wrong is the address of the other end, which roce.ip tells
        elif port.neighbour == "npu":
            yield _direct(port, owners.get(str(port.probes)), joined, whole)
        else:
            yield _switched(port, is_owned=str(port.probes) in owners)


def _direct(port: Port, other: Optional[Port], joined: AbstractSet[Subject], whole: bool) -> Optional[Finding]:
    """Judge a port on a direct cable: it has to probe the other end. `whole` tells that no address is unknown."""
    if other is None:
        words = "is cabled straight to another NPU, and probes an address that no NPU has" if whole else ""
    else:
        words = f"probes {other.subject}, which is joined to another port" if other.subject in joined else ""
    return _finding(port, words, "the address of the NPU at the other end") if words else None


def _switched(port: Port, *, is_owned: bool) -> Optional[Finding]:
    """Judge a port behind a switch, or with an unknown neighbour: its target has to be near, and to answer."""
    address = ports.ipv4(port.probes)
    if address is None or port.network is None:
        return None
    if address in port.network or port.gateway is not None:
        strange = port.gateway is not None and port.probes != port.gateway and not is_owned
        if strange and _healthy(port) is False and _has_link(port):
            return _finding(port, f"probes {address}, which is neither its gateway nor an NPU, in vain", "the gateway")
        return None
    return _finding(port, f"probes {address} outside its subnet {port.network}, and has no gateway", "the gateway")


def _finding(port: Port, words: str, expected: str) -> Finding:
    return warned(
        port.subject,
        words,
        expected=expected,
        remedies=[remedies.set_netdetect(port.target.phy_id)],
        observed=port.probes,
        quotes=port.view.quote(netdetect.SOURCE, port.target),
        confidence=Confidence.INFERRED,
    )


CHECK = Check(
    id="cluster.netdetect-target",
    reads=(*fabric.SOURCES, link.SOURCE, net_health.SOURCE),
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    own_limits=("failing_share", "min_users"),
)
