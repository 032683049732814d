"""From answers to the whole report."""

from __future__ import annotations

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.device_time import seconds
from ascend_doctor.checks.fleet import FleetView, NodeFacts
from ascend_doctor.checks.judging import facts_of, judge_and_fold, make_report, refold, summarise
from ascend_doctor.checks.remedies import reset, set_address
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.report import Liveness, NodeSummary
from ascend_doctor.model.status import Status
from ascend_doctor.model.verdict import Verdict
from small_cluster import AT, DRIVER, FIRMWARE, NPUS, answer, answerable, board, mapping, of, tls, views

ENTRIES = answerable(catalogue.load())


def test_a_report_sums_up_every_node() -> None:
    """The table of nodes shows product, versions and count, and when a node was seen last."""
    seen = views()
    report = make_report(
        seen,
        judge_and_fold(seen, ENTRIES),
        5.0,
        origin="a test",
        doctor_version="1.0",
        liveness={"node-2": Liveness.STALE},
    )
    assert Verdict.READY is report.verdict
    assert (5.0, "a test", "1.0") == (report.made_at, report.origin, report.doctor_version)
    first, second = report.nodes
    assert {
        "product": "Ascend 910B3",
        "generation": "A2",
        "npus": str(NPUS),
        "driver": DRIVER,
        "firmware": FIRMWARE,
    } == first.facts
    assert (AT, Liveness.LIVE, Liveness.STALE) == (first.seen_at, first.liveness, second.liveness)


def summed_up(view: NodeView) -> NodeSummary:
    """Sum up a node of which nothing was found."""
    return summarise(NodeFacts.of(view), ())


def test_a_summary_leaves_out_what_the_node_did_not_tell() -> None:
    """A node without answers has no facts and no verdict; the card tells the driver when the table does not."""
    silent = summed_up(NodeView("n", {}))
    assert ({}, None, Verdict.INCOMPLETE) == (silent.facts, silent.seen_at, silent.verdict)
    cards = summed_up(NodeView("n", of(mapping(1), board(0))))
    assert DRIVER == cards.facts["driver"]
    unnamed = answer("npu-smi info -m", mapping(1).stdout.decode().replace("Ascend 910B3", "xxx"))
    assert "generation" not in summed_up(NodeView("n", of(unnamed))).facts
    assert {} == facts_of(NodeFacts("n", {}))


def test_results_without_successor_are_stale() -> None:
    """With the present time given, everything older than its deadline is stale; the report is incomplete."""
    seen = views()
    old = judge_and_fold(seen, ENTRIES, now=AT + 1e6)
    assert {Status.STALE} == {finding.status for finding in old} - {Status.SKIP}
    assert Verdict.INCOMPLETE is make_report(seen, old, AT + 1e6).verdict


def test_findings_of_checks_that_are_not_installed_stay() -> None:
    """A collector keeps what a newer node found, though it cannot tell when that grows old."""
    seen = views(nodes=1)
    found = judge_and_fold(seen, ENTRIES)
    assert found == refold(found, FleetView.of(seen), {}, now=AT + 1e6)


def test_the_oldest_of_the_cluster_dates_a_cluster_finding() -> None:
    """A statement about all nodes is as old as the oldest answer behind it."""
    seen = views({2: of(tls(1, 1))})
    found = {finding.check: finding for finding in judge_and_fold(seen, ENTRIES)}
    assert AT == found["cluster.tls-equal"].judged_at


@pytest.mark.parametrize("text", ["", "yesterday", "Tue Foo  1 14:43:40 2022", "Tue Aug 32 14:43:40 2022", "a b c d e"])
def test_a_time_in_another_form_is_not_read(text: str) -> None:
    """Only the tool's own form is a time."""
    assert seconds(text) is None


def test_commands_have_a_place_for_what_is_not_known() -> None:
    """Advice without a number says N."""
    assert "-i N -c 0" in reset().command
    assert "hccn_tool -i N " in set_address(None).command
