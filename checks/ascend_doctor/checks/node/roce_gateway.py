"""A RoCE port has no usable gateway.

What it reads: `hccn_tool -i N -gateway -g`, the address and netmask of the ports, and the neighbour that LLDP names.

Why it matters: NPUs in other subnets cannot be reached; the vendor's own check scripts ask for a gateway even on a
    cable straight from node to node.

What to do: set the gateway of the subnet; on a direct cable, or in one flat subnet without router, the port's own
    address serves.

Disruption: setting the gateway interrupts the network of the NPU for a moment.

Limits: `required` is our own policy: whether a missing gateway always fails. Without it a missing gateway fails only
    where other ports of the node have one and the node's ports lie in several subnets; else it is a warning, one for
    the node where no port has any. A
    gateway equal to the port's own address is right on a direct cable and no finding there. A port with an IPv6 address
    only needs no IPv4 gateway.

Sources: hicann/driver, hccn_tool source; MindIE deployment guides (own address as gateway on a direct cable).
"""

from __future__ import annotations

from typing import Iterator, List, Tuple

import attrs

from ascend_doctor.checks import ports, remedies
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed, skipped, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import gateway, ip, lldp
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Confidence, Disruption
from ascend_doctor.model.subject import Subject


@attrs.frozen
class Limits:
    """`required`: whether a missing gateway always fails."""

    required: bool = False


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the gateway of every port, and the node as a whole where no port has one."""
    bare: List[Tuple[Target, Subject]] = []
    anyone = False
    for target, subject, facts in view.each(gateway.SOURCE):
        quotes = view.quote(gateway.SOURCE, target)
        if isinstance(facts, Missing):
            yield missing(subject, "the gateway", facts, quotes)
        elif not isinstance(facts.gateway, Missing):
            anyone = True
            yield _judge(view, target, subject, facts.gateway)
        elif facts.gateway.why is not Absence.NOT_CONFIGURED:
            yield missing(subject, "the gateway", facts.gateway, quotes)
        elif ports.unused(view, target):
            yield skipped(subject, f"has no gateway, but {ports.UNUSED}")
        elif ports.is_ipv6_only(view, target):
            yield skipped(subject, f"has no gateway, but {ports.IPV6_ONLY}")
        else:
            bare.append((target, subject))
    say = failed if limits.required or (anyone and _in_several_subnets(view)) else warned
    alike = len(bare) > 1 and not anyone
    for target, subject in bare[:1] if alike else bare:
        yield say(
            view.subject if alike else subject,
            f"no port has a gateway ({len(bare)} ports): only their own subnets can be reached"
            if alike
            else "has no gateway",
            expected="a gateway in the subnet of the port",
            remedies=[_set(target)],
            quotes=view.quote(gateway.SOURCE, target),
            affected=[other for _, other in bare] if alike else [],
        )


def _judge(view: NodeView, target: Target, subject: Subject, address: str) -> Finding:
    network = ports.network_of(view, target)
    own = view.read(ip.SOURCE, target)
    quotes = (*view.quote(gateway.SOURCE, target), *view.quote(ip.SOURCE, target))
    router = ports.ipv4(address)
    if network is None or router is None:
        return passed(subject, f"has the gateway {address}", observed=address)
    if router not in network:
        return failed(
            subject,
            f"the gateway {address} is outside the port's subnet {network}",
            expected=f"a gateway in {network}",
            remedies=[_set(target)],
            observed=address,
            quotes=quotes,
        )
    if isinstance(own, Missing) or ports.ipv4(own.ipaddr) != router:
        return passed(subject, f"has the gateway {address}", observed=address)
    neighbour = view.read(lldp.SOURCE, target)
    if isinstance(neighbour, Missing) or neighbour.peer != "switch":
        return passed(subject, "is its own gateway, as on a direct cable", observed=address)
    return warned(
        subject,
        f"is its own gateway ({address}), and the neighbour is a switch",
        expected="the gateway of the subnet",
        remedies=[_set(target)],
        observed=address,
        quotes=quotes,
        confidence=Confidence.WEAK,
    )


def _in_several_subnets(view: NodeView) -> bool:
    """Tell whether the ports of the node lie in several subnets, so that they rely on the gateways that they have."""
    networks = {ports.network_of(view, target) for target, _, _ in view.each(ip.SOURCE)}
    return len(networks - {None}) > 1


def _set(target: Target) -> Remedy:
    return Remedy(
        "Set the gateway of the subnet; on a direct cable the port's own address.",
        f"hccn_tool -i {remedies.which(target.phy_id)} -gateway -s gateway ADDRESS",
        Disruption.TRAFFIC,
    )


CHECK = Check(
    id="roce.gateway",
    reads=(gateway.SOURCE, lldp.SOURCE, *ports.USE),
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    own_limits=("required",),
)
