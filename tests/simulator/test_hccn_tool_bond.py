"""`hccn_tool -i N -bond ...`: only the Atlas 9000 A3 bonds the links of a port."""

from __future__ import annotations

from typing import List

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.judging import judge_and_fold
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.finding import Finding
from ascend_doctor.simulator import tools
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.hardware import Answer, Machine
from simulated import make, watched

NODES = "nodes:\n  - {name: 'n[1-2]', product: atlas-9000-a3, npus: 4}\n"


def run(machine: Machine, words: str) -> Answer:
    """Return what the tool of a machine says about its first NPU."""
    return tools.answer(machine, ["hccn_tool", "-i", "0", *words.split()], 1_767_312_000.0)


def problems(cluster: SimulatedCluster) -> List[Finding]:
    """Return the problems that are nobody's consequence."""
    views = [NodeView(node, evidence) for node, evidence in watched(cluster).items()]
    found = judge_and_fold(views, catalogue.load())
    return [finding for finding in found if finding.status.is_problem and not finding.is_consequence]


def test_the_bond_has_an_address_beside_that_of_the_port() -> None:
    """The word in front of `-ip` asks for the one in place of the other; other commands it does not change."""
    machine = make(NODES).machine("n1")
    assert b"ipaddr:10.128.0.2\nnetmask:255.255.0.0\n" == run(machine, "-bond -ip -g").stdout
    assert run(machine, "-bond -ip -g").stdout != run(machine, "-ip -g").stdout
    assert run(machine, "-bond -link -g") == run(machine, "-link -g")


def test_other_products_do_not_bond() -> None:
    """They say so, and leave with the code for it."""
    answer = run(make(NODES.replace("9000", "800t")).machine("n1"), "-bond -ip -g")
    assert (b"This device does not support bonding!\n", 24) == (answer.stdout, answer.exit_code)


def test_the_published_build_does_not_know_the_word() -> None:
    """There it is a command that does not exist."""
    machine = make(NODES).machine("n1")
    machine.all_commands = False
    assert 3 == run(machine, "-bond -ip -g").exit_code


@pytest.mark.parametrize("command", ["-optical -g", "-pfc_stat -g", "-down_data -g", "-bad_thd -g", "-ip -inet6 -g"])
def test_the_machine_lacks_what_others_have(command: str) -> None:
    """Optical modules, pauses and lost links cannot be asked about, nor addresses of IPv6."""
    assert b"not support" in run(make(NODES).machine("n1"), command).stdout


@pytest.mark.parametrize(("more", "status"), [("", "fail"), (", address: 10.128.0.99", "warn")])
def test_a_lost_address_of_a_bond_has_one_culprit(more: str, status: str) -> None:
    """The check of bonds names it, and nothing is left after the repair."""
    cluster = make(f"{NODES}faults:\n  - {{fault: bond-lost, node: n1, npu: 2{more}}}\n")
    assert [("roce.bond", status, "2")] == [
        (item.check, item.status.value, item.subject.name) for item in problems(cluster)
    ]
    cluster.repair()
    assert [] == problems(cluster)
