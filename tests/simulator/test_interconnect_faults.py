"""A fault between chips shows in every command that could show it, at both ends, and leaves with its repair."""

from __future__ import annotations

from typing import Any

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.knowledge.strict_yaml import DocumentError
from ascend_doctor.simulator.clock import VirtualClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from samples import answer
from simulated import make

CLUSTER = """
name: small
nodes:
  - name: node-[1-2]
    product: {product}
    driver: 25.5.1
    firmware: 7.8.0.6.201
fabric: {{kind: switched, leaves: npu}}
faults:
  - {{fault: {fault}, node: node-1, npu: 3, at: 100, until: 400}}
"""


def cluster(product: str, fault: str) -> SimulatedCluster:
    """Return a cluster in which the fault is there from the 100th to the 400th second, 60 s after its start."""
    return make(CLUSTER.format(product=product, fault=fault))


def wait(where: SimulatedCluster, seconds: float) -> None:
    """Let time pass."""
    assert isinstance(where.clock, VirtualClock)
    where.clock.advance(seconds)


def read(where: SimulatedCluster, command: str, node: str = "node-1") -> Any:
    """Return the facts of an answer."""
    argv = ["npu-smi", *command.split()]
    found = where.answer(node, argv)
    query = query_for_command(argv)
    assert query is not None
    return query.source.read(answer(found.stdout, exit_code=found.exit_code))


def test_a_broken_link_shows_at_both_ends_and_in_all_commands() -> None:
    """Lanes, health and event codes tell the same; the matrix, the rest of the node and other nodes are as before."""
    where = cluster("atlas-800t-a2", "hccs-link-down")
    healthy = {npu: read(where, f"info -t hccs -i {npu} -c 0") for npu in range(8)}
    assert {"OK"} == {facts.health for facts in healthy.values()}
    wait(where, 100.0)
    for npu in (3, 4):
        facts = read(where, f"info -t hccs -i {npu} -c 0")
        assert ("NOK", 1) == (facts.health, facts.lane_mode.count(0))
        assert isinstance(facts.first_error_lane, int)
        assert ("81A38605",) == read(where, f"info -t health -i {npu} -c 0").chips[0].error_codes
    assert {"X", "HCCS"} == {word for row in read(where, "info -t topo").npus for word in row.relations[:8]}
    assert healthy[5] == read(where, "info -t hccs -i 5 -c 0")
    assert "OK" == read(where, "info -t hccs -i 3 -c 0", "node-2").health
    wait(where, 300.0)
    assert healthy[3] == read(where, "info -t hccs -i 3 -c 0")


@pytest.mark.parametrize(("peer", "path"), [(2, "SYS"), (6, "PHB")])
def test_two_npus_without_a_link_talk_over_pcie(peer: int, path: str) -> None:
    """The driver words the way through the host: one bridge for both, or a side of the node for each."""
    where = cluster("atlas-800t-a2", f"pair-over-pcie, peer: {peer}")
    wait(where, 100.0)
    matrix = {row.node: row.relations for row in read(where, "info -t topo").matrix}
    assert (path, path, "HCCS") == (matrix["NPU3"][peer], matrix[f"NPU{peer}"][3], matrix["NPU3"][7])


def test_a_link_of_an_a3_leads_to_the_board() -> None:
    """Only the chip itself reports it: at the other end is no NPU."""
    where = cluster("atlas-800t-a3", "hccs-lane-lost")
    wait(where, 100.0)
    assert 1 == read(where, "info -t hccs -i 1 -c 1").lane_mode.count(2)
    assert "OK" == read(where, "info -t hccs -i 2 -c 0").health


def test_errors_between_dies_grow_while_the_fault_is_there() -> None:
    """Both dies of the module count them; what was counted stays after the repair."""
    where = cluster("atlas-800t-a3", "sio-errors, per_second: 0.5")
    commands = [f"info -t sio-info -i {card} -c {die}" for card, die in ((1, 0), (1, 1), (2, 0))]
    before = [read(where, command).rx_error_count for command in commands]
    grown = []
    for seconds in (90.0, 100.0, 300.0, 100.0):
        wait(where, seconds)
        grown.append([read(where, command).rx_error_count - was for command, was in zip(commands, before)])
    assert [[25, 25, 0], [75, 75, 0], [150, 150, 0], [150, 150, 0]] == grown


@pytest.mark.parametrize(
    ("product", "fault", "said"),
    [
        ("atlas-800t-a2", "sio-errors", "is no A3"),
        ("atlas-800t-a2", "super-pod-place", "is no A3"),
        ("atlas-800t-a3", "pair-over-pcie", "is no A2"),
        ("atlas-800t-a2", "vrd-odd", "has no UB ports"),
        ("atlas-800t-a2", "hccs-link-down, peer: 3", "has no other NPU 3"),
        ("atlas-800t-a2", "pair-over-pcie, peer: 8", "has no other NPU 8"),
    ],
)
def test_a_product_without_the_part_cannot_have_the_fault(product: str, fault: str, said: str) -> None:
    """The scenario is refused with the reason."""
    with pytest.raises(DocumentError, match=said):
        cluster(product, fault)


def test_only_a_product_with_hccs_links_can_lose_one() -> None:
    """Cards on PCIe have none."""
    text = """
name: cards
nodes:
  - {name: node-1, product: atlas-300i-pro, driver: 25.5.1, firmware: 7.8.0.6.201}
faults:
  - {fault: hccs-link-down, node: node-1, npu: 1}
"""
    with pytest.raises(DocumentError, match="neither an A2 nor an A3"):
        make(text)
