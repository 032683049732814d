"""What follows from what the nodes say."""

from __future__ import annotations

import asyncio
import threading
import time

import attrs
import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.collector import judged as judging
from ascend_doctor.collector.fleet import Fleet
from ascend_doctor.collector.judged import TooMuchError
from ascend_doctor.collector.paging import nodes_after
from ascend_doctor.collector.reports import FRESH_S, Reports
from ascend_doctor.collector.workers import BusyError, Workers
from ascend_doctor.model.report import Liveness
from ascend_doctor.model.status import Status
from ascend_doctor.model.verdict import Verdict
from reading import ENTRIES, health, link, told
from waiting import until

NOW = 1_790_000_000.0


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        """Return what time it is."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock at the time at which the nodes told what they told."""
    return Clock()


@pytest.fixture
def fleet() -> Fleet:
    """A node with a broken link, a healthy one, and one that was never seen."""
    found = Fleet(expected=["node-10"])
    found.take_up(
        [
            told("node-2", health("node-2"), at=NOW),
            told("node-1", [link("node-1", 3), link("node-1", 4, Status.PASS), *health("node-1")], at=NOW),
        ]
    )
    return found


@pytest.fixture
async def reports(fleet, clock):
    """The reports over that fleet."""
    found = Reports(fleet, ENTRIES, version="1.0", clock=clock)
    yield found
    found.close()


async def test_the_report_counts_what_passed(reports) -> None:
    """Problems are told one by one, what passed in one number; nodes stand in natural order, the expected ones too."""
    report = await reports.report()
    assert (Verdict.NOT_READY, 17, 0) == (report.verdict, report.also_passed, report.also_skipped)
    assert ["roce.link|port:node-1:3"] == [item.key for item in report.findings]
    assert [
        ("node-1", Verdict.NOT_READY, Liveness.LIVE, NOW),
        ("node-2", Verdict.READY, Liveness.LIVE, NOW),
        ("node-10", Verdict.INCOMPLETE, Liveness.NEVER_SEEN, None),
    ] == [(item.name, item.verdict, item.liveness, item.seen_at) for item in report.nodes]


async def test_what_passed_is_told_to_who_asks(reports, monkeypatch) -> None:
    """With passes every outcome is a finding, and nothing is counted twice; too many of them are refused."""
    report = await reports.report(passes=True)
    assert (18, 0, 0) == (len(report.findings), report.also_passed, report.also_skipped)
    narrow = await reports.report(["node-1"], ["roce.link"], passes=True)
    assert [Status.FAIL, Status.PASS] == [item.status for item in narrow.findings]
    monkeypatch.setattr(judging, "MAX_OUTCOMES", 5)
    with pytest.raises(TooMuchError, match="17 results passed, at most 5"):
        await reports.report(passes=True)


async def test_a_report_over_some_nodes_leaves_out_the_others(reports) -> None:
    """Verdict, nodes, findings and counts are of what was named; who is not known was never seen."""
    report = await reports.report(["node-2"])
    assert (Verdict.READY, 8, ()) == (report.verdict, report.also_passed, report.findings)
    unknown = await reports.report(["node-3", "node-2"])
    assert ["node-2", "node-3"] == [item.name for item in unknown.nodes]
    assert (Verdict.INCOMPLETE, Liveness.NEVER_SEEN) == (unknown.nodes[1].verdict, unknown.nodes[1].liveness)


async def test_checks_narrow_the_findings_and_not_the_verdict(reports) -> None:
    """Who asks for one check is not told READY over the failure of another."""
    report = await reports.report(checks=["npu.health"])
    assert (Verdict.NOT_READY, (), 16) == (report.verdict, report.findings, report.also_passed)


async def test_nothing_is_judged_again_while_nothing_changes(reports, clock) -> None:
    """A second question is answered from what was found; the times of the evidence grow no older than a moment."""
    first = await reports.judged()
    clock.now += 1.0
    assert first is await reports.judged()
    clock.now += FRESH_S
    assert first is not await reports.judged()
    assert 2 == reports.judgements


async def test_a_change_is_judged(reports, fleet) -> None:
    """What a node tells is in the next report, and the version of the judgement is another one."""
    before = await reports.judged()
    fleet.take_up([told("node-1", health("node-1"), at=NOW, sequence=2)])
    after = await reports.judged()
    assert (Verdict.INCOMPLETE, ()) == (after.whole.verdict, after.whole.findings)
    assert before.seen.version != after.seen.version


async def test_silence_makes_results_stale(reports, clock) -> None:
    """A node that falls silent is judged without anybody saying anything: its failure is an old one."""
    await reports.judged()
    clock.now += 91.0
    report = await reports.report(["node-1"])
    assert (Verdict.INCOMPLETE, Liveness.STALE) == (report.verdict, report.nodes[0].liveness)
    assert ["was fail 91 s ago, nothing came since: the link is DOWN"] == [item.summary for item in report.findings]


async def test_newer_evidence_of_a_healthy_node_is_seen(reports, fleet, clock) -> None:
    """A node that passes again and again is no change, and yet does not look old for long."""
    await reports.judged()
    clock.now += FRESH_S
    fleet.take_up([told("node-2", health("node-2"), at=clock.now, sequence=2)])
    report = await reports.report(["node-2"])
    assert clock.now == report.nodes[0].seen_at


async def test_many_who_ask_at_once_are_one_judgement(reports) -> None:
    """The fleet is judged once for all of them."""
    found = await asyncio.gather(*(reports.judged() for _ in range(20)))
    assert (1, 1) == (len(set(map(id, found))), reports.judgements)


async def test_cluster_checks_run_over_the_live_nodes(clock) -> None:
    """What nodes tell of each other is judged by the collector: a node that tells nothing about it cannot be judged."""
    fleet = Fleet()
    fleet.take_up([told("node-1", health("node-1"), at=NOW), told("node-2", health("node-2"), at=NOW - 200)])
    reports = Reports(fleet, catalogue.load(), clock=clock)
    report = await reports.report()
    reports.close()
    assert {"node-1"} == {item.subject.node for item in report.findings if item.check.startswith("cluster.")}


async def test_a_node_without_outcomes_is_not_ready(clock) -> None:
    """A node that told of no check at all has no verdict."""
    fleet = Fleet()
    fleet.take_up([attrs.evolve(told("node-1", [], at=NOW), sections={}, times={})])
    reports = Reports(fleet, ENTRIES, clock=clock)
    report = await reports.report()
    reports.close()
    assert (Verdict.INCOMPLETE, Verdict.INCOMPLETE) == (report.verdict, report.nodes[0].verdict)


async def test_pages_of_nodes_stay_valid() -> None:
    """The node at which the last page ended may be gone: the next page begins after where it stood."""
    fleet = Fleet()
    fleet.take_up([told(f"node-{number}", health(f"node-{number}", 1)) for number in (1, 2, 3, 10, 11)])
    reports = Reports(fleet, ENTRIES)
    nodes = (await reports.judged()).summaries
    reports.close()

    def names(last: str, size: int):
        page, more = nodes_after(nodes, last, size)
        return [node.name for node in page], more

    assert (["node-1", "node-2"], True) == names("", 2)
    assert (["node-3", "node-10"], True) == names("node-2", 2)
    assert (["node-10", "node-11"], False) == names("node-4", 2)
    assert (["node-1"], True) == names("a", 1)
    assert ([], False) == names("z", 2)


async def test_workers_take_only_so_much() -> None:
    """What is asked beyond that is refused at once, and taken again when there is room."""
    workers = Workers("test", most=1)
    go = threading.Event()
    first = asyncio.ensure_future(workers.do(lambda: go.wait(20)))
    await until(lambda: workers.waiting)
    with pytest.raises(BusyError, match="1 answers are being made"):
        await workers.do(time.time)
    go.set()
    assert await first
    assert await workers.do(lambda: True)
    workers.close()
