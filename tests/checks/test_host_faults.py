"""Faults of the server on the products that mind them, and on those that do not."""

from __future__ import annotations

from typing import Dict, List, get_args

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.engine import judge_node
from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import disks, identity, limits, memory, processes, system, tuning
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.simulator import host
from ascend_doctor.simulator.faults.host_tuning import HostTuningFault
from ascend_doctor.simulator.profiles import PRODUCTS
from simulated import answers, make

ENTRIES = catalogue.load()
AFTER_THE_START_S = 900.0
SECTIONS = (system, tuning, memory, disks, limits, processes)
MINE = sorted({check for kind in get_args(HostTuningFault) for check in kind.found_by})


def _culprits(product: str, *faults: str) -> List[str]:
    """Return the checks of the family `host` that name a problem of a node of a product."""
    text = f"nodes:\n  - {{name: n, product: {product}}}\n"
    text += "".join(["faults:\n", *(f"  - {{fault: {fault}, node: n}}\n" for fault in faults)]) if faults else ""
    evidence: Dict[str, Evidence] = {key: found for (_, key), found in answers(make(text, AFTER_THE_START_S)).items()}
    views = [NodeView("n", evidence)]
    return [item.check for item in make_report(views, judge_and_fold(views, ENTRIES), made_at=0.0).problems]


@pytest.mark.parametrize(
    ("product", "fault", "expected"),
    [
        ("ascend-950-x86", "entropy-low", ["host.entropy"]),
        ("ascend-950", "entropy-low", []),
        ("atlas-800t-a2-x86", "entropy-low", []),
        ("atlas-800t-a3", "pages-large", []),
        ("atlas-300i-pro", "pages-large", []),
        ("atlas-800t-a2", "pages-large, kb: 16", ["host.page-size"]),
        ("atlas-800t-a2-x86", "cpus-offline", []),
        ("atlas-800t-a3", "cpus-offline, online: 79", ["host.cpu-binding"]),
        ("atlas-800t-a3", "cpus-offline, online: 80", []),
        ("atlas-300i-pro", "disk-full", ["host.disk"]),
        ("ascend-950-x86", "logs-debug", ["host.log-level"]),
    ],
)
def test_a_product_minds_what_concerns_it(product: str, fault: str, expected: List[str]) -> None:
    """A fault that does not concern a product is no problem there."""
    assert expected == _culprits(product, fault)


def test_two_faults_of_a_host_are_two_problems() -> None:
    """None of them explains the other, and low limits of a login are those of a service that was started from it."""
    found = _culprits("atlas-800t-a2", "logs-debug", "open-files-few", "governor-slow")
    assert ["host.cpu-governor", "host.log-level", "host.ulimit"] == sorted(found)


@pytest.mark.parametrize("product", sorted(PRODUCTS))
@pytest.mark.parametrize("surroundings", ["container", "no root", "service", "small"])
def test_a_healthy_host_raises_no_alarm(product: str, surroundings: str) -> None:
    """From a container, without root, as a service or on a machine with little of everything: nothing is wrong."""
    machine = PRODUCTS[product].machine("n")
    if surroundings == "container":
        machine.in_container, machine.host.shm_mb, machine.host.open_files = True, 64, 1024
        machine.host.distribution = ("alpine", "3.20", "Alpine Linux v3.20")
        machine.host.somaxconn = 128
    elif surroundings == "no root":
        machine.root = False
    elif surroundings == "service":
        machine.host.from_a_login, machine.host.open_files, machine.host.locked_bytes = False, 1024, 65536
    else:
        machine.host.governor, machine.host.swap_mb, machine.host.swappiness = None, 0, 60
        machine.host.numa_nodes, machine.host.numa_balancing = 1, 1
    evidence = {
        source.name: Evidence(
            source.name, source.argv, exit_code=0, stdout=host.answer(source.argv, host.tree_of(machine)) or b""
        )
        for source in (identity.SOURCE, *(module.SOURCE for module in SECTIONS))
    }
    found = judge_node(NodeView("n", evidence), {name: ENTRIES[name] for name in MINE})
    wrong = {item.check: item.summary for item in found if item.status.is_problem}
    assert {} == wrong
