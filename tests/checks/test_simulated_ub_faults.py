"""What is said of a 950 without its tool, and of one without addresses."""

from __future__ import annotations

from ascend_doctor.checks.node import ub_ping
from ascend_doctor.facts.source import Target
from ascend_doctor.model.reading import NOT_REPORTED
from drills import A5, CLUSTERS
from simulated import Doctor, make


def test_a_missing_tool_is_the_one_problem() -> None:
    """Without `hccn_tool` nothing is known of any port, and that is one finding."""
    simulated = make(CLUSTERS[A5])
    simulated.machine("node-1").absent_tools = ("hccn_tool",)
    found = Doctor(simulated).report()
    assert ["tool.hccn-tool"] == [finding.check for finding in found.problems]
    assert () == found.blind_spots


def test_an_npu_without_addresses_is_not_made_to_ping() -> None:
    """Where the list of addresses is not known there is nobody to ask from."""
    assert () == ub_ping.peers(ub_ping.Limits(("::1",)), Target(npu=0, phy_id=0), lambda _query: NOT_REPORTED)
