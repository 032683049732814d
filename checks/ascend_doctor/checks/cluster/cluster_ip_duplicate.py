"""Two RoCE ports have the same address.

What it reads: the address of every port (`hccn_tool -i N -ip -g`), /etc/hccn.conf and when it was written, and LLDP.

Why it matters: packets for one port arrive at the other; links come up or not by chance (EI0006), and ping may still
    work.

What to do: give the odd port its own address.

Disruption: setting an address interrupts the network of the NPU.

Limits: none. The culprit is the port of which the address is not what /etc/hccn.conf says, or does not follow from
    the addresses of the other ports of its node; if that does not decide, the port whose settings were written later,
    with little confidence; else nobody is named. Pairs of ports with a network of their own (/30 or /31), of which no
    neighbour is a switch, are on direct cables and may use the same addresses as other pairs. Masked addresses are not
    compared.

Sources: Ascend/mind-cluster, kg-config (address conflict as a cause); hicann/driver, hccn_tool source ("The ip
    address configured is conflicted!").
"""

from __future__ import annotations

from collections import Counter
from typing import Dict, Iterator, List, Optional

import attrs

from ascend_doctor.checks import fabric, ports, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, passed, skipped
from ascend_doctor.checks.view import FleetView, NodeView
from ascend_doctor.facts.files import hccn_conf
from ascend_doctor.facts.hccn_tool import ip, lldp
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Confidence
from ascend_doctor.model.subject import Subject, SubjectKind
from ascend_doctor.model.wording import counted

PRIVATE_PAIR = 30
"""Networks this small hold the two ends of one cable and nobody else."""
MIN_PATTERN = 3
"""So many siblings have to agree before their addresses predict that of another port."""


@attrs.frozen
class Owner:
    """A port with its address."""

    view: NodeView
    target: Target
    subject: Subject
    address: str
    number: int


def judge(fleet: FleetView, _limits: NoLimits) -> Iterator[Finding]:
    """Name the culprit of every address that occurs twice."""
    owners = list(_owners(fleet))
    if not owners and _is_bare(fleet):
        yield skipped(fleet.subject, "no port has an IPv4 address")
        return
    if not owners:
        yield fabric.nobody_told(fleet, "the address of every port")
        return
    by_address: Dict[str, List[Owner]] = {}
    for owner in owners:
        by_address.setdefault(owner.address, []).append(owner)
    shared = [group for group in by_address.values() if len(group) > 1]
    for group in shared:
        yield _judge(group, owners)
    if not shared:
        yield passed(fleet.subject, f"{counted(len(owners), 'address', 'addresses')}, each once", observed=len(owners))


def _is_bare(fleet: FleetView) -> bool:
    """Tell whether every port says that it has no address."""
    gaps = [facts if isinstance(facts, Missing) else facts.ipaddr for _, _, _, facts in fleet.each(ip.SOURCE)]
    return bool(gaps) and all(isinstance(gap, Missing) and gap.why is Absence.NOT_CONFIGURED for gap in gaps)


def _owners(fleet: FleetView) -> Iterator[Owner]:
    for view, target, subject, facts in fleet.each(ip.SOURCE):
        if isinstance(facts, Missing):
            continue
        address = ports.ipv4(facts.ipaddr)
        if address is not None and not _is_private_pair(view, target):
            yield Owner(view, target, subject, str(address), int(address))


def _is_private_pair(view: NodeView, target: Target) -> bool:
    network = ports.network_of(view, target)
    neighbour = view.read(lldp.SOURCE, target)
    switched = not isinstance(neighbour, Missing) and neighbour.peer == "switch"
    return not switched and network is not None and network.prefixlen >= PRIVATE_PAIR


def _judge(group: List[Owner], everyone: List[Owner]) -> Finding:
    culprit, confidence = _only([owner for owner in group if not _as_planned(owner)]), Confidence.DIRECT
    if culprit is None:
        odd = [owner for owner in group if _predicted(owner, everyone) not in (None, owner.number)]
        culprit, confidence = _only(odd), Confidence.INFERRED
    if culprit is None:
        culprit, confidence = _latest(group), Confidence.WEAK
    if culprit is None:
        confidence = Confidence.UNDETERMINED
    named = [f"{owner.subject} has {owner.address}" for owner in group]
    others = [owner for owner in group if owner is not culprit]
    also = ", ".join(str(owner.subject) for owner in others)
    address = group[0].address
    return failed(
        Subject(SubjectKind.ADDRESS, "", address) if culprit is None else culprit.subject,
        f"the address {address} belongs to {also}{'' if culprit is None else ' too'}",
        expected="every address once",
        remedies=[remedies.set_address((culprit or group[0]).target.phy_id)],
        observed=address,
        quotes=tuple(quote for owner in group[:4] for quote in owner.view.quote(ip.SOURCE, owner.target)),
        affected=[owner.subject for owner in group],
        confidence=confidence,
        candidates=named if confidence in (Confidence.WEAK, Confidence.UNDETERMINED) else (),
    )


def _only(odd: List[Owner]) -> Optional[Owner]:
    """Return the only odd owner; None when there is none or several."""
    return odd[0] if len(odd) == 1 else None


def _as_planned(owner: Owner) -> bool:
    planned = ports.planned_address(owner.view, owner.target)
    return planned is None or planned == owner.address


def _predicted(owner: Owner, everyone: List[Owner]) -> Optional[int]:
    """Return the address that follows from the siblings, None if theirs do not grow by one step from port to port."""
    siblings = [
        (int(other.subject.name), other.number)
        for other in everyone
        if other.view is owner.view and other.subject != owner.subject
    ]
    steps = Counter(
        (later[1] - earlier[1]) // (later[0] - earlier[0]) for earlier, later in zip(siblings, siblings[1:])
    )
    if len(siblings) < MIN_PATTERN:
        return None
    step = steps.most_common(1)[0][0]
    starts = Counter(number - step * position for position, number in siblings)
    start, votes = starts.most_common(1)[0]
    return start + step * int(owner.subject.name) if votes > len(siblings) / 2 else None


def _latest(group: List[Owner]) -> Optional[Owner]:
    """Return the owner whose settings were written last, None when that is not known or the same for all."""
    times = {}
    for owner in group:
        facts = owner.view.read(identity.SOURCE)
        times[owner.subject] = 0.0 if isinstance(facts, Missing) else facts.file_times.get(hccn_conf.PATH, 0.0)
    latest = max(times.values())
    newest = [owner for owner in group if times[owner.subject] == latest]
    return newest[0] if len(newest) == 1 and min(times.values()) > 0 else None


CHECK = Check(
    id="cluster.ip-duplicate",
    reads=(lldp.SOURCE, identity.SOURCE, *ports.USE),
    judge=judge,
    limits=NoLimits(),
    generations=ROCE,
)
