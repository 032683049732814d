"""Scenarios: what they stand for, and how mistakes in them are told."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from ascend_doctor.knowledge.strict_yaml import DocumentError
from ascend_doctor.simulator import scenario
from ascend_doctor.simulator.fabric import End, SwitchPort
from ascend_doctor.simulator.faults import KINDS, NAMES
from ascend_doctor.simulator.profiles import PRODUCTS
from ascend_doctor.simulator.sections import Nodes

MISTAKES = {
    "no nodes": ("nodes: []\n", "1:8: `nodes`: list should have at least 1 item"),
    "unknown key": ("nodes:\n  - name: a\n    produkt: x\n", "3:5: unknown key `produkt`: did you mean `product`?"),
    "unknown product": (
        "nodes:\n  - name: a\n    product: atlas-800i-a22\n",
        "3:14: there is no product 'atlas-800i-a22': did you mean 'atlas-800i-a2'?",
    ),
    "product like no other": (
        "nodes:\n  - {name: a, product: '####'}\n",
        "2:24: there is no product '####': known are",
    ),
    "too many NPUs": ("nodes:\n  - {name: a, npus: 9}\n", "2:21: atlas-800i-a2 holds 8 NPUs, not 9"),
    "half a module": (
        "nodes:\n  - {name: a, product: atlas-800t-a3, npus: 3}\n",
        "2:45: atlas-800t-a3 has 2 NPUs on a card: give a multiple of it",
    ),
    "a node twice": (
        "nodes:\n  - name: node-[1-3]\n  - name: node-2\n",
        "3:11: the node 'node-2' is already in nodes[0]",
    ),
    "a range backwards": ("nodes:\n  - name: node-[3-1]\n", "2:11: the range in the name ends before it begins"),
    "too many nodes": ("nodes:\n  - name: node-[1-99999]\n", "2:11: these are more than 10000 nodes in all"),
    "a name that is a path": ("nodes:\n  - name: ../a\n", "2:11: `nodes[0].name`: string should match pattern"),
    "three nodes back to back": (
        "nodes:\n  - name: node-[1-3]\nfabric:\n  kind: direct\n",
        "4:3: a direct fabric joins exactly two nodes",
    ),
    "network too small": (
        "nodes:\n  - name: node-[1-3]\naddresses:\n  network: 10.0.0.0/28\n",
        "4:3: the network 10.0.0.0/28 is too small: 8 subnet(s) of 4 addresses each are needed",
    ),
    "unknown fault": (
        "nodes:\n  - name: a\nfaults:\n  - {fault: cable-puled, node: a, npu: 1}\n",
        "4:5: `faults[0]`: input tag 'cable-puled' found using 'fault' does not match",
    ),
    "fault of an unknown node": (
        "nodes:\n  - name: node-a\nfaults:\n  - fault: cable-pulled\n    node: nodea\n    npu: 1\n",
        "5:11: there is no node 'nodea' here: did you mean 'node-a'?",
    ),
    "fault of an absent NPU": (
        "nodes:\n  - name: a\nfaults:\n  - fault: cable-pulled\n    node: a\n    npu: 8\n",
        "6:10: a has no NPU 8: its phy-ids are 0 to 7",
    ),
    "fault without an NPU": (
        "nodes:\n  - name: a\nfaults:\n  - fault: cable-pulled\n    node: a\n",
        "4:5: `faults[0].cable-pulled.npu` is missing: add it",
    ),
    "cable where there is none": (
        "nodes:\n  - {name: a, product: atlas-300i-pro}\nfaults:\n  - {fault: cable-pulled, node: a, npu: 1}\n",
        "4:13: a has no RoCE ports, so it cannot have cable-pulled",
    ),
    "errors of HBM where there is none": (
        "nodes:\n  - {name: a, product: atlas-300i-pro}\nfaults:\n  - {fault: ecc-double-bit, node: a, npu: 1}\n",
        "4:13: a has no HBM, so it cannot have ecc-double-bit",
    ),
    "ends before it begins": (
        "nodes:\n  - name: a\nfaults:\n  - {fault: tls-odd, node: a, at: 30, until: 20}\n",
        "4:46: the fault must end after it begins, at 30 s",
    ),
    "duplicate of itself": (
        "nodes:\n  - name: a\nfaults:\n  - {fault: address-duplicate, node: a, npu: 1, like: a/1}\n",
        "4:55: a port cannot be the duplicate of itself: name another one",
    ),
    "duplicate of nothing": (
        "nodes:\n  - name: a\nfaults:\n  - {fault: address-duplicate, node: a, npu: 1, like: b/1}\n",
        "4:55: there is no RoCE port 'b/1' here: write node/npu",
    ),
    "not YAML": ("nodes:\n\t- name: a\n", "2:1: this is not YAML"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_are_told_with_their_place(case: str) -> None:
    """Each mistake is told in one line with the file, the line and the column."""
    text, message = MISTAKES[case]
    with pytest.raises(DocumentError) as caught:
        scenario.load(text, "drill.yaml")
    assert str(caught.value).startswith(f"drill.yaml:{message}")
    assert "\n" not in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    """Two mistakes of the same kind are both found in one go, in the order of the text."""
    text = "nodes:\n  - {name: a, product: x}\n  - {name: b, product: y}\n"
    with pytest.raises(DocumentError) as caught:
        scenario.load(text, "drill.yaml")
    assert [(2, 24), (3, 24)] == [(mistake.line, mistake.column) for mistake in caught.value.all]


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("node-a", ["node-a"]),
        ("node-[1-3]", ["node-1", "node-2", "node-3"]),
        ("n[08-10].rack", ["n08.rack", "n09.rack", "n10.rack"]),
        ("n[9-10]", ["n9", "n10"]),
    ],
)
def test_a_range_stands_for_many_nodes(name: str, names: List[str]) -> None:
    """A name with a range gives one node for each number, with the width of a start that has leading zeros."""
    assert names == Nodes(name=name).names()


def test_shipped_scenarios_are_sound() -> None:
    """Every scenario that comes with the package loads and is named after its file."""
    assert ("310p", "a3", "a5", "demo", "direct") == scenario.shipped()
    for name in scenario.shipped():
        assert name == scenario.find(name).name


def test_a_scenario_is_found_by_its_path(tmp_path: Path) -> None:
    """What is not the name of a shipped scenario is a path."""
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nnodes:\n  - name: a\n", encoding="utf-8")
    assert "mine" == scenario.find(str(path)).name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dem", "dem: no such scenario: give the path of a file, or one of 310p, a3, a5, demo, direct"),
        ("x/y.yaml", "x/y.yaml: "),
    ],
)
def test_a_scenario_that_is_not_there(name: str, message: str) -> None:
    """A wrong name or path is told in one line."""
    with pytest.raises(DocumentError) as caught:
        scenario.find(name)
    assert str(caught.value).startswith(message)


def test_pairs_share_a_port_of_their_leaf() -> None:
    """NPUs 2k and 2k+1 hang on the two halves of one 400GE port, and each pair on its own leaf."""
    cables = scenario.load("nodes:\n  - name: n[1-40]\n", "x").wiring().cables
    seen = [cables[End(node, phy_id)] for node, phy_id in (("n1", 0), ("n1", 1), ("n1", 2), ("n33", 7))]
    assert [
        ("leaf-1", "400GE1/1/1:1"),
        ("leaf-1", "400GE1/1/1:2"),
        ("leaf-2", "400GE1/1/1:1"),
        ("leaf-4", "400GE1/2/1:2"),
    ] == [(port.switch, port.name) for port in seen if isinstance(port, SwitchPort)]


@pytest.mark.parametrize("leaves", ["pair", "npu", "one"])
def test_no_two_ports_share_a_place_or_an_address(leaves: str) -> None:
    """Every NPU has a switch port and an address of its own, whatever the wiring."""
    text = f"nodes:\n  - name: n[1-70]\nfabric: {{leaves: {leaves}}}\naddresses: {{plan: flat}}\n"
    wiring = scenario.load(text, "x").wiring()
    assert 70 * 8 == len(set(wiring.cables.values()))
    assert 70 * 8 == len({settings.address for settings in wiring.settings.values()})
    assert 1 == len(wiring.gateways)


def test_direct_cables_join_the_same_index() -> None:
    """Back to back, NPU i of one node is cabled to NPU i of the other; each probes the other and routes to itself."""
    wiring = scenario.find("direct").wiring()
    left, right = End("node-1", 5), End("node-2", 5)
    assert (right, left) == (wiring.cables[left], wiring.cables[right])
    assert wiring.settings[right].address == wiring.settings[left].netdetect
    assert wiring.settings[left].address == wiring.settings[left].gateway
    assert frozenset() == wiring.gateways


def test_every_kind_of_fault_names_its_check() -> None:
    """Faults have distinct names, and each says by which check it should be found."""
    assert len(KINDS) == len(set(NAMES))
    assert [] == [kind for kind in KINDS if not kind.found_by]


def test_every_product_can_be_a_node() -> None:
    """Each product of the catalogue makes a valid scenario."""
    for product in PRODUCTS:
        loaded = scenario.load(f"nodes:\n  - name: a\n    product: {product}\n", "x")
        assert PRODUCTS[product].npu_count == len(loaded.phy_ids()["a"])


def test_the_manual_names_everything() -> None:
    """The manual has every product, every shipped scenario, every fault, and the checks that find it."""
    manual = (Path(__file__).resolve().parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")
    words = {*PRODUCTS, *scenario.shipped(), *NAMES, *(check for kind in KINDS for check in kind.found_by)}
    assert [] == sorted(word for word in words if f"`{word}`" not in manual)


def test_the_scenario_in_the_manual_loads() -> None:
    """The example that people copy is a valid scenario of sixteen nodes."""
    manual = (Path(__file__).resolve().parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")
    example = manual.partition("```yaml\n")[2].partition("```")[0]
    assert 16 == len(scenario.load(example, "docs/simulator.md").machines())
