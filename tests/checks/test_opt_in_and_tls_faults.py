"""What the opt-in checks of a port are put to, and certificates that nobody uses."""

from __future__ import annotations

from typing import Dict, Tuple

import attrs
import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.node import roce_ping
from ascend_doctor.facts.source import Target
from ascend_doctor.model.reading import NOT_REPORTED
from ascend_doctor.model.status import Status
from ascend_doctor.probe import plan
from drills import A3, ASKED, CLUSTERS, SWITCHED
from simulated import Doctor, make

OF_PORTS = ("roce.cdr", "roce.ping", "roce.hccs-ping")


@pytest.mark.parametrize(("cluster", "expected"), [(SWITCHED, (0, 8, 0)), (A3, (8, 8, 8))])
def test_the_opt_in_checks_ask_every_port(cluster: str, expected: Tuple[int, int, int]) -> None:
    """Every port is asked about the configured addresses and about the one that its device probes; all come back."""
    passed: Dict[str, int] = dict.fromkeys(OF_PORTS, 0)
    for finding in Doctor(make(CLUSTERS[cluster]), {check: ASKED[check] for check in OF_PORTS}).report().findings:
        if finding.check in passed:
            passed[finding.check] += finding.status is Status.PASS
    assert expected == tuple(passed.values())


def test_a_bad_certificate_does_not_matter_where_tls_is_off() -> None:
    """Nobody looks at it then."""
    text = f"{CLUSTERS[SWITCHED]}faults: [{{fault: certificate, node: node-1, npu: 3}}]\n"
    assert () == Doctor(make(text)).report(rounds=1).problems


def test_the_pairs_follow_the_configuration() -> None:
    """A port is asked about the configured addresses; without any, only about the one that its device probes."""
    entries = {"roce.ping": catalogue.load()["roce.ping"]}
    limits = roce_ping.Limits(addresses=("192.168.0.3",))
    for chosen, expected in ((limits, [Target(phy_id=0, address="192.168.0.3")]), (None, [])):
        settings = {"roce.ping": attrs.evolve(ASKED["roce.ping"], limits=chosen)}
        (peers,) = [item.peers for item in plan.sources_for(entries, settings) if item.peers is not None]
        assert expected == list(peers(Target(phy_id=0), lambda _query: NOT_REPORTED))
