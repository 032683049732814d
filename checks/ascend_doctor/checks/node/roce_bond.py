"""The bond of a port's links has no address, or not the planned one.

What it reads: `hccn_tool -i N -bond -ip -g`, and the addresses of bonds in /etc/hccn.conf.

Why it matters: where the links of an NPU are bonded its peers look for it at the address of the bond; without it, or
    with another one, the NPU cannot be reached (EI0006, EI0014).

What to do: apply the saved settings again, or give the bond its address.

Disruption: either interrupts the network of the NPU.

Limits: none. Only the Atlas 9000 A3 has bonds; other products say that they have none, and are skipped. A port without
    a bond is skipped too, as long as no other port of the node has one.

Sources: hicann/driver, hccn_tool source (`-bond`, "This device does not support bonding!", `bond_address` in the file).
"""

from __future__ import annotations

from typing import Iterator, List, Optional, Tuple

from ascend_doctor.checks import ports, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed, skipped, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.files import hccn_conf
from ascend_doctor.facts.hccn_tool import bond_ip
from ascend_doctor.facts.hccn_tool.ip import IpFacts
from ascend_doctor.facts.source import WHOLE_NODE, Target
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Absence, Missing, Reading
from ascend_doctor.model.status import Disruption
from ascend_doctor.model.subject import Subject

EXPECTED = "the address of the plan on every bond"
NO_BOND = "nobody has set up a bond"


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the address of every bond."""
    found: List[Tuple[Target, Subject, Reading[IpFacts]]] = [*view.each(bond_ip.SOURCE)]
    bonded = any(not isinstance(facts, Missing) and not isinstance(facts.ipaddr, Missing) for _, _, facts in found)
    for target, subject, facts in found:
        address = facts if isinstance(facts, Missing) else facts.ipaddr
        planned = ports.planned_further(view, target, ports.PLANNED_BOND)
        if not isinstance(address, Missing):
            yield _compare(view, target, subject, address, planned)
        elif address.why is not Absence.NOT_CONFIGURED:
            yield missing(subject, "the address of the bond", address, view.quote(bond_ip.SOURCE, target))
        elif planned is None and not bonded:
            yield skipped(subject, NO_BOND)
        else:
            yield _absent(view, target, subject, planned)


def _compare(view: NodeView, target: Target, subject: Subject, address: str, planned: Optional[str]) -> Finding:
    if planned is None or planned == address:
        return passed(subject, f"its bond has the address {address}", observed=address)
    return warned(
        subject,
        f"its bond has the address {address}, and /etc/hccn.conf says {planned}",
        expected=f"the address {planned}",
        remedies=[remedies.recover_network(target.phy_id)],
        observed=address,
        quotes=_seen(view, target),
    )


def _absent(view: NodeView, target: Target, subject: Subject, planned: Optional[str]) -> Finding:
    give = Remedy(
        "Give the bond its address.",
        f"hccn_tool -i {remedies.which(target.phy_id)} -bond -ip -s address {planned or 'ADDRESS'} netmask NETMASK",
        Disruption.TRAFFIC,
    )
    return failed(
        subject,
        f"its bond has no address, and /etc/hccn.conf says {planned}"
        if planned
        else "its bond has no address, and those of other ports of the node have one",
        expected=f"the address {planned}" if planned else EXPECTED,
        remedies=[remedies.recover_network(target.phy_id), give] if planned else [give],
        quotes=_seen(view, target),
    )


def _seen(view: NodeView, target: Target) -> Tuple[Quote, ...]:
    line = f"{ports.PLANNED_BOND}_{target.phy_id}="
    return (*view.quote(bond_ip.SOURCE, target), *view.quote(hccn_conf.SOURCE, WHOLE_NODE, line))


CHECK = Check(
    id="roce.bond",
    reads=(bond_ip.SOURCE, hccn_conf.SOURCE),
    judge=judge,
    limits=NoLimits(),
    generations=frozenset({Generation.A3}),
)
