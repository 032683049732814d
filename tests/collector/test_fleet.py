"""The collector's memory: liveness by the clock, cluster findings, filters, transitions."""

from __future__ import annotations

import pytest

import small_cluster
from ascend_doctor.checks import catalogue
from ascend_doctor.collector.fleet import Deadlines, Fleet
from ascend_doctor.collector.store import StoredNode, Transition
from ascend_doctor.model.report import Liveness
from ascend_doctor.model.state import EMPTY, NodeState, whole
from ascend_doctor.model.status import Status
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.wire.effects import Commit
from ascend_doctor.wire.frames import Hello
from collecting import judged
from wire_pair import finding

NOW = 1_790_000_000.0
ENTRIES = catalogue.load()
DEADLINES = Deadlines(stale_after_s=90, lost_after_s=600)


def _fleet(**more):
    return Fleet(ENTRIES, deadlines=DEADLINES, version="1.0", **more)


def _commit(name, state, sequence=1, epoch="e"):
    return Commit(name, epoch, sequence, True, whole(state), state)


def _of(*nodes, fleet=None, at=NOW):
    """Return a fleet of nodes with the answers given, judged by themselves."""
    found = fleet or _fleet()
    for number, answers in enumerate(nodes, 1):
        found.accept(_commit(f"node-{number}", judged(f"node-{number}", answers)), at)
    return found


@pytest.fixture(scope="module")
def healthy():
    """The answers of two healthy nodes."""
    return small_cluster.node(1, 2), small_cluster.node(2, 1)


def test_a_healthy_fleet_is_ready(healthy):
    """Two nodes without a fault, heard of just now, are ready."""
    report = _of(*healthy).report(NOW + 1)
    assert Verdict.READY is report.verdict
    assert [("node-1", Verdict.READY, Liveness.LIVE), ("node-2", Verdict.READY, Liveness.LIVE)] == [
        (node.name, node.verdict, node.liveness) for node in report.nodes
    ]
    assert (NOW + 1, "the collector", "1.0") == (report.made_at, report.origin, report.doctor_version)


@pytest.mark.parametrize(
    ("silent_s", "current_s", "expected"),
    [
        (0, None, Liveness.LIVE),
        (-5, None, Liveness.LIVE),
        (90, None, Liveness.LIVE),
        (91, None, Liveness.STALE),
        (600, None, Liveness.STALE),
        (601, None, Liveness.LOST),
        (200, 300.0, Liveness.LIVE),
        (301, 300.0, Liveness.STALE),
        (700, 900.0, Liveness.LIVE),
        (901, 900.0, Liveness.LOST),
        (91, 10.0, Liveness.STALE),
    ],
)
def test_silence_grows_old(healthy, silent_s, current_s, expected):
    """A node is stale, then lost, by the time since its last results; it may ask for more time, not for less."""
    fleet = _of(*healthy)
    fleet.greeted(Hello("node-1", "e", 0, 0, current_s=current_s))
    assert expected is fleet.liveness("node-1", NOW + silent_s)


def test_a_greeting_without_a_span_takes_the_last_one_back(healthy):
    """A node that no longer says how long its results count gets the collector's deadline."""
    fleet = _of(*healthy)
    fleet.greeted(Hello("node-1", "e", 0, 0, current_s=900.0))
    fleet.greeted(Hello("node-1", "e", 0, 0))
    assert Liveness.STALE is fleet.liveness("node-1", NOW + 100)


def test_a_silent_node_makes_nothing_ready(healthy):
    """The results of a silent node are stale: it is neither ready nor accused, and the verdict is none."""
    fleet = _of(*healthy)
    fleet.accept(_commit("node-2", judged("node-2", healthy[1]), 2), NOW + 100)
    report = fleet.report(NOW + 120)
    assert Verdict.INCOMPLETE is report.verdict
    assert [Liveness.STALE, Liveness.LIVE] == [node.liveness for node in report.nodes]
    assert [Verdict.INCOMPLETE, Verdict.READY] == [node.verdict for node in report.nodes]
    own = {item.status for item in report.findings if item.subject.node == "node-1"}
    assert own <= {Status.STALE, Status.SKIP}
    stale = next(item for item in report.blind_spots if item.subject.node == "node-1")
    assert stale.summary.startswith("was pass 2 min ago, nothing came since: ")


def test_what_a_silent_node_does_not_have_stays_skipped():
    """A result that was never looked for does not grow old."""
    fleet = _fleet()
    fleet.accept(_commit("node-1", NodeState.of([finding("roce.link", Status.SKIP)])), NOW)
    assert [Status.SKIP] == [item.status for item in fleet.report(NOW + 1000).findings]


def test_a_silent_node_that_was_broken_is_not_accused(healthy):
    """A failure that is older than the deadline says nothing of now."""
    fleet = _of({**healthy[0], **small_cluster.dark(1)}, healthy[1])
    assert Verdict.NOT_READY is fleet.report(NOW).verdict
    assert [Verdict.INCOMPLETE, Verdict.INCOMPLETE] == [node.verdict for node in fleet.report(NOW + 1000).nodes]
    assert () == fleet.report(NOW + 1000).problems


def test_an_expected_node_that_was_never_seen(healthy):
    """A node that ought to be there and never spoke keeps the fleet from being ready."""
    fleet = _of(*healthy, fleet=_fleet(expected=["node-10", "node-2"]))
    report = fleet.report(NOW)
    assert ["node-1", "node-2", "node-10"] == [node.name for node in report.nodes]
    assert (Liveness.NEVER_SEEN, Verdict.INCOMPLETE) == (report.nodes[2].liveness, report.nodes[2].verdict)
    assert report.nodes[2].seen_at is None
    assert Verdict.INCOMPLETE is report.verdict


def test_no_node_is_no_verdict():
    """Without any node there is nothing to be ready."""
    assert Verdict.INCOMPLETE is _fleet().report(NOW).verdict


def test_a_switch_that_differs_between_nodes_is_one_finding(healthy):
    """What no node can see alone is seen across nodes, and named on the NPU that is different."""
    report = _of({**healthy[0], **small_cluster.of(small_cluster.tls(2, 1))}, healthy[1]).report(NOW)
    assert [("cluster.tls-equal", "node-1", "2")] == [
        (item.check, item.subject.node, item.subject.name) for item in report.problems
    ]
    assert [Verdict.NOT_READY, Verdict.READY] == [node.verdict for node in report.nodes]


def test_a_dark_port_is_one_problem(healthy):
    """What follows from a link that is down is folded under it, over the whole fleet."""
    report = _of({**healthy[0], **small_cluster.dark(1)}, healthy[1]).report(NOW)
    (problem,) = report.problems
    assert ("roce.link", "node-1") == (problem.check, problem.subject.node)
    assert {"roce.net-health", "roce.lldp"} <= {item.check for item in report.consequences_of(problem)}


def test_an_address_that_two_nodes_have(healthy):
    """A fault of two nodes is a problem of both."""
    second = {
        **healthy[1],
        **small_cluster.of(
            small_cluster.answer(
                small_cluster.hccn(0, "ip"), f"ipaddr:{small_cluster.address(1, 0)}\nnetmask:255.255.255.0\n"
            )
        ),
    }
    report = _of(healthy[0], second).report(NOW)
    assert ["cluster.ip-duplicate"] == [item.check for item in report.problems]
    assert [Verdict.NOT_READY, Verdict.NOT_READY] == [node.verdict for node in report.nodes]


def test_the_cluster_is_judged_again_when_a_node_changes(healthy):
    """A fault that is mended is gone from the next report, and one that comes is in it."""
    fleet = _of({**healthy[0], **small_cluster.of(small_cluster.tls(2, 1))}, healthy[1])
    assert Verdict.NOT_READY is fleet.report(NOW).verdict
    fleet.accept(_commit("node-1", judged("node-1", healthy[0]), 2), NOW)
    assert Verdict.READY is fleet.report(NOW).verdict


def test_judging_is_not_done_twice(healthy, monkeypatch):
    """Reports in a row, with nothing new, share one judgement."""
    fleet = _of(*healthy)
    first = fleet.report(NOW)
    monkeypatch.setattr("ascend_doctor.collector.fleet.judge_fleet", None)
    assert first.findings == fleet.report(NOW + 1).findings


def test_filters(healthy):
    """A report may be about some nodes and checks only; the verdict is that of those nodes, over all checks."""
    fleet = _of({**healthy[0], **small_cluster.dark(1)}, healthy[1])
    other = fleet.report(NOW, ["node-2", "node-2", "node-7"])
    assert [("node-2", Verdict.READY), ("node-7", Verdict.INCOMPLETE)] == [(n.name, n.verdict) for n in other.nodes]
    assert {"", "node-2"} == {item.subject.node for item in other.findings}
    narrow = fleet.report(NOW, checks=["npu.ecc"])
    assert {"npu.ecc"} == {item.check for item in narrow.findings}
    assert Verdict.NOT_READY is narrow.verdict
    short = fleet.report(NOW, passes=False)
    assert {item.status for item in short.findings} <= {Status.FAIL, Status.WARN, Status.UNKNOWN, Status.STALE}
    assert fleet.report(NOW).verdict is short.verdict


def test_transitions_tell_what_changed():
    """New, changed and gone results are told; what stayed as it was is not."""
    fleet = _fleet()
    ecc, link = finding("npu.ecc", Status.PASS), finding("roce.link", Status.PASS)
    new = fleet.accept(_commit("node-1", NodeState.of([ecc, link])), NOW)
    assert {(None, Status.PASS)} == {(item.before, item.after) for item in new}
    down = finding("roce.link", Status.FAIL)
    changed = fleet.accept(_commit("node-1", NodeState.of([finding("npu.ecc", Status.PASS, NOW), down]), 2), NOW + 1)
    assert (
        Transition("node-1", down.key, "roce.link", Status.PASS, Status.FAIL, NOW + 1, "roce.link is fail"),
    ) == changed
    gone = fleet.accept(_commit("node-1", EMPTY, 3), NOW + 2)
    assert {("npu.ecc", Status.PASS, None), ("roce.link", Status.FAIL, None)} == {
        (item.check, item.before, item.after) for item in gone
    }


def test_what_is_known_of_a_node():
    """Memory runs ahead of the store, and a whole state under a number that the store has is not in it yet."""
    fleet = _fleet()
    state = NodeState.of([finding("npu.ecc", Status.PASS)])
    assert fleet.known("node-1") is None
    fleet.stored(_commit("node-1", state))
    fleet.accept(_commit("node-1", state, 4), NOW)
    assert (4, -1) == (fleet.known("node-1").sequence, fleet.known("node-1").committed)
    fleet.stored(_commit("node-1", state, 4))
    assert 4 == fleet.known("node-1").committed
    fleet.accept(_commit("node-1", EMPTY, 4), NOW)
    assert 3 == fleet.known("node-1").committed
    fleet.accept(_commit("node-1", state, 1, "f"), NOW)
    fleet.stored(_commit("node-1", state, 9, "e"))
    assert ("f", -1) == (fleet.known("node-1").epoch, fleet.known("node-1").committed)


def test_the_store_is_taken_up(healthy):
    """After a restart the fleet is as it was, and everything in it counts as stored."""
    state = judged("node-1", healthy[0])
    fleet = _fleet()
    fleet.restore([StoredNode("node-1", "e", 7, state, NOW - 5)])
    known = fleet.known("node-1")
    assert ("e", 7, 7, state) == (known.epoch, known.sequence, known.committed, known.state)
    assert Liveness.LIVE is fleet.liveness("node-1", NOW)
    assert Verdict.READY is fleet.report(NOW).nodes[0].verdict
