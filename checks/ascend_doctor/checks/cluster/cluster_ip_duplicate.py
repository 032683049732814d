"""Two RoCE ports have the same address.

What it reads: the address of every port (`hccn_tool -i N -ip -g`), /etc/hccn.conf and when it was written, and LLDP.

Why it matters: packets for one port arrive at the other; links come up or not by chance (EI0006), and ping may still
    work.

What to do: give the odd port its own address.

Disruption: setting an address interrupts the network of the NPU.

Limits: none. The culprit is the port of which the address is not what /etc/hccn.conf says, or does not follow from
    the addresses of the other ports of its node; if that does not decide, the port whose settings were written later,
    with little confidence; else nobody is named. Where more than 64 ports share an address only /etc/hccn.conf decides.
    Pairs of ports with a network of their own (/30 or /31), of which no neighbour is a switch, are on direct cables and
    may use the same addresses as other pairs. Masked addresses are not compared.

Sources: Ascend/mind-cluster, kg-config (address conflict as a cause); hicann/driver, hccn_tool source ("The ip
    address configured is conflicted!").
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ascend_doctor.checks import fabric, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.fabric import End
from ascend_doctor.checks.fleet import FleetView
from ascend_doctor.checks.outcome import failed, passed, skipped
from ascend_doctor.checks.topics.ports import PORTS
from ascend_doctor.facts.hccn_tool import ip
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing, known
from ascend_doctor.model.status import Confidence
from ascend_doctor.model.subject import Subject, SubjectKind
from ascend_doctor.model.wording import counted

MIN_PATTERN = 3
"""So many siblings have to agree before their addresses predict that of another port."""
MAX_ODD = 64
"""Among more owners than these nobody is looked for who does not fit: such an address was rolled out."""
MAX_NAMED = 16
"""So many owners are named in words, of the rest it is told how many they are."""


def judge(fleet: FleetView, _limits: NoLimits) -> Iterator[Finding]:
    """Name the culprit of every address that occurs twice."""
    claims = [port.claim for _, facts in fleet.each(PORTS) for port in facts.ports if port.claim is not None]
    if not claims and _is_bare(fleet):
        yield skipped(fleet.subject, "no port has an IPv4 address")
        return
    if not claims:
        yield fabric.nobody_told(fleet, "the address of every port")
        return
    count = len(claims)
    if len(set(claims)) == count:
        yield passed(fleet.subject, f"{counted(count, 'address', 'addresses')}, each once", observed=count)
        return
    for address, group in _owners(fleet, Counter(claims)).items():
        yield _judge(address, group)


def _owners(fleet: FleetView, claims: Mapping[str, int]) -> Mapping[str, Sequence[End]]:
    """Return the ports of every address that occurs more than once."""
    found: Dict[str, List[End]] = {}
    for node, facts in fleet.each(PORTS):
        for port in facts.ports:
            if port.claim is not None and claims[port.claim] > 1:
                found.setdefault(port.claim, []).append(End(node, facts, port))
    return found


def _is_bare(fleet: FleetView) -> bool:
    """Tell whether every port says that it has no address."""
    told = [facts for _, facts in fleet.each(PORTS)]
    gaps = [port.address for facts in told for port in facts.ports]
    unset = all(isinstance(gap, Missing) and gap.why is Absence.NOT_CONFIGURED for gap in gaps)
    return bool(gaps) and unset and all(facts.gap is None for facts in told)


def _judge(address: str, group: Sequence[End]) -> Finding:
    culprit, confidence = _culprit(address, group)
    others = [owner for owner in group if owner is not culprit]
    weak = confidence in (Confidence.WEAK, Confidence.UNDETERMINED)
    return failed(
        Subject(SubjectKind.ADDRESS, "", address) if culprit is None else culprit.subject,
        f"the address {address} belongs to {_named(others)}{'' if culprit is None else ' too'}",
        expected="every address once",
        remedies=[remedies.set_address((culprit or group[0]).port.phy_id)],
        observed=address,
        quotes=tuple(quote for owner in group[:4] for quote in owner.quotes(ip.SOURCE)),
        affected=[owner.subject for owner in group],
        confidence=confidence,
        candidates=[f"{owner.subject} has {address}" for owner in group[:MAX_NAMED]] if weak else (),
    )


def _named(owners: Sequence[End]) -> str:
    rest = len(owners) - MAX_NAMED
    named = [str(owner.subject) for owner in owners[:MAX_NAMED]]
    return ", ".join([*named, f"and {rest} more"] if rest > 0 else named)


def _culprit(address: str, group: Sequence[End]) -> Tuple[Optional[End], Confidence]:
    """Return who should not have the address, and how sure that is."""
    culprit = _only([owner for owner in group if owner.port.saved_address is not None])
    if culprit is not None:
        return culprit, Confidence.DIRECT
    if len(group) <= MAX_ODD:
        culprit = _only([owner for owner in group if _predicted(owner) not in (None, _number(address))])
        if culprit is not None:
            return culprit, Confidence.INFERRED
        culprit = _latest(group)
    return culprit, Confidence.UNDETERMINED if culprit is None else Confidence.WEAK


def _only(odd: List[End]) -> Optional[End]:
    """Return the only odd owner; None when there is none or several."""
    return odd[0] if len(odd) == 1 else None


def _number(address: str) -> int:
    return int(ipaddress.IPv4Address(address))


def _predicted(owner: End) -> Optional[int]:
    """Return the address that follows from the siblings, None if theirs do not grow by one step from port to port."""
    siblings = [
        (port.phy_id, _number(port.claim))
        for port in owner.facts.ports
        if port.claim is not None and port.phy_id != owner.port.phy_id
    ]
    steps = Counter(
        (later[1] - earlier[1]) // (later[0] - earlier[0]) for earlier, later in zip(siblings, siblings[1:])
    )
    if len(siblings) < MIN_PATTERN:
        return None
    step = steps.most_common(1)[0][0]
    starts = Counter(number - step * position for position, number in siblings)
    start, votes = starts.most_common(1)[0]
    return start + step * owner.port.phy_id if votes > len(siblings) / 2 else None


def _latest(group: Sequence[End]) -> Optional[End]:
    """Return the owner whose settings were written last, None when that is not known or the same for all."""
    times = [known(owner.facts.saved_at) or 0.0 for owner in group]
    newest = [owner for owner, time in zip(group, times) if time == max(times)]
    return newest[0] if len(newest) == 1 and min(times) > 0 else None


CHECK = Check(
    id="cluster.ip-duplicate",
    topics=(PORTS,),
    judge=judge,
    limits=NoLimits(),
    generations=ROCE,
)
