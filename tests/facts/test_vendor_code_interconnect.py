"""What the vendor's own code printed about connections is parsed to the values that were fed to it."""

from __future__ import annotations

from typing import Any, List

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.document import document
from ascend_doctor.facts.npu_smi.hccs import HccsFacts
from ascend_doctor.facts.npu_smi.topo import TopoFacts
from ascend_doctor.model.reading import Absence, Missing
from samples import Case, vendor_cases

RELATIONS = ("HCCS", "PIX", "PXB", "PHB", "SYS", "SIO", "HCCS_SW", "UB")


def _cases(command: str, *, refused: bool = False) -> List[Case]:
    found = [case for case in vendor_cases("npu-smi", command) if case.argv[3] == command.rpartition(" ")[2]]
    return [case for case in found if isinstance(_read(case), Missing) is refused]


def _read(case: Case) -> Any:
    query = query_for_command(case.argv)
    assert query is not None
    return query.source.read(case.evidence)


@pytest.mark.parametrize("case", _cases("info -t topo"), ids=str)
def test_topo(case: Case) -> None:
    """Each pair has the relation that the driver told; cards on PCIe have one that the tool worked out itself."""
    facts = _read(case)
    assert isinstance(facts, TopoFacts)
    assert facts.is_complete
    pairs = {str(pair): RELATIONS[number] for pair, number in case.truth["pairs"].items()}
    default = "PHB" if "310P" in case.truth["generation"] else RELATIONS[case.truth["topo_default"]]
    for row in facts.npus:
        for other, relation in zip(facts.npus, row.relations):
            pair = f"{min(row.number, other.number)}.{max(row.number, other.number)}"
            assert relation == ("X" if other is row else pairs.get(pair, default))
    shown = document(facts)["cpu_affinity"]
    assert shown in (None, case.truth["cpu_affinity"])
    assert case.truth["nics"] == list(facts.nics or ())


@pytest.mark.parametrize("case", [case for case in _cases("info -t hccs") if "-R" not in case.argv], ids=str)
def test_hccs(case: Case) -> None:
    """Health, lanes and speed are those that follow from the driver's words; all counters were fed as 0."""
    facts = _read(case)
    assert isinstance(facts, HccsFacts)
    truth = case.truth
    assert truth["hccs_status"] == facts.health
    assert {truth["hccs_lane_mode"]} == set(facts.lane_mode or ())
    assert {truth["hccs_link_speed"]} == set(facts.link_speed or ())
    assert {"1111"} == set(facts.link_lane_list or ())
    assert (1 if "-lane" in case.argv else 7) == len(facts.tx_packets)
    first = truth["hccs_pcs_status"] >> 8 & 0xFF
    assert (first if truth["hccs_pcs_status"] else None) == document(facts)["first_error_lane"]


@pytest.mark.parametrize("case", [case for case in _cases("info -t hccs") if "-R" in case.argv], ids=str)
def test_far_ends_of_hccs_links(case: Case) -> None:
    """A board of the 9000 class uses six links, another one seven; none leads to the chip's own place twice."""
    links = _read(case).links
    assert (6 if "9000" in case.truth["state"] else 7) == len(links)
    assert len(links) == len({link.npu_port for link in links})


@pytest.mark.parametrize("case", _cases("info -t hccs-bw"), ids=str)
def test_bandwidth(case: Case) -> None:
    """What passes over a link is its packets of 20 bytes in the window; the total holds all seven links."""
    facts = _read(case)
    per_s = case.truth["packet_bytes"] / (case.truth["window_ms"] / 1000) / 1024**3
    for link in facts.links:
        assert pytest.approx(case.truth["link_tx_packets"] * per_s, abs=1e-6) == link.tx_bandwidth
        assert pytest.approx(case.truth["link_rx_packets"] * per_s, abs=1e-6) == link.rx_bandwidth
    assert pytest.approx(7 * case.truth["link_tx_packets"] * per_s, abs=1e-6) == facts.total_tx_bandwidth


@pytest.mark.parametrize("case", _cases("info -t spod-info"), ids=str)
def test_place_in_the_super_pod(case: Case) -> None:
    """All values that were fed are there; a 950 has a type of its pod, and no id of the die."""
    shown = document(_read(case))
    fed = {
        name: case.truth[name]
        for name in ("sdid", "super_pod_size", "super_pod_id", "server_index")
        if "sdid" in case.truth
    }
    assert fed == {name: shown[name] for name in fed}
    assert ("sdid" in shown) is ("super_pod_type" not in shown)


@pytest.mark.parametrize("case", _cases("info -t tls-cert"), ids=str)
def test_certificate_of_a_chip(case: Case) -> None:
    """The certificate is the one that was fed."""
    shown = document(_read(case))
    assert {name: case.truth[name] for name in ("alarm_status", "start", "end", "common_name")} == {
        name: value for name, value in shown.items() if name != "extra"
    }


@pytest.mark.parametrize("case", _cases("info -t sio-info"), ids=str)
def test_errors_between_dies(case: Case) -> None:
    """Both counts are read, up to the largest."""
    expected = (5, 65535) if "faults" in case.truth["state"] else (0, 0)
    facts = _read(case)
    assert expected == (facts.tx_error_count, facts.rx_error_count)


@pytest.mark.parametrize("case", vendor_cases("npu-smi", "info -t phyid-remap"), ids=str)
def test_phy_ids(case: Case) -> None:
    """A card of an A3 has two of them."""
    facts = _read(case)
    phy_id = int(case.argv[-1])
    chips = 2 if "A3" in case.truth["generation"] else 1
    assert (phy_id, phy_id // chips, phy_id % chips) == (facts.phy_id, facts.npu, facts.chip)


@pytest.mark.parametrize(
    "case",
    [case for kind in ("topo", "sio-info", "spod-info", "hccs-bw") for case in _cases(f"info -t {kind}", refused=True)],
    ids=str,
)
def test_refusals(case: Case) -> None:
    """Where the vendor's code told nothing, the reason is its own, and no value is made up."""
    expected = {
        "not support": Absence.NOT_SUPPORTED,
        "on a VM": Absence.NO_PERMISSION,
        "nput": Absence.TOOL_FAILED,
        "Failed": Absence.TOOL_FAILED,
    }
    said = next(why for words, why in expected.items() if words in case.stdout.decode())
    assert said is _read(case).why
