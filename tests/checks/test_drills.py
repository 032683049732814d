"""For every check: one fault of the simulator makes exactly this check the culprit, and repairing it clears it."""

from __future__ import annotations

from typing import Dict, FrozenSet, List, Set

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.report import Report
from ascend_doctor.model.status import Status
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.faults import KINDS, NAMES
from ascend_doctor.simulator.profiles import PRODUCTS
from drills import ASKED, CLUSTERS, DRILLS, Drill
from simulated import Doctor, make

ENTRIES = catalogue.load()
RECORDS = {"roce.flap", "ub.flap"}
"""Checks that judge what a device has recorded, of which a repair takes nothing back."""


def named(report: Report) -> List[Finding]:
    """Return what nothing else explains: problems first, then what could not be seen."""
    return [*report.problems, *report.blind_spots]


def places(finding: Finding) -> FrozenSet[str]:
    """Return the NPUs and nodes that a finding names."""
    return frozenset(str(subjects.npu_of(subject)) for subject in (finding.subject, *finding.affected))


def place(cluster: SimulatedCluster) -> FrozenSet[str]:
    """Return where the one fault of a cluster is: its node, or its NPU and the card that the NPU is on."""
    (fault,) = cluster.scenario.faults
    if fault.phy_id is None:
        return frozenset({str(subjects.node(fault.node))})
    product = PRODUCTS[dict(cluster.scenario.machines())[fault.node].product]
    card = subjects.card(fault.node, fault.phy_id // product.chips_per_card)
    return frozenset({str(subjects.npu(fault.node, fault.phy_id)), str(card)})


def wait(cluster: SimulatedCluster, seconds: float) -> None:
    """Let time pass, of which nothing has to be seen."""
    cluster.clock.advance(seconds)  # type: ignore[attr-defined]


def test_every_kind_of_fault_is_drilled() -> None:
    """There is a row for each of them, and none for another."""
    assert set(NAMES) == {drill.kind for drill in DRILLS}


def test_every_check_is_the_culprit_of_a_drill() -> None:
    """None of the catalogue is left out, those that are opt-in neither."""
    assert set(ENTRIES) == {drill.culprit for drill in DRILLS}


def test_the_faults_name_the_culprits_of_their_drills() -> None:
    """What the simulator announces beside a fault is what the doctor finds, all of it."""
    found: Dict[str, Set[str]] = {}
    for drill in DRILLS:
        found.setdefault(drill.kind, set()).add(drill.culprit)
    assert {str(kind.model_fields["fault"].default): set(kind.found_by) for kind in KINDS} == found


def test_every_opt_in_check_is_asked_for_where_it_is_needed() -> None:
    """A drill switches its own culprit on when nobody else does."""
    opt_in = {name for name, entry in ENTRIES.items() if entry.check.opt_in}
    assert opt_in == set(ASKED)
    assert [] == [drill for drill in DRILLS if drill.culprit in opt_in and drill.culprit not in drill.asks_for]


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_healthy_cluster_is_ready(cluster: str) -> None:
    """Without a fault nothing is found, with every opt-in check asked for too, and all that are asked pass or skip."""
    found = Doctor(make(CLUSTERS[cluster]), ASKED).report()
    assert [] == named(found)
    assert Verdict.READY is found.verdict
    assert {Status.PASS, Status.SKIP} == {finding.status for finding in found.findings}


@pytest.mark.parametrize(
    ("drill", "cluster"),
    [pytest.param(drill, on, id=f"{drill.fault} on {on}") for drill in DRILLS for on in drill.on],
)
def test_a_fault_has_one_culprit_until_it_is_repaired(drill: Drill, cluster: str) -> None:
    """The check is named once, at the place of the fault, and nothing else; after the repair the cluster is ready."""
    simulated = make(drill.scenario(cluster))
    doctor = Doctor(simulated, drill.settings)
    found = named(doctor.report())
    assert [drill.culprit] * max(len(drill.at), 1) == [finding.check for finding in found], found
    if drill.at:
        assert list(drill.at) == [str(finding.subject) for finding in found]
    else:
        assert place(simulated) & places(found[0])
    simulated.repair()
    after = doctor.report()
    if drill.recorded_s:
        assert {finding.check for finding in named(after)} <= RECORDS
        assert Verdict.READY is not after.verdict
        wait(simulated, drill.recorded_s)
        after = doctor.report()
    assert [] == named(after)
    assert Verdict.READY is after.verdict
