"""A healthy cluster, of whatever shape, answers so that the doctor understands every word."""

from __future__ import annotations

from typing import Any, Dict, Optional

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import simulated
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.simulator import scenario
from ascend_doctor.simulator.clock import VirtualClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.profiles import PRODUCTS

_ALLOWED = frozenset({Absence.NOT_SUPPORTED, Absence.NOT_CONFIGURED})


def _installed(product: str, npus: Optional[int]) -> Dict[str, int]:
    """Return the key for so many NPUs, none where the product does not hold as many."""
    return {"npus": npus} if npus is not None and npus <= PRODUCTS[product].npu_count else {}


_scenarios = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 1_000_000),
        "uptime": st.integers(100, 10_000_000),
        "nodes": st.tuples(
            st.sampled_from(sorted(PRODUCTS)),
            st.sampled_from([None, 2, 4]),
            st.sampled_from([0, 1]),
        ).map(
            lambda parts: [{"name": "n[1-2]", "product": parts[0], "tls": parts[2], **_installed(parts[0], parts[1])}]
        ),
        "fabric": st.fixed_dictionaries(
            {"kind": st.sampled_from(["switched", "direct"]), "leaves": st.sampled_from(["pair", "npu", "one"])}
        ),
        "addresses": st.fixed_dictionaries({"plan": st.sampled_from(["rail", "flat"])}),
    }
)


_NOT_ON_A_HOST = ("file/cann-toolkit", "file/cann-parts", "file/mindie-version")
"""What lies in the containers of the jobs."""


def _unread(cluster: SimulatedCluster) -> Dict[Any, Any]:
    return {
        key: reading
        for key, reading in simulated.readings(cluster).items()
        if isinstance(reading, Missing) and reading.why not in _ALLOWED and key[1] not in _NOT_ON_A_HOST
    }


@settings(max_examples=25, deadline=None)
@given(document=_scenarios)
def test_every_answer_of_a_healthy_cluster_is_read(document: Dict[str, Any]) -> None:
    """No answer of a healthy machine is unparsed, an error or without an end."""
    assert {} == _unread(simulated.make(yaml.safe_dump(document)))


@pytest.mark.parametrize("name", scenario.shipped())
def test_shipped_scenarios_are_healthy(name: str) -> None:
    """What comes with the package starts without a fault: links up, health OK, network healthy."""
    cluster = SimulatedCluster(scenario.find(name), VirtualClock())
    assert {} == _unread(cluster)
    machines = [cluster.machine(node) for node in cluster.nodes]
    assert {"OK"} == {chip.health for machine in machines for chip in machine.chips}
    ports = [port for machine in machines for port in machine.ports.values()]
    assert {(True, "Success")} >= {(port.link_up, port.net_health) for port in ports}


def test_neighbours_are_told_apart() -> None:
    """LLDP names the switch and its port on a leaf, and tells a cable straight to another NPU."""
    switched = simulated.readings(simulated.make("nodes:\n  - name: n[1-2]\n"))[("n2", "hccn_tool/lldp@3")]
    assert (True, "switch", "leaf-2", "400GE1/1/2:2") == (
        switched.neighbour,
        switched.peer,
        switched.system_name,
        switched.port_id,
    )
    direct = simulated.readings(simulated.make("nodes:\n  - name: n[1-2]\nfabric: {kind: direct}\n"))
    assert "npu" == direct[("n2", "hccn_tool/lldp@3")].peer


def test_silent_switches_are_not_heard() -> None:
    """Where the switches do not announce themselves, the link is up and nobody is heard."""
    found = simulated.readings(simulated.make("nodes:\n  - name: n1\nfabric: {lldp: false}\n"))
    assert ("UP", False) == (found[("n1", "hccn_tool/link@0")].link, found[("n1", "hccn_tool/lldp@0")].neighbour)


def test_addresses_agree_with_the_file() -> None:
    """In health the live addresses are those of `/etc/hccn.conf`."""
    found = simulated.readings(simulated.make("nodes:\n  - name: n1\n"))
    live = [found[("n1", f"hccn_tool/ip@{npu}")].ipaddr for npu in range(8)]
    assert live == [device.address for device in found[("n1", "file/hccn-conf")].devices]


def test_the_same_seed_gives_the_same_cluster() -> None:
    """Two clusters of one scenario answer alike; another seed gives other modules."""
    text = "seed: {}\nnodes:\n  - name: n1\n"
    first, again, other = (simulated.answers(simulated.make(text.format(seed))) for seed in (1, 1, 2))
    assert {key: found.digest for key, found in first.items()} == {key: found.digest for key, found in again.items()}
    assert first[("n1", "hccn_tool/optical@0")].digest != other[("n1", "hccn_tool/optical@0")].digest
