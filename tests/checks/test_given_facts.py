"""Checks over facts that no recorded answer holds: values that a parser may leave out for reasons of its own."""

from __future__ import annotations

from typing import Any, List

import attrs
import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.engine import CheckSettings, judge_fleet, judge_node
from ascend_doctor.checks.fleet import FleetView
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool.gateway import SOURCE as GATEWAY
from ascend_doctor.facts.hccn_tool.gateway import GatewayFacts
from ascend_doctor.facts.hccn_tool.ip import SOURCE as IP
from ascend_doctor.facts.hccn_tool.ip import IpFacts
from ascend_doctor.facts.hccn_tool.link_stat import SOURCE as LINK_STAT
from ascend_doctor.facts.hccn_tool.link_stat import LinkStatFacts
from ascend_doctor.facts.hccn_tool.optical import SOURCE as OPTICAL
from ascend_doctor.facts.hccn_tool.optical import OpticalFacts
from ascend_doctor.facts.npu_smi.ecc import SOURCE as ECC
from ascend_doctor.facts.npu_smi.ecc import ChipEcc, EccFacts
from ascend_doctor.facts.npu_smi.health import SOURCE as HEALTH
from ascend_doctor.facts.npu_smi.health import ChipHealth, HealthFacts
from ascend_doctor.facts.npu_smi.info import SOURCE as INFO
from ascend_doctor.facts.npu_smi.info import InfoChip, InfoFacts
from ascend_doctor.facts.source import Source, Target
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.reading import NOT_REPORTED
from ascend_doctor.model.status import Status
from small_cluster import NPUS, answer, hccn, mapping, of, tls, views

ENTRIES = catalogue.load()
PORT, CARD, NODE = Target(phy_id=0), Target(npu=0), Target()
NOW = "Sat Jan  3 12:00:00 2026"


def given(check_id: str, source: Source[Any], target: Target, facts: object) -> List[Finding]:
    """Judge a node with one NPU for which a source gave these facts."""
    parsed = attrs.evolve(source, parse=lambda evidence: facts)
    key = source.about(target).key
    view = NodeView("n", {**of(mapping(1)), key: Evidence(key, ("given",))})
    view._readings[key] = parsed.read(view.evidence[key])
    return list(judge_node(view, {check_id: ENTRIES[check_id]}))


CHIP = InfoChip(0, 0, "910B3", "OK", 90.0, 40, "0000:C1:00.0", mem_mb=(10, 100))


@pytest.mark.parametrize(
    ("check_id", "source", "target", "facts"),
    [
        ("roce.flap", LINK_STAT, PORT, LinkStatFacts(0, NOT_REPORTED, 1)),
        ("roce.flap", LINK_STAT, PORT, LinkStatFacts(0, NOW, 1, records=(("some day", "UP"),))),
        ("roce.gateway", GATEWAY, PORT, GatewayFacts(NOT_REPORTED, NOT_REPORTED)),
        ("roce.ip", IP, PORT, IpFacts(NOT_REPORTED, NOT_REPORTED)),
        ("roce.optical.present", OPTICAL, PORT, OpticalFacts(present=NOT_REPORTED)),
        ("npu.ecc", ECC, CARD, EccFacts((ChipEcc(0, hbm_double_bit=NOT_REPORTED),))),
        ("npu.ecc", ECC, CARD, EccFacts((ChipEcc(0),))),
        ("npu.health", HEALTH, CARD, HealthFacts((ChipHealth(0, NOT_REPORTED),))),
        ("npu.hbm-free", INFO, NODE, InfoFacts("1", "1", "hbm", (CHIP,), "absent", NOT_REPORTED)),
    ],
)
def test_a_value_that_is_left_out_is_unknown(check_id: str, source: Source[Any], target: Target, facts: object) -> None:
    """An answer without the value that decides neither passes nor fails."""
    assert [Status.UNKNOWN] == [finding.status for finding in given(check_id, source, target, facts)]


def test_an_expected_tls_switch_outvotes_the_majority() -> None:
    """Where the operator has decided, the many may be wrong."""
    entries = {"cluster.tls-equal": ENTRIES["cluster.tls-equal"]}
    limits = attrs.evolve(entries["cluster.tls-equal"].check.limits, expected=1)
    settings = {"cluster.tls-equal": CheckSettings(limits=limits)}
    found = judge_fleet(FleetView.of(views({1: of(tls(0, 1))}, nodes=1)), entries, settings)
    assert [(Status.FAIL, NPUS - 1)] == [(finding.status, len(finding.affected)) for finding in found]


def test_expectations_of_the_site_are_limits() -> None:
    """A number of NPUs, an address and a gateway may be required."""
    view = NodeView("n", of(mapping(1), *(answer(hccn(0, word), "", f"no {word}", 1) for word in ("ip", "gateway"))))
    entries = {"npu.present": ENTRIES["npu.present"]}
    limits = attrs.evolve(entries["npu.present"].check.limits, expected_npus=8)
    found = judge_node(view, entries, {"npu.present": CheckSettings(limits=limits)})
    assert [Status.FAIL] == [finding.status for finding in found]
    assert "8 NPUs" == found[-1].expected
