"""What is said of faults between the chips of a node."""

from __future__ import annotations

from ascend_doctor.model.finding import Finding
from ascend_doctor.model.status import Status
from drills import A3, CLUSTERS, SWITCHED
from simulated import Doctor, make


def problem(cluster: str, fault: str) -> Finding:
    """Return the one problem of a cluster with a fault."""
    (found,) = Doctor(make(f"{CLUSTERS[cluster]}faults: [{{fault: {fault}, node: node-1}}]\n")).report().problems
    return found


def test_a_bus_that_goes_on_making_errors_fails() -> None:
    """Three rounds with growth are more than a single event."""
    found = problem(A3, "sio-errors, npu: 3")
    assert (Status.FAIL, "node-1 card 1") == (found.status, str(found.subject))


def test_one_broken_link_is_one_finding() -> None:
    """Both ends of a link between two NPUs report it; the finding names both."""
    found = problem(SWITCHED, "hccs-link-down, npu: 1, peer: 3")
    assert ["node-1 NPU 1", "node-1 NPU 3"] == [str(subject) for subject in found.affected]
