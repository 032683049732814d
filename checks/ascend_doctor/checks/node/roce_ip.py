"""A RoCE port has no address, not the planned one, or one of another family than its siblings.

What it reads: `hccn_tool -i N -ip -g` and `-ip -inet6 -g`, and the addresses in /etc/hccn.conf.

Why it matters: without an address the NPU takes part in no job of several nodes; with another one than planned the
    rank table and the engines look for it in the wrong place (EI0014); an NPU with IPv6 among others with IPv4 cannot
    be reached by them (EI0001).

What to do: give the port its address, or apply the saved settings again.

Disruption: setting an address interrupts the network of the NPU.

Limits: `required` is our own policy: whether a node fails on which no port has an address. Without it such a node
    gets one warning, because it may serve jobs of a single node; on A3 it is skipped, because the nodes of a super-pod
    need no RoCE. An address of either family is one. A port that lends
    its address to a bond has none of its own.

Sources: hicann/driver, hccn_tool source ("no ip was preset there"); hicann/hccl, cluster_info_verify_fail (EI0014,
    the family of EI0001); Ascend/mind-cluster, npu_info_parser.py.
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Tuple

import attrs

from ascend_doctor.checks import ports, remedies
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed, skipped, unknown, warned
from ascend_doctor.checks.versions import generation
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.files import hccn_conf
from ascend_doctor.facts.hccn_tool import ip, ipv6
from ascend_doctor.facts.hccn_tool.ip import IpFacts
from ascend_doctor.facts.source import WHOLE_NODE, Target
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE, Generation
from ascend_doctor.model.reading import Absence, Missing, Reading
from ascend_doctor.model.status import Confidence, Disruption
from ascend_doctor.model.subject import Subject

EXPECTED = "the address of the plan on every port"
ONE_FAMILY = "addresses of one family on all ports of the node"
IN_BOND = "has no address of its own: /etc/hccn.conf has one for its bond"
OVER_HCCS = "no RoCE port has an address, which is right inside a super-pod: its NPUs talk over HCCS"
NO_IPV6 = (Absence.NOT_CONFIGURED, Absence.NOT_SUPPORTED, Absence.NOT_RUN)
"""Why an IPv6 address is missing, where that means that there is none."""
Port = Tuple[Target, Subject, Reading[IpFacts]]


@attrs.frozen
class Limits:
    """`required`: whether a node fails on which no port has an address."""

    required: bool = False


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the address of every port, and the node as a whole where no port has one."""
    found: List[Port] = [*view.each(ip.SOURCE)]
    idle = [subject for target, subject, facts in found if ports.unused(view, target)]
    if idle and len(idle) == len(found) and generation(view) is Generation.A3 and not limits.required:
        yield skipped(view.subject, OVER_HCCS)
        return
    if idle and len(idle) == len(found):
        say = failed if limits.required else warned
        yield say(
            view.subject,
            "no RoCE port has an address: only jobs of this one node can run",
            expected=EXPECTED,
            remedies=[remedies.set_address(found[0][0].phy_id)],
            quotes=view.quote(ip.SOURCE, found[0][0]),
            affected=idle,
        )
        return
    strangers = {finding.subject: finding for finding in _families(view, found)}
    yield from (finding for subject, finding in strangers.items() if subject == view.subject)
    for port in found:
        yield strangers.get(port[1]) or _judge(view, port)


def _judge(view: NodeView, port: Port) -> Finding:
    target, subject, facts = port
    address = facts if isinstance(facts, Missing) else facts.ipaddr
    if not isinstance(address, Missing):
        return _compare(view, target, subject, address)
    if isinstance(facts, Missing) or address.why is not Absence.NOT_CONFIGURED:
        return missing(subject, "the address", address, view.quote(ip.SOURCE, target))
    further = view.read(ipv6.SOURCE, target)
    other = further if isinstance(further, Missing) else further.ipv6_address
    if not isinstance(other, Missing):
        return passed(subject, f"has the IPv6 address {other}", observed=other)
    if other.why not in NO_IPV6:
        return unknown(subject, "whether the port has an IPv6 address", other, view.quote(ipv6.SOURCE, target))
    if ports.planned_further(view, target, ports.PLANNED_BOND):
        return skipped(subject, IN_BOND)
    return _absent(view, target, subject)


def _families(view: NodeView, found: List[Port]) -> Iterator[Finding]:
    """Yield a failure for each port of which the only family is not that of most ports; one for the node in a tie."""
    families: Dict[str, List[Tuple[Target, Subject]]] = {"IPv4": [], "IPv6": []}
    for target, subject, facts in found:
        if ports.is_ipv6_only(view, target):
            families["IPv6"].append((target, subject))
        elif not isinstance(facts, Missing) and not isinstance(facts.ipaddr, Missing):
            both = ports.ipv6_address(view, target) is not None
            families["IPv4"] += [] if both else [(target, subject)]
    rare, usual = sorted(families, key=lambda family: len(families[family]))
    odd, others = families[rare], families[usual]
    if not odd:
        return
    if len(odd) == len(others):
        yield failed(
            view.subject,
            f"{len(odd)} ports have addresses of IPv4 only and {len(others)} of IPv6 only",
            expected=ONE_FAMILY,
            remedies=[_give(odd[0][0], usual), _give(others[0][0], rare)],
            quotes=_seen(view, odd[0][0]) + _seen(view, others[0][0]),
            affected=[subject for _, subject in (*odd, *others)],
            confidence=Confidence.UNDETERMINED,
            candidates=[f"{name}: {', '.join(str(item[1]) for item in ends)}" for name, ends in families.items()],
        )
        return
    for target, subject in odd:
        yield failed(
            subject,
            f"has an {rare} address only, and most ports of the node have {usual}",
            expected=ONE_FAMILY,
            remedies=[_give(target, usual)],
            observed=rare,
            quotes=_seen(view, target),
        )


def _give(target: Target, family: str) -> Remedy:
    if family == "IPv4":
        return remedies.set_address(target.phy_id)
    return Remedy(
        "Give the port its IPv6 address.",
        f"hccn_tool -i {remedies.which(target.phy_id)} -ip -inet6 -s ipv6_address ADDRESS prefix_length LENGTH",
        Disruption.TRAFFIC,
    )


def _seen(view: NodeView, target: Target) -> Tuple[Quote, ...]:
    return (*view.quote(ip.SOURCE, target), *view.quote(ipv6.SOURCE, target))


def _compare(view: NodeView, target: Target, subject: Subject, address: str) -> Finding:
    planned = ports.planned_address(view, target)
    if planned is None or ports.ipv4(planned) == ports.ipv4(address):
        return passed(subject, f"has the address {address}", observed=address)
    return warned(
        subject,
        f"has the address {address}, and /etc/hccn.conf says {planned}",
        expected=f"the address {planned}",
        remedies=[remedies.recover_network(target.phy_id)],
        observed=address,
        quotes=(*view.quote(ip.SOURCE, target), *_line(view, target)),
    )


def _absent(view: NodeView, target: Target, subject: Subject) -> Finding:
    planned = ports.planned(view, target)
    address = ports.planned_address(view, target)
    netmask = planned.netmask if planned is not None and isinstance(planned.netmask, str) else "NETMASK"
    steps = [remedies.set_address(target.phy_id, address or "ADDRESS", netmask)]
    saved = address or ports.planned_further(view, target, ports.PLANNED_IPV6)
    return failed(
        subject,
        f"has no address, and /etc/hccn.conf says {saved}"
        if saved
        else "has no address, and other ports of the node have one",
        expected=f"the address {saved}" if saved else EXPECTED,
        remedies=[remedies.recover_network(target.phy_id), *(steps if address else ())] if saved else steps,
        quotes=(*view.quote(ip.SOURCE, target), *(_line(view, target) if saved else ())),
    )


def _line(view: NodeView, target: Target) -> Tuple[Quote, ...]:
    return view.quote(hccn_conf.SOURCE, WHOLE_NODE, f"address_{target.phy_id}=")


CHECK = Check(id="roce.ip", reads=ports.USE, judge=judge, limits=Limits(), generations=ROCE, own_limits=("required",))
