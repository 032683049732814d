"""What a cluster's answers lead to, from the tools' text to the report: one culprit, and no word about old results."""

from __future__ import annotations

import gc

import pytest

import small_cluster
from ascend_doctor.collector.fleet import Deadlines, Fleet
from ascend_doctor.collector.judged import Judge, Snapshot
from ascend_doctor.model.report import Liveness
from ascend_doctor.model.sections import whole
from ascend_doctor.model.status import Status
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.wire.effects import Commit
from ascend_doctor.wire.frames import Hello
from collecting import CHECKS, judged, shared

NOW = small_cluster.AT


def _fleet(*nodes, at=NOW):
    """Return a fleet of nodes with the answers given, judged by themselves."""
    found = Fleet(Deadlines(stale_after_s=90, lost_after_s=600))
    for number, answers in enumerate(nodes, 1):
        _tell(found, f"node-{number}", answers, at)
    return found


def _tell(fleet, name, answers, at):
    state = shared(name, judged(name, answers))
    before = fleet.known(name)
    sequence = 1 if before is None else before.sequence + 1
    fleet.accept(Commit(name, "e", sequence, True, whole(state), state), Hello(name, "e", 0, 1), at)


def _report(fleet, at=NOW):
    alive = {name: fleet.liveness(name, at) for name in fleet.names}
    return Judge(CHECKS, version="1.0").find(Snapshot("v", at, 0, dict(fleet.members), alive)).whole


@pytest.fixture(scope="module")
def healthy():
    """The answers of two healthy nodes."""
    return small_cluster.node(1, 2), small_cluster.node(2, 1)


def test_a_healthy_fleet_is_ready(healthy):
    """Two nodes without a fault, heard of just now, are ready."""
    report = _report(_fleet(*healthy), NOW + 1)
    assert Verdict.READY is report.verdict
    assert [("node-1", Verdict.READY, Liveness.LIVE), ("node-2", Verdict.READY, Liveness.LIVE)] == [
        (node.name, node.verdict, node.liveness) for node in report.nodes
    ]
    assert (NOW + 1, "the collector", "1.0") == (report.made_at, report.origin, report.doctor_version)


def test_judging_leaves_no_garbage(healthy):
    """What was found goes with its last holder: nobody has to look for circles, which grow until somebody does."""
    fleet = _fleet({**healthy[0], **small_cluster.dark(1)}, healthy[1])
    _report(fleet)  # what is remembered between judgements is made
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        assert Verdict.NOT_READY is _report(fleet).verdict
        gc.collect()
        of_ours = ("ascend_doctor.checks.", "ascend_doctor.model.", "ascend_doctor.collector.judged")
        assert [] == [type(item) for item in gc.garbage if type(item).__module__.startswith(of_ours)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


def test_a_silent_node_makes_nothing_ready(healthy):
    """The results of a silent node are stale: it is neither ready nor accused, and the verdict is none."""
    fleet = _fleet({**healthy[0], **small_cluster.dark(1)}, healthy[1])
    assert Verdict.NOT_READY is _report(fleet).verdict
    _tell(fleet, "node-2", healthy[1], NOW + 100)
    report = _report(fleet, NOW + 120)
    assert Verdict.INCOMPLETE is report.verdict
    assert [Liveness.STALE, Liveness.LIVE] == [node.liveness for node in report.nodes]
    assert [Verdict.INCOMPLETE, Verdict.READY] == [node.verdict for node in report.nodes]
    assert () == report.problems
    assert {Status.STALE} == {item.status for item in report.findings if item.subject.node == "node-1"}
    stale = next(item for item in report.blind_spots if item.check == "roce.link")
    assert stale.summary.startswith("was fail 2 min ago, nothing came since: ")


def test_a_switch_that_differs_between_nodes_is_one_finding(healthy):
    """What no node can see alone is seen across nodes, and named on the NPU that is different; mended, it is gone."""
    fleet = _fleet({**healthy[0], **small_cluster.of(small_cluster.tls(2, 1))}, healthy[1])
    report = _report(fleet)
    assert [("cluster.tls-equal", "node-1", "2")] == [
        (item.check, item.subject.node, item.subject.name) for item in report.problems
    ]
    assert [Verdict.NOT_READY, Verdict.READY] == [node.verdict for node in report.nodes]
    _tell(fleet, "node-1", healthy[0], NOW)
    assert Verdict.READY is _report(fleet).verdict


def test_a_dark_port_is_one_problem(healthy):
    """What follows from a link that is down is folded under it, over the whole fleet."""
    report = _report(_fleet({**healthy[0], **small_cluster.dark(1)}, healthy[1]))
    (problem,) = report.problems
    assert ("roce.link", "node-1") == (problem.check, problem.subject.node)
    assert {"roce.net-health", "roce.lldp"} <= {item.check for item in report.consequences_of(problem)}


def test_an_address_that_two_nodes_have(healthy):
    """A fault of two nodes is a problem of both."""
    taken = f"ipaddr:{small_cluster.address(1, 0)}\nnetmask:255.255.255.0\n"
    second = {**healthy[1], **small_cluster.of(small_cluster.answer(small_cluster.hccn(0, "ip"), taken))}
    report = _report(_fleet(healthy[0], second))
    assert ["cluster.ip-duplicate"] == [item.check for item in report.problems]
    assert [Verdict.NOT_READY, Verdict.NOT_READY] == [node.verdict for node in report.nodes]
