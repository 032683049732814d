"""The nodes run different versions.

What it reads: the running driver and firmware of every node: `npu-smi info -t board`, and `npu-smi info` for the
    driver.

Why it matters: mixed versions fail in a job in ways that name neither (EI0008, links that do not come up); in a super
    node of A3 or Ascend 950 machines the vendor asks for one driver.

What to do: bring the odd node to the versions of the others.

Disruption: an upgrade ends with a reboot.

Limits: none. The smaller group is the culprit. Two groups of one size do not decide anything: one finding names both
    sides. A difference is a warning, because it may be an upgrade in progress; different drivers on A3 and 950 nodes
    are a failure.

Sources: support.huaweicloud.com, best practice for NPU drivers (one driver in a super node); hicann/driver,
    documentation of dcmi_get_ping_info; hicann/hccl, EI0008.
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Mapping, Sequence, Tuple

import attrs

from ascend_doctor.checks import fabric, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.fleet import FleetView, NodeFacts
from ascend_doctor.checks.outcome import failed, passed
from ascend_doctor.checks.topics.node import NODE, Node
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Missing, known
from ascend_doctor.model.status import Confidence, Status, worst
from ascend_doctor.model.subject import Subject

STRICT = (Generation.A3.value, Generation.A5.value)
DRIVER, FIRMWARE = "driver", "firmware"
MAX_NAMED = 32
"""So many nodes of a side are named, of the rest it is told how many they are."""


@attrs.frozen(eq=False)
class Versions:
    """What one node runs; the texts are empty where it does not tell. `family` is the generation's name."""

    node: NodeFacts
    family: str
    driver: str
    firmware: str

    def of(self, what: str) -> str:
        """Return the version of the driver or of the firmware."""
        return self.driver if what == DRIVER else self.firmware


@attrs.frozen
class Difference:
    """A version that the nodes of one family do not share: who runs which, nodes that do not tell left out."""

    family: str
    what: str
    groups: Mapping[str, Sequence[Versions]]
    usual: str
    """The version of the largest group, empty when two are as large."""

    @property
    def status(self) -> Status:
        """How bad it is: the vendor asks for one driver in a super node."""
        return Status.FAIL if self.what == DRIVER and self.family in STRICT else Status.WARN

    def is_about(self, item: Versions) -> bool:
        """Tell whether a node runs another version than most."""
        return bool(self.usual) and item.family == self.family and item.of(self.what) not in ("", self.usual)

    def sides(self) -> List[str]:
        """Return each version with the nodes that run it."""
        return [f"{self.what} {version}: {_named(members)}" for version, members in self.groups.items()]


def judge(fleet: FleetView, _limits: NoLimits) -> Iterator[Finding]:
    """Compare the nodes of each generation with each other."""
    nodes = [found for found in (_versions(node, facts) for node, facts in fleet.each(NODE)) if _tells(found)]
    if not nodes:
        yield fabric.nobody_told(fleet, "the version of every node")
        return
    differences = _differences(nodes)
    if not differences:
        yield passed(
            fleet.subject,
            "one node, nothing to compare it with" if len(nodes) == 1 else f"{len(nodes)} nodes run the same versions",
        )
        return
    for item in nodes:
        odd = [found for found in differences if found.is_about(item)]
        if odd:
            yield _odd(item, odd)
    ties = [found for found in differences if not found.usual]
    if ties:
        yield _tie(fleet.subject, ties)


def _versions(node: NodeFacts, facts: Node) -> Versions:
    family = "" if isinstance(facts.generation, Missing) else facts.generation.value
    return Versions(node, family, (known(facts.driver) or "").lower(), " and ".join(facts.firmware))


def _tells(item: Versions) -> bool:
    return bool(item.driver or item.firmware)


def _differences(nodes: Sequence[Versions]) -> List[Difference]:
    found: Dict[Tuple[str, str], Dict[str, List[Versions]]] = {}
    for item in nodes:
        for what in (DRIVER, FIRMWARE):
            if item.of(what):
                found.setdefault((item.family, what), {}).setdefault(item.of(what), []).append(item)
    return [
        Difference(family, what, groups, _usual(groups)) for (family, what), groups in found.items() if len(groups) > 1
    ]


def _usual(groups: Mapping[str, Sequence[Versions]]) -> str:
    most = max(map(len, groups.values()))
    leading = [version for version, members in groups.items() if len(members) == most]
    return leading[0] if len(leading) == 1 else ""


def _odd(item: Versions, odd: Sequence[Difference]) -> Finding:
    words = "; ".join(f"{found.what} {item.of(found.what)}, and the others {found.usual}" for found in odd)
    return failed(
        item.node.subject,
        f"runs {words}",
        expected="the same driver and firmware on every node",
        remedies=[remedies.REINSTALL_PAIR],
        observed=f"{item.driver} + {item.firmware}",
        quotes=_quotes(item),
        status=worst(found.status for found in odd),
    )


def _tie(subject: Subject, ties: Sequence[Difference]) -> Finding:
    members = [member for found in ties for group in found.groups.values() for member in group]
    nodes = list(dict.fromkeys(members))
    return failed(
        subject,
        "the nodes run different versions, and neither side is in the majority",
        expected="the same driver and firmware on every node",
        remedies=[remedies.REINSTALL_PAIR],
        quotes=tuple(quote for item in nodes[:2] for quote in _quotes(item)),
        affected=[item.node.subject for item in nodes],
        confidence=Confidence.UNDETERMINED,
        candidates=[side for found in ties for side in found.sides()],
        status=worst(found.status for found in ties),
    )


def _quotes(item: Versions) -> Tuple[Quote, ...]:
    return item.node.quotes(NODE, "")


def _named(members: Sequence[Versions]) -> str:
    named = [member.node.name for member in members[:MAX_NAMED]]
    rest = len(members) - len(named)
    return ", ".join([*named, f"and {rest} more"] if rest else named)


CHECK = Check(id="cluster.version-equal", topics=(NODE,), judge=judge, limits=NoLimits())
