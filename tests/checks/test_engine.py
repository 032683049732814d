"""The engine: which checks run, with which limits, and what becomes of their bugs and of time."""

from __future__ import annotations

from typing import Iterator

import attrs
import pytest

from ascend_doctor.checks import catalogue, engine, outcome
from ascend_doctor.checks.catalogue import Entry, Guide
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.engine import CheckSettings, aged, deadline_s, judge_fleet, judge_node
from ascend_doctor.checks.fleet import FleetView
from ascend_doctor.checks.topics.ports import PORTS
from ascend_doctor.checks.topics.tls import TLS as TLS_TOPIC
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import ip, link
from ascend_doctor.facts.npu_smi import info
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.status import Severity, Status
from small_cluster import AT, answer, hccn, mapping, of, table

ENTRIES = catalogue.load()
LINK = {"roce.link": ENTRIES["roce.link"]}
TLS = {"cluster.tls-equal": ENTRIES["cluster.tls-equal"]}


def one_port(status: str = "UP", at: float = AT) -> NodeView:
    """Return a node with one port."""
    up = attrs.evolve(answer(hccn(0, "link"), f"link status: {status}\n"), started_at=at)
    own = answer(hccn(0, "ip"), "ipaddr:10.0.0.1\nnetmask:255.255.255.0\n")
    return NodeView("n", of(mapping(1), up, own))


def entry(judge: object) -> dict[str, Entry]:
    """Return a catalogue with one check of a node."""
    check = Check(id="x", reads=(link.SOURCE,), judge=judge, limits=NoLimits())  # type: ignore[arg-type, var-annotated]
    return {"x": Entry(check, Guide("t", {}), fleet=False)}


def across(judge: object) -> dict[str, Entry]:
    """Return a catalogue with one check of the cluster."""
    check = Check(id="x", topics=(PORTS,), judge=judge, limits=NoLimits())  # type: ignore[arg-type, var-annotated]
    return {"x": Entry(check, Guide("t", {}), fleet=True)}


def broken(view: object, limits: object) -> Iterator[Finding]:
    """Judge with a bug."""
    raise KeyError("a bug")
    yield


def test_the_engine_adds_id_severity_and_time() -> None:
    """A finding carries its check, the check's weight, and when its evidence was collected."""
    (finding,) = judge_node(one_port(), LINK)
    assert ("roce.link", Severity.BLOCKING, AT) == (finding.check, finding.severity, finding.judged_at)


def test_settings_change_weight_and_limits_and_turn_checks_off() -> None:
    """Configuration decides about each check by its id."""
    settings = {"roce.link": CheckSettings(severity=Severity.ADVISORY)}
    assert Severity.ADVISORY is judge_node(one_port(), LINK, settings)[0].severity
    assert () == judge_node(one_port(), LINK, {"roce.link": CheckSettings(enabled=False)})
    assert () == judge_fleet(FleetView.of([one_port()]), TLS, {"cluster.tls-equal": CheckSettings(enabled=False)})
    entries = {"npu.hbm-free": ENTRIES["npu.hbm-free"]}
    limits = attrs.evolve(entries["npu.hbm-free"].check.limits, idle_64g_mb=0, margin_mb=0)
    view = NodeView("n", of(mapping(1), table(1)))
    found = judge_node(view, entries, {"npu.hbm-free": CheckSettings(limits=limits)})
    assert [Status.FAIL] == [finding.status for finding in found]


def test_a_bug_in_a_check_is_the_doctors_own_trouble() -> None:
    """A check that breaks says unknown, names the bug, and fails nothing."""
    (finding,) = judge_node(one_port(), entry(broken))
    assert Status.UNKNOWN is finding.status
    assert "KeyError" in finding.summary
    (finding,) = judge_fleet(FleetView.of([one_port(), NodeView("m", {})]), across(broken))
    assert (Status.UNKNOWN, subjects.cluster()) == (finding.status, finding.subject)


def test_a_check_may_only_read_what_it_declares() -> None:
    """An undeclared read is a bug of the check, because the plan would not have run the source."""

    def reads_more(view: NodeView, limits: object) -> Iterator[Finding]:
        yield outcome.passed(view.subject, str(view.read(ip.SOURCE)))

    def asks_each(view: NodeView, limits: object) -> Iterator[Finding]:
        yield from (outcome.passed(subject, "x") for _, subject, _ in view.each(ip.SOURCE))

    for judge in (reads_more, asks_each):
        (finding,) = judge_node(one_port(), entry(judge))
        assert "UndeclaredRead" in finding.summary

    def asks_the_fleet(fleet: FleetView, limits: object) -> Iterator[Finding]:
        yield from (outcome.passed(node.subject, "x") for node, _ in fleet.each(TLS_TOPIC))

    def derives(fleet: FleetView, limits: object) -> Iterator[Finding]:
        yield outcome.passed(fleet.subject, fleet.derived(str, TLS_TOPIC))

    for asks in (asks_the_fleet, derives):
        (finding,) = judge_fleet(FleetView.of([one_port()]), across(asks))
        assert "UndeclaredRead" in finding.summary


def test_a_fleet_without_the_product_is_skipped() -> None:
    """Nodes without RoCE ports have nothing to compare."""
    p310 = answer("npu-smi info -m", mapping(1).stdout.decode().replace("910B3", "310P3"))
    found = judge_fleet(FleetView.of([NodeView("n", of(p310))]), TLS)
    assert [Status.SKIP] == [finding.status for finding in found]
    assert [] == [*NodeView("n", of(p310)).each(link.SOURCE)]


def test_an_empty_fleet_knows_nothing() -> None:
    """Without nodes a cluster check is unknown."""
    (finding,) = judge_fleet(FleetView.of([]), TLS)
    assert (Status.UNKNOWN, 0.0) == (finding.status, finding.judged_at)


@pytest.mark.parametrize(
    ("age", "status", "outcome_of"),
    [(0, "UP", Status.PASS), (10_000, "UP", Status.STALE), (150, "DOWN", Status.FAIL), (10_000, "DOWN", Status.STALE)],
)
def test_results_grow_old(age: float, status: str, outcome_of: Status) -> None:
    """A result older than three intervals of its slowest source and a grace is stale, whatever it was."""
    (finding,) = judge_node(one_port(status), LINK)
    old = aged(finding, LINK["roce.link"].check, AT + age)
    assert outcome_of is old.status
    assert (outcome_of is Status.STALE) == ("nothing newer" in old.summary)


def test_the_age_is_told_in_fitting_words() -> None:
    """Seconds for a short time, minutes for a long one."""
    (finding,) = judge_node(one_port(), LINK)
    check = LINK["roce.link"].check
    assert 210.0 == deadline_s(check)
    assert "4 minutes ago" in aged(finding, check, AT + 240).summary
    quick = attrs.evolve(check, reads=(attrs.evolve(info.SOURCE, interval_s=1.0),))
    assert "100 seconds ago" in aged(finding, quick, AT + 100).summary
    assert 210.0 == deadline_s(attrs.evolve(check, reads=()))


def test_the_intervals_in_force_decide_when_a_result_is_old() -> None:
    """Where a source is asked less often than by itself, its results count for longer."""
    (finding,) = judge_node(one_port(), LINK)
    check = LINK["roce.link"].check
    seldom = {source.name: 3600.0 for source in check.reads}
    assert 3 * 3600.0 + 30.0 == deadline_s(check, seldom)
    assert Status.PASS is aged(finding, check, AT + 10_000, seldom).status
    assert Status.STALE is aged(finding, check, AT + 12_000, seldom).status


def test_what_has_no_time_and_what_is_skipped_do_not_grow_old() -> None:
    """Without a time nobody can tell the age; there is nothing to renew about a thing that does not exist."""
    check = LINK["roce.link"].check
    skipped = attrs.evolve(outcome.skipped(subjects.node("n"), "no such thing"), judged_at=1.0)
    assert skipped == aged(skipped, check, 1e9)
    timeless = outcome.passed(subjects.node("n"), "fine")
    assert timeless == aged(timeless, check, 1e9)


def test_the_oldest_evidence_counts() -> None:
    """A finding without quotes is as old as the oldest answer that its check reads."""
    (finding,) = judge_node(one_port(at=AT - 50), LINK)
    assert AT - 50 == finding.judged_at
    assert engine.DEFAULTS == {}
