"""A RoCE port has no address, or not the planned one.

What it reads: `hccn_tool -i N -ip -g` and the addresses in /etc/hccn.conf.

Why it matters: without an address the NPU takes part in no job of several nodes; with another one than planned the
    rank table and the engines look for it in the wrong place (EI0014).

What to do: give the port its address, or apply the saved settings again.

Disruption: setting an address interrupts the network of the NPU.

Limits: `required` is our own policy: whether a node fails on which no port has an address. Without it such a node
    gets one warning, because it may serve jobs of a single node.

Sources: hicann/driver, hccn_tool source ("no ip was preset there"); hicann/hccl, cluster_info_verify_fail (EI0014);
    Ascend/mind-cluster, npu_info_parser.py.
"""

from __future__ import annotations

from typing import Iterator, List, Tuple

import attrs

from ascend_doctor.checks import ports, remedies
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.files import hccn_conf
from ascend_doctor.facts.hccn_tool import ip
from ascend_doctor.facts.hccn_tool.ip import IpFacts
from ascend_doctor.facts.source import WHOLE_NODE, Target
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing, Reading
from ascend_doctor.model.subject import Subject

EXPECTED = "the address of the plan on every port"


@attrs.frozen
class Limits:
    """`required`: whether a node fails on which no port has an address."""

    required: bool = False


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the address of every port, and the node as a whole where no port has one."""
    found: List[Tuple[Target, Subject, Reading[IpFacts]]] = [*view.each(ip.SOURCE)]
    idle = [subject for target, subject, facts in found if ports.unused(view, target)]
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
    for target, subject, facts in found:
        if isinstance(facts, Missing):
            yield missing(subject, "the address", facts, view.quote(ip.SOURCE, target))
        elif not isinstance(facts.ipaddr, Missing):
            yield _compare(view, target, subject, facts.ipaddr)
        elif facts.ipaddr.why is Absence.NOT_CONFIGURED:
            yield _absent(view, target, subject)
        else:
            yield missing(subject, "the address", facts.ipaddr, view.quote(ip.SOURCE, target))


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
    return failed(
        subject,
        f"has no address, and /etc/hccn.conf says {address}"
        if address
        else "has no address, and other ports of the node have one",
        expected=f"the address {address}" if address else EXPECTED,
        remedies=[remedies.recover_network(target.phy_id), *steps] if address else steps,
        quotes=(*view.quote(ip.SOURCE, target), *(_line(view, target) if address else ())),
    )


def _line(view: NodeView, target: Target) -> Tuple[Quote, ...]:
    return view.quote(hccn_conf.SOURCE, WHOLE_NODE, f"address_{target.phy_id}=")


CHECK = Check(id="roce.ip", reads=ports.USE, judge=judge, limits=Limits(), generations=ROCE, own_limits=("required",))
