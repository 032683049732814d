"""Rules about a chip that depend on a setting, or on a product that no shipped scenario has."""

from __future__ import annotations

import json
from typing import List

import attrs
import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.engine import CheckSettings, judge_node
from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity
from ascend_doctor.knowledge.ratings import rated_hbm_mb
from ascend_doctor.model.status import Disruption, Status
from simulated import answers, make

ENTRIES = {name: entry for name, entry in catalogue.load().items() if name.startswith("npu.")}
A5 = "nodes:\n  - {name: n1, product: ascend-950}\n"
A2 = "nodes:\n  - {name: n1, product: atlas-800t-a2}\n"


def view(text: str, fault: str) -> NodeView:
    """Return what a node with a fault answers, long after its start."""
    evidence = answers(make(f"{text}faults:\n  - {{fault: {fault}, node: n1}}\n", 900.0))
    return NodeView("n1", {key: item for (_, key), item in evidence.items()})


def culprits(text: str, fault: str) -> List[str]:
    """Return the problems that the checks of chips find, folded."""
    seen = [view(text, fault)]
    found = make_report(seen, judge_and_fold(seen, ENTRIES), made_at=0.0).problems
    return [finding.check for finding in found if finding.check.startswith("npu.")]


@pytest.mark.parametrize(("errors", "expected"), [(1, Status.WARN), (2, Status.FAIL)])
def test_during_a_job_one_memory_error_is_a_warning(errors: int, expected: Status) -> None:
    """The rule of the vendor's scheduler: once is tolerated, twice is a fault."""
    entries = {"npu.ecc": ENTRIES["npu.ecc"]}
    limits = attrs.evolve(entries["npu.ecc"].check.limits, during_a_job=True)
    seen = view(A2, f"ecc-double-bit, npu: 3, count: {errors}")
    found = judge_node(seen, entries, {"npu.ecc": CheckSettings(limits=limits)})
    assert [expected] == [finding.status for finding in found if finding.status.is_problem]


@pytest.mark.parametrize(
    ("fault", "culprit"),
    [
        ("npu-alarm, npu: 3", "npu.fault-events"),
        ("hot-chip, npu: 3", "npu.temperature"),
        ("ecc-isolated, npu: 3, pages: 64", "npu.ecc-isolation"),
        ("hbm-shrunk, npu: 3", "npu.hbm-capacity"),
        ("memory-leak, npu: 3", "npu.hbm-free"),
    ],
)
def test_a_950_has_its_culprit(fault: str, culprit: str) -> None:
    """The list of alarms is the detail behind the health; other checks know better what an alarm means."""
    assert [culprit] == culprits(A5, fault)


def test_ratings_follow_the_printed_name() -> None:
    """The longest name counts, with or without the word before it; of an unknown chip nothing is known."""
    assert (65536,) == rated_hbm_mb("910B3")
    assert (32768, 65536) == rated_hbm_mb("Ascend 910B4-1")
    assert (65536,) == rated_hbm_mb("Ascend910")
    assert () == rated_hbm_mb("xxx")


@pytest.mark.parametrize(
    ("check", "fault", "contained", "expected"),
    [
        ("npu.processes", "leftover-process, npu: 3, memory_mb: 20000", False, []),
        ("npu.hbm-free", "leftover-process, npu: 3, memory_mb: 20000", False, []),
        ("npu.hbm-free", "memory-leak, npu: 3", False, [Status.FAIL]),
        ("npu.hbm-free", "memory-leak, npu: 3", True, [Status.UNKNOWN]),
    ],
)
def test_during_a_job_its_processes_are_no_fault(
    check: str, fault: str, contained: bool, expected: List[Status]
) -> None:
    """They may hold memory then; memory that nobody holds is lost all the same, where everybody is shown."""
    entries = {check: ENTRIES[check]}
    limits = attrs.evolve(entries[check].check.limits, during_a_job=True)
    seen = view(A2, fault)
    if contained:
        seen = in_a_container(seen)
    found = judge_node(seen, entries, {check: CheckSettings(limits=limits)})
    assert expected == [finding.status for finding in found if finding.status is not Status.PASS]


def in_a_container(seen: NodeView) -> NodeView:
    """Return the same answers, given to a doctor in a container."""
    evidence = dict(seen.evidence)
    host = evidence[identity.SOURCE.about().key]
    shown = json.dumps({**json.loads(host.stdout), "container": True}) + "\n"
    evidence[host.key] = attrs.evolve(host, stdout=shown.encode())
    return NodeView(seen.name, evidence)


def test_in_a_container_nobody_says_that_no_process_holds_memory() -> None:
    """It shows its own processes only, so that a reset is not advised either."""
    found = judge_node(in_a_container(view(A2, "memory-leak, npu: 3")), {"npu.hbm-free": ENTRIES["npu.hbm-free"]})
    (problem,) = [finding for finding in found if finding.status is Status.FAIL]
    assert "which process holds it is not known" in problem.summary
    assert {Disruption.NONE} == {step.disruption for step in problem.remedies}
