"""Two devices claim one address of the RoCE network.

What it reads: `hccn_tool -i N -arp -g`.

Why it matters: packets for the address go now to the one device, now to the other; connections hang and break off
    (EI0006, EI0013).

What to do: find the two owners by their hardware addresses and give one of them another address. An entry that somebody
    put there by hand is taken out again.

Disruption: changing an address interrupts the network of the NPU that has it.

Limits: none. Only entries of the RoCE interfaces count: the links inside the server use the same few addresses on every
    device. That two hardware addresses mean a conflict is our own rule.

Sources: hicann/driver, tool.c; Ascend/mind-cluster, knowledge of faults (an address that is used twice); DemonCAT
    catalogue of faults (ARP poisoning).
"""

from __future__ import annotations

from typing import Dict, Iterator, Set

from ascend_doctor.checks import ports, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed, skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import arp
from ascend_doctor.facts.hccn_tool.arp import ArpFacts
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Disruption
from ascend_doctor.model.subject import Subject
from ascend_doctor.model.wording import counted

ROCE_INTERFACES = ("eth", "bond")


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the neighbours of every port."""
    for target, subject, facts in view.each(arp.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the neighbours of the port", facts, view.quote(arp.SOURCE, target))
        elif ports.unused(view, target):
            yield skipped(subject, ports.UNUSED)
        else:
            yield _judge(view, target, subject, facts)


def _judge(view: NodeView, target: Target, subject: Subject, facts: ArpFacts) -> Finding:
    owners: Dict[str, Set[str]] = {}
    for entry in facts.entries:
        if not isinstance(entry.mac, Missing) and entry.iface.startswith(ROCE_INTERFACES):
            owners.setdefault(entry.ip, set()).add(entry.mac)
    claimed = {address: macs for address, macs in owners.items() if len(macs) > 1}
    if not claimed:
        return passed(subject, f"knows {counted(len(owners), 'neighbour')}", observed=len(owners))
    address, macs = next(iter(claimed.items()))
    return failed(
        subject,
        f"{address} belongs to {' and to '.join(sorted(macs))}",
        expected="one hardware address for each address",
        remedies=[
            Remedy("Find the owners by their hardware addresses, and give one of them another address."),
            Remedy(
                "Take out an entry that was put there by hand.",
                f"hccn_tool -i {remedies.which(target.phy_id)} -arp -d dev DEVICE ip {address}",
                Disruption.TRAFFIC,
            ),
        ],
        observed=address,
        quotes=view.quote(arp.SOURCE, target, f"({address})"),
    )


CHECK = Check(id="roce.arp", reads=(arp.SOURCE, *ports.USE), judge=judge, limits=NoLimits(), generations=ROCE)
