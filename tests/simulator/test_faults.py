"""Faults: what each changes, at both ends of a cable, and that it changes nothing else."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Tuple

import pytest

import effects_on_chips
import effects_on_host
import effects_on_installation
import effects_on_interconnect
import effects_on_ports
import effects_on_settings
import effects_on_surroundings
import effects_on_ub
import simulated
from ascend_doctor.facts.hccn_tool import ping
from ascend_doctor.facts.source import Target
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.faults import NAMES
from ascend_doctor.simulator.faults.ports import CablePulled

SWITCHED = "nodes:\n  - {name: 'n[1-2]', product: atlas-800t-a2}\n"
DIRECT = SWITCHED + "fabric: {kind: direct}\n"

PORT_IS_DARK = (
    *(
        "link",
        "net_health",
        "lldp",
        "speed",
        "duplex",
        "stat",
        "stat-extra",
        "link_stat",
        "arp",
        "optical",
        "optical-v2",
    ),
)


def _of(node: str, phy_id: int, *commands: str) -> FrozenSet[Tuple[str, str]]:
    return frozenset((node, f"hccn_tool/{command}@{phy_id}") for command in commands)


def _everything_about(node: str, npu: int) -> FrozenSet[Tuple[str, str]]:
    asked = simulated.queries(simulated.make(SWITCHED), node)
    return frozenset((node, query.key) for query in asked if npu in (query.target.npu, query.target.phy_id))


EFFECTS: Dict[str, Tuple[str, str, FrozenSet[Tuple[str, str]]]] = {
    "cable-pulled": (SWITCHED, "{fault: cable-pulled, node: n1, npu: 3}", _of("n1", 3, *PORT_IS_DARK)),
    "cable-pulled, direct": (
        DIRECT,
        "{fault: cable-pulled, node: n1, npu: 3}",
        _of("n1", 3, *PORT_IS_DARK) | _of("n2", 3, *PORT_IS_DARK),
    ),
    "module-pulled": (SWITCHED, "{fault: module-pulled, node: n1, npu: 3}", _of("n1", 3, *PORT_IS_DARK, "optical-dfx")),
    "module-pulled, direct": (
        DIRECT,
        "{fault: module-pulled, node: n2, npu: 3}",
        _of("n1", 3, *PORT_IS_DARK) | _of("n2", 3, *PORT_IS_DARK, "optical-dfx"),
    ),
    "gateway-missing": (
        SWITCHED,
        "{fault: gateway-missing, node: n1, npu: 3}",
        _of("n1", 3, "gateway", "route", "ip_route") | {("n1", "file/hccn-conf")},
    ),
    "tls-odd": (
        SWITCHED,
        "{fault: tls-odd, node: n1, npu: 3}",
        _of("n1", 3, "tls") | {("n1", "file/hccn-conf")},
    ),
    "tls-odd, whole node": (
        SWITCHED,
        "{fault: tls-odd, node: n1}",
        frozenset().union(*(_of("n1", npu, "tls") for npu in range(8))) | {("n1", "file/hccn-conf")},
    ),
    "address-differs": (
        SWITCHED,
        "{fault: address-differs, node: n1, npu: 3}",
        frozenset({("n1", "file/hccn-conf")}),
    ),
    "address-changed": (
        SWITCHED,
        "{fault: address-changed, node: n1, npu: 3}",
        _of("n1", 3, "ip", "ip_route"),
    ),
    "bond-lost": (
        "nodes:\n  - {name: n1, product: atlas-9000-a3, npus: 4}\n",
        "{fault: bond-lost, node: n1, npu: 1}",
        _of("n1", 1, "bond-ip"),
    ),
    "address-duplicate": (
        SWITCHED,
        "{fault: address-duplicate, node: n1, npu: 3, like: n2/3}",
        _of("n1", 3, "ip", "ip_route") | {("n1", "file/hccn-conf")},
    ),
    "firmware-mismatch": (
        SWITCHED,
        "{fault: firmware-mismatch, node: n1}",
        frozenset({("n1", f"npu-smi/board@{npu}") for npu in range(8)} | {("n1", "file/firmware-version")}),
    ),
    "npu-dropped": (
        SWITCHED,
        "{fault: npu-dropped, node: n1, npu: 3}",
        _everything_about("n1", 3) | {("n1", f"npu-smi/{name}") for name in ("info", "list", "mapping", "topo")},
    ),
    "tool-busy": (
        SWITCHED,
        "{fault: tool-busy, node: n1, npu: 3}",
        frozenset(key for key in _everything_about("n1", 3) if key[1].startswith("hccn_tool/")),
    ),
    "leftover-process": (
        SWITCHED,
        "{fault: leftover-process, node: n1, npu: 3}",
        frozenset(
            {("n1", f"npu-smi/{name}") for name in ("info", "usages@3", "common@3")} | {("n1", "host/npu-processes")}
        ),
    ),
    "net-health-init": (SWITCHED, "{fault: net-health-init, node: n1, npu: 3}", _of("n1", 3, "net_health")),
    "ecc-double-bit": (
        SWITCHED,
        "{fault: ecc-double-bit, node: n1, npu: 3, count: 2}",
        frozenset({("n1", "npu-smi/ecc@3")}),
    ),
    "tx-disabled": (
        SWITCHED,
        "{fault: tx-disabled, node: n1, npu: 3}",
        _of("n1", 3, *PORT_IS_DARK, "optical-dfx"),
    ),
    **{
        fault: (
            SWITCHED,
            f"{{fault: {name}, node: n1, npu: 3{keys}}}",
            _everything_about("n1", 3) | {("n1", answer) for answer in answers},
        )
        for fault, answers in effects_on_chips.ABSENT.items()
        for name, keys in [(fault.partition(",")[0], fault[len(fault.partition(",")[0]) :])]
    },
    **effects_on_chips.EFFECTS,
    **effects_on_host.EFFECTS,
    **effects_on_installation.EFFECTS,
    **effects_on_interconnect.EFFECTS,
    **effects_on_ports.EFFECTS,
    **effects_on_settings.EFFECTS,
    **effects_on_surroundings.EFFECTS,
    **effects_on_ub.EFFECTS,
}


def _with(text: str, *faults: str) -> SimulatedCluster:
    return simulated.make(text + "faults:\n" + "".join(f"  - {fault}\n" for fault in faults))


def _reading(cluster: SimulatedCluster, node: str, key: str) -> Any:
    return simulated.readings(cluster)[(node, key)]


@pytest.mark.parametrize("case", EFFECTS)
def test_a_fault_changes_only_what_it_should(case: str) -> None:
    """Against the same cluster in health at the same time, exactly the answers that the fault touches differ."""
    text, fault, expected = EFFECTS[case]
    healthy, broken = simulated.answers(simulated.make(text)), simulated.answers(_with(text, fault))
    keys = healthy.keys() | broken.keys()
    # An NPU that is not there is not asked about either.
    alike = {key for key in keys if key in healthy and key in broken and healthy[key].digest == broken[key].digest}
    assert expected == keys - alike


def test_every_fault_is_tried() -> None:
    """No kind of fault is without a case here."""
    assert set(NAMES) == {case.partition(",")[0] for case in EFFECTS}


@pytest.mark.parametrize("case", EFFECTS)
def test_a_repaired_fault_leaves_only_its_records(case: str) -> None:
    """After the repair the cluster answers as in health, but for what a link that was down remembers."""
    text, fault, _ = EFFECTS[case]
    broken = _with(text, fault)
    assert 1 == len(broken.repair())
    healthy, mended = simulated.answers(simulated.make(text)), simulated.answers(broken)
    different = {key[1].partition("@")[0] for key in healthy if healthy[key].digest != mended[key].digest}
    assert different <= effects_on_ports.LEFT_BEHIND | effects_on_interconnect.LEFT_BEHIND | effects_on_ub.LEFT_BEHIND


def test_a_pulled_cable_shows_at_both_ends() -> None:
    """Back to back, both NPUs lose link, neighbour, light and health, and both remember when."""
    cluster = _with(DIRECT, "{fault: cable-pulled, node: n1, npu: 3, at: 20}")
    found = simulated.readings(cluster)
    for node in cluster.nodes:
        assert "DOWN" == found[(node, "hccn_tool/link@3")].link
        assert not found[(node, "hccn_tool/lldp@3")].neighbour
        assert "0xf" == found[(node, "hccn_tool/optical@3")].rx_los
        assert not found[(node, "hccn_tool/net_health@3")].healthy
        assert "DOWN" == found[(node, "hccn_tool/link_stat@3")].records[0][1]
        assert "UP" == found[(node, "hccn_tool/link@4")].link


def test_counters_stand_still_while_the_cable_is_out() -> None:
    """A healthy port counts on, a dark one does not, and neither counts errors."""
    cluster = _with(SWITCHED, "{fault: cable-pulled, node: n1, npu: 3}")
    before = simulated.readings(cluster)
    cluster.clock.advance(3600.0)  # type: ignore[attr-defined]
    after = simulated.readings(cluster)

    def frames(found: Any, npu: int) -> int:
        return int(found[("n1", f"hccn_tool/stat@{npu}")].counters["mac_tx_total_pkt_num"])

    assert frames(before, 3) == frames(after, 3)
    assert frames(before, 4) < frames(after, 4)
    assert 0 == after[("n1", "hccn_tool/stat@4")].counters["mac_rx_bad_pkt_num"]


def test_a_timed_fault_comes_and_goes() -> None:
    """A fault is there from its `at` on and gone from its `until` on."""
    cluster = simulated.make(
        SWITCHED + "faults:\n  - {fault: cable-pulled, node: n1, npu: 0, at: 10, until: 20}\n", 0.0
    )
    seen = []
    for _ in range(3):
        seen.append(cluster.machine("n1").ports[0].link_up)
        cluster.clock.advance(10.0)  # type: ignore[attr-defined]
    assert [True, False, True] == seen


@pytest.mark.parametrize(
    ("text", "faults", "destination", "received"),
    [
        (SWITCHED, (), "192.168.3.2", 3),
        (SWITCHED, (), "192.168.3.3", 3),
        (SWITCHED, (), "192.168.4.3", 3),
        (SWITCHED, (), "192.168.3.1", 3),
        (SWITCHED, (), "192.168.3.77", 0),
        (SWITCHED, ("{fault: gateway-missing, node: n1, npu: 3}",), "192.168.4.3", 0),
        (SWITCHED, ("{fault: gateway-missing, node: n2, npu: 4}",), "192.168.4.3", 0),
        (SWITCHED, ("{fault: gateway-missing, node: n1, npu: 3}",), "192.168.3.3", 3),
        (SWITCHED, ("{fault: cable-pulled, node: n1, npu: 3}",), "192.168.3.3", 0),
        (SWITCHED, ("{fault: cable-pulled, node: n2, npu: 3}",), "192.168.3.3", 0),
        (SWITCHED, ("{fault: npu-dropped, node: n2, npu: 3}",), "192.168.3.3", 0),
        (DIRECT, (), "192.168.3.3", 3),
        (DIRECT, (), "192.168.4.3", 0),
        (DIRECT, ("{fault: module-pulled, node: n2, npu: 3}",), "192.168.3.3", 0),
    ],
)
def test_who_reaches_whom(text: str, faults: Tuple[str, ...], destination: str, received: int) -> None:
    """NPU 3 of n1 reaches an address if both links are up and the subnet, or a gateway at both ends, leads there."""
    cluster = _with(text, *faults) if faults else simulated.make(text)
    query = ping.SOURCE.about(Target(phy_id=3, address=destination))
    facts = query.source.read(simulated.evidence_of(cluster, "n1", query))
    assert (destination, 3, received) == (facts.destination, facts.transmitted, facts.received)  # type: ignore[union-attr]


def test_dies_of_one_module_do_not_reach_each_other() -> None:
    """On an A3 the two dies of a module have no way to each other over RoCE; the dies of other modules have."""
    cluster = simulated.make("nodes:\n  - {name: a, product: atlas-800t-a3}\n")
    received = []
    for address in ("192.168.1.2", "192.168.2.2"):
        query = ping.SOURCE.about(Target(phy_id=0, address=address))
        received.append(query.source.read(simulated.evidence_of(cluster, "a", query)).received)  # type: ignore[union-attr]
    assert [0, 3] == received


def test_a_dropped_npu_hangs_and_the_others_do_not() -> None:
    """Every call about the dropped NPU hangs; the table of the node ends and leaves it out."""
    cluster = _with(SWITCHED, "{fault: npu-dropped, node: n1, npu: 3}")
    assert cluster.answer("n1", ("hccn_tool", "-i", "3", "-link", "-g")).hangs
    assert cluster.answer("n1", ("npu-smi", "info", "-t", "health", "-i", "3")).hangs
    assert not cluster.answer("n1", ("hccn_tool", "-i", "2", "-link", "-g")).hangs
    assert [0, 1, 2, 4, 5, 6, 7] == [chip.npu for chip in _reading(cluster, "n1", "npu-smi/info").chips]


def test_the_neighbour_of_a_lost_npu_gets_no_reply() -> None:
    """Back to back, the port at the other end of a lost NPU keeps its link and loses its network health."""
    found = simulated.readings(_with(DIRECT, "{fault: npu-dropped, node: n2, npu: 3}"))
    assert "UP" == found[("n1", "hccn_tool/link@3")].link
    assert "Receive timeout" == found[("n1", "hccn_tool/net_health@3")].net_health
    assert "Success" == found[("n1", "hccn_tool/net_health@4")].net_health


def test_two_faults_of_one_port_do_not_hide_each_other() -> None:
    """A port that has not judged its network yet keeps its word when its cable is pulled too."""
    faults = ("{fault: net-health-init, node: n1, npu: 3}", "{fault: cable-pulled, node: n1, npu: 3}")
    found = simulated.readings(_with(SWITCHED, *faults))
    assert ("DOWN", "Init") == (
        found[("n1", "hccn_tool/link@3")].link,
        found[("n1", "hccn_tool/net_health@3")].net_health,
    )


def test_a_leftover_process_on_a_chip_without_hbm() -> None:
    """On a 310P the process takes the chip's plain memory."""
    text = "nodes:\n  - {name: a, product: atlas-300i-pro}\n"
    healthy = simulated.make(text).machine("a").chip(1).memory_mb
    broken = _with(text, "{fault: leftover-process, node: a, npu: 1, memory_mb: 5000}").machine("a").chip(1)
    assert (healthy[0] + 5000, healthy[1]) == broken.memory_mb
    assert ["python3"] == [process.name for process in broken.processes]


def test_a_dropped_npu_may_hang_the_whole_table() -> None:
    """With `info: hangs` the calls for the whole node hang too, and only those of its node."""
    cluster = _with(SWITCHED, "{fault: npu-dropped, node: n1, npu: 3, info: hangs}")
    assert cluster.answer("n1", ("npu-smi", "info")).hangs
    assert not cluster.answer("n2", ("npu-smi", "info")).hangs


def test_a_busy_tool_is_read_as_busy() -> None:
    """The doctor's parsers understand the answer of a busy device."""
    found = _reading(_with(SWITCHED, "{fault: tool-busy, node: n1, npu: 3}"), "n1", "hccn_tool/link@3")
    assert isinstance(found, Missing)
    assert Absence.BUSY is found.why


def test_a_firmware_mismatch_is_one_by_the_vendors_rule() -> None:
    """The board says NOK, and the two lists of versions agree with it."""
    cluster = _with(SWITCHED, "{fault: firmware-mismatch, node: n1}")
    found = simulated.readings(cluster)
    assert "NOK" == found[("n1", "npu-smi/board@0")].compatibility
    assert "6.4.12.1.241" == found[("n1", "file/firmware-version")].version
    ranges = found[("n1", "file/driver-version")].compatible_version_fw
    assert [] == [(low, high) for low, high in ranges if low <= "6.4.12.1.241"[: max(len(low), len(high))] <= high]


def test_a_fault_is_refused_where_it_has_no_place() -> None:
    """A fault at run time is checked like one in the scenario."""
    cluster = simulated.make(SWITCHED)
    with pytest.raises(ValueError, match="n1 has no NPU 9"):
        cluster.inject(CablePulled(node="n1", npu=9))
    assert () == cluster.repair(7)
