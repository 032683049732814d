"""The first minute of a machine, and what stays of it in the memory of a used one."""

from __future__ import annotations

import simulated


def says(cluster, *words):
    """Return what a tool of the first node prints."""
    return cluster.answer(cluster.nodes[0], words).stdout.decode()


def test_a_young_machine_does_not_know_yet_what_it_will_say():
    """In the first minute health is UNKNOWN, the network not judged, and the settings are being applied."""
    cluster = simulated.make("uptime: 5\nnodes:\n  - {name: n, product: atlas-800t-a2}\n", 10.0)
    assert "| UNKNOWN " in says(cluster, "npu-smi", "info")
    assert "net health status: Init\n" == says(cluster, "hccn_tool", "-i", "3", "-net_health", "-g")
    assert "config status:START\n" == says(cluster, "hccn_tool", "-i", "3", "-cfg", "status")

    cluster.clock.advance(60.0)
    assert "| UNKNOWN " not in says(cluster, "npu-smi", "info")
    assert "net health status: Success\n" == says(cluster, "hccn_tool", "-i", "3", "-net_health", "-g")
    assert "config status:SUCCESS\n" == says(cluster, "hccn_tool", "-i", "3", "-cfg", "status")


def test_the_link_of_a_used_machine_went_down_once_at_its_start():
    """The history holds it for ever; a new machine has none."""
    for used, changes in ((True, 3), (False, 1)):
        text = f"nodes:\n  - {{name: n, product: atlas-800t-a2, used: {str(used).lower()}}}\n"
        history = says(simulated.make(text), "hccn_tool", "-i", "0", "-link_stat", "-g")
        assert changes == history.count("LINK ")


def test_a_used_machine_has_counted():
    """Its error counters are not 0, and stand still."""
    cluster = simulated.make("nodes:\n  - {name: n, product: atlas-800t-a2, used: true}\n")
    first = [line for line in says(cluster, "hccn_tool", "-i", "0", "-stat", "-g").splitlines() if "err" in line]
    cluster.clock.advance(600.0)
    later = [line for line in says(cluster, "hccn_tool", "-i", "0", "-stat", "-g").splitlines() if "err" in line]
    assert first == later
    assert any(not line.endswith(":0") for line in first)
