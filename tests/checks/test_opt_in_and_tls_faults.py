"""Faults that only an opt-in check finds, or only where the TLS switch is on: each has its one culprit."""

from __future__ import annotations

import asyncio
from importlib import resources
from typing import Any, Dict, List, Mapping, Tuple

import attrs
import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.engine import CheckSettings
from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.checks.node import roce_cdr, roce_hccs_ping, roce_ping
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.report import Report
from ascend_doctor.model.status import Status
from ascend_doctor.probe import plan
from ascend_doctor.probe import round as rounds
from ascend_doctor.simulator.execution import Execution
from ascend_doctor.simulator.runner import SimulatedRunner
from simulated import make, watched

ENTRIES = catalogue.load()
OPT_IN = {check.id: ENTRIES[check.id] for check in (roce_cdr.CHECK, roce_ping.CHECK, roce_hccs_ping.CHECK)}
ASKED = {
    "roce.cdr": CheckSettings(enabled=True),
    "roce.ping": CheckSettings(enabled=True, limits=roce_ping.Limits(addresses=("192.168.0.3",))),
    "roce.hccs-ping": CheckSettings(enabled=True, limits=roce_hccs_ping.Limits(addresses=("192.1.2.199",))),
}


def scenario(name: str, fault: str = "", tls: int = 0) -> str:
    """Return a shipped scenario with the TLS switch of its nodes, and a fault of its first node."""
    text = resources.files("ascend_doctor.simulator").joinpath("scenarios").joinpath(f"{name}.yaml").read_text("utf-8")
    text = text.replace("    tls: 0\n", "").replace("    driver:", f"    tls: {tls}\n    driver:")
    return text + (f"faults:\n  - {{fault: {fault}, node: node-1}}\n" if fault else "")


def asked(text: str) -> Report:
    """Take a round of the first node with the opt-in checks alone, and judge it."""
    cluster = make(text, 900.0)
    runner = SimulatedRunner(cluster, "node-1", Execution(cluster))
    sources = plan.sources_for(OPT_IN, ASKED)
    taken = asyncio.run(_round(cluster, rounds.take(runner, sources)))
    views = [NodeView("node-1", taken.evidence)]
    return make_report(views, judge_and_fold(views, OPT_IN, ASKED), made_at=0.0)


async def _round(cluster: Any, taking: Any) -> Any:
    task = asyncio.ensure_future(taking)
    while not task.done():
        await asyncio.sleep(0)
        cluster.clock.advance(0.5)
    return await task


def problems(found: Report) -> List[Tuple[str, str]]:
    """Return the checks and outcomes of the problems."""
    return [(finding.check, finding.status.value) for finding in found.problems]


@pytest.mark.parametrize("name", ["demo", "a3"])
def test_the_opt_in_checks_find_nothing_on_a_healthy_node(name: str) -> None:
    """Every port is asked about the configured addresses and about the one that its device probes; all come back."""
    found = asked(scenario(name))
    assert [] == problems(found)
    passed: Dict[str, int] = {}
    for finding in found.findings:
        passed[finding.check] = passed.get(finding.check, 0) + (finding.status is Status.PASS)
    ports = {"demo": 8, "a3": 16}[name]
    assert {"roce.ping": ports, "roce.cdr": ports * (name == "a3"), "roce.hccs-ping": ports * (name == "a3")} == passed


@pytest.mark.parametrize(
    ("fault", "culprit"),
    [
        ("retimer-snr-low, npu: 3", ("roce.cdr", "fail")),
        ("ping-loss, npu: 3", ("roce.ping", "warn")),
        ("ping-loss, npu: 3, lost: 3", ("roce.ping", "fail")),
        ("hccs-ping-loss, npu: 3", ("roce.hccs-ping", "fail")),
    ],
)
def test_an_opt_in_check_finds_its_fault(fault: str, culprit: Tuple[str, str]) -> None:
    """The fault has this culprit and no other."""
    assert [culprit] == problems(asked(scenario("a3", fault)))


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("", []),
        ("certificate, npu: 3", [("roce.tls-cert", "fail")]),
        ("certificate, npu: 3, state: foreign", [("roce.tls-cert", "fail")]),
        ("certificate, npu: 3, state: expiring", [("roce.tls-cert", "warn")]),
    ],
)
def test_a_bad_certificate_matters_where_tls_is_on(fault: str, expected: List[Tuple[str, str]]) -> None:
    """The port whose certificate has ended, or is another's, is the one culprit of the cluster."""
    views = [
        NodeView(node, evidence) for node, evidence in watched(make(scenario("demo", fault, tls=1), 900.0), 0).items()
    ]
    tls: Mapping[str, catalogue.Entry] = {name: ENTRIES[name] for name in ENTRIES if "tls" in name}
    assert expected == problems(make_report(views, judge_and_fold(views, tls), made_at=0.0))


def test_the_pairs_follow_the_configuration() -> None:
    """Without addresses a port is asked only about the address that its device probes."""
    settings = {"roce.ping": attrs.evolve(ASKED["roce.ping"], limits=None)}
    (source,) = [item for item in plan.sources_for(OPT_IN, settings) if item.peers is not None]
    assert "hccn_tool/ping" == source.name
