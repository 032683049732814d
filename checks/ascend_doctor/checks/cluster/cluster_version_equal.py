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

from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks import fabric, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, passed
from ascend_doctor.checks.versions import boards, generation
from ascend_doctor.checks.view import FleetView, NodeView
from ascend_doctor.facts.npu_smi import board, info
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Missing, known
from ascend_doctor.model.status import Confidence, Status, worst
from ascend_doctor.model.subject import Subject

STRICT = (Generation.A3.value, Generation.A5.value)


@attrs.frozen
class Versions:
    """What one node runs; the texts are empty where it does not tell. `family` is the generation's name."""

    view: NodeView
    family: str
    driver: str
    firmware: str

    def of(self, what: str) -> str:
        """Return the version of the driver or of the firmware."""
        return self.driver if what == "driver" else self.firmware


@attrs.frozen
class Difference:
    """A version that the nodes of one family do not share: who runs which, nodes that do not tell left out."""

    what: str
    groups: Mapping[str, Sequence[Versions]]

    @property
    def usual(self) -> str:
        """The version of the largest group, empty when two are as large."""
        most = max(map(len, self.groups.values()))
        leading = [version for version, members in self.groups.items() if len(members) == most]
        return leading[0] if len(leading) == 1 else ""

    @property
    def status(self) -> Status:
        """How bad it is: the vendor asks for one driver in a super node."""
        family = next(iter(self.groups.values()))[0].family
        return Status.FAIL if self.what == "driver" and family in STRICT else Status.WARN

    @property
    def members(self) -> Tuple[Versions, ...]:
        """All nodes that are compared."""
        return tuple(member for members in self.groups.values() for member in members)

    def sides(self) -> List[str]:
        """Return each version with the nodes that run it."""
        return [
            f"{self.what} {version}: {', '.join(member.view.name for member in members)}"
            for version, members in self.groups.items()
        ]


def judge(fleet: FleetView, _limits: NoLimits) -> Iterator[Finding]:
    """Compare the nodes of each generation with each other."""
    nodes = [found for found in map(_versions, fleet.nodes) if found is not None]
    if not nodes:
        yield fabric.nobody_told(fleet, "the version of every node")
        return
    differences = _differences(nodes)
    for item in nodes:
        odd = [
            found
            for found in differences
            if found.usual and item in found.members and item.of(found.what) != found.usual
        ]
        if odd:
            yield _odd(item, odd)
    ties = [found for found in differences if not found.usual]
    if ties:
        yield _tie(fleet.subject, ties)
    if not differences:
        yield passed(
            fleet.subject,
            "one node, nothing to compare it with" if len(nodes) == 1 else f"{len(nodes)} nodes run the same versions",
        )


def _differences(nodes: Sequence[Versions]) -> List[Difference]:
    found: Dict[Tuple[str, str], Dict[str, List[Versions]]] = {}
    for item in nodes:
        for what in ("driver", "firmware"):
            if item.of(what):
                found.setdefault((item.family, what), {}).setdefault(item.of(what), []).append(item)
    return [Difference(what, groups) for (_, what), groups in found.items() if len(groups) > 1]


def _versions(view: NodeView) -> Optional[Versions]:
    found = boards(view)
    table = view.read(info.SOURCE)
    driver = next((item.driver for item in found if item.driver), None)
    if driver is None and not isinstance(table, Missing):
        driver = known(table.driver_version)
    firmware = sorted({item.firmware for item in found if item.firmware})
    family = generation(view)
    if driver is None and not firmware:
        return None
    name = "" if isinstance(family, Missing) else family.value
    return Versions(view, name, (driver or "").lower(), " and ".join(firmware))


def _odd(item: Versions, odd: Sequence[Difference]) -> Finding:
    words = "; ".join(f"{found.what} {item.of(found.what)}, and the others {found.usual}" for found in odd)
    return failed(
        item.view.subject,
        f"runs {words}",
        expected="the same driver and firmware on every node",
        remedies=[remedies.REINSTALL_PAIR],
        observed=f"{item.driver} + {item.firmware}",
        quotes=_quotes(item),
        status=worst(found.status for found in odd),
    )


def _tie(subject: Subject, ties: Sequence[Difference]) -> Finding:
    nodes = list(dict.fromkeys(member for found in ties for member in found.members))
    return failed(
        subject,
        "the nodes run different versions, and neither side is in the majority",
        expected="the same driver and firmware on every node",
        remedies=[remedies.REINSTALL_PAIR],
        quotes=tuple(quote for item in nodes[:2] for quote in _quotes(item)),
        affected=[item.view.subject for item in nodes],
        confidence=Confidence.UNDETERMINED,
        candidates=[side for found in ties for side in found.sides()],
        status=worst(found.status for found in ties),
    )


def _quotes(item: Versions) -> Tuple[Quote, ...]:
    first = next(iter(boards(item.view)))
    return item.view.quote(board.SOURCE, first.target, "Software Version", "Firmware Version")


CHECK = Check(id="cluster.version-equal", reads=(board.SOURCE, info.SOURCE), judge=judge, limits=NoLimits())
