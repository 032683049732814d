"""A machine from a note of fed values: what a note leaves to its state and to the healthy product."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from ascend_doctor.simulator.hardware import Presence
from ascend_doctor.simulator.truth import answer_from_truth, machine_from_truth

_A2 = {"generation": "Atlas A2 (910B3 board)"}
_A3 = {"generation": "Atlas A3 (Ascend910 / 910_93, 8 NPU x 2 chips)"}
_INFO = ("npu-smi", "info")


def _hccn(truth: Dict[str, Any], words: str) -> tuple[str, str, int]:
    answer = answer_from_truth({**_A2, **truth}, ["hccn_tool", "-i", "0", *words.split()])
    return answer.stdout.decode(), answer.stderr.decode(), answer.exit_code


@pytest.mark.parametrize(
    ("generation", "chips"),
    [("Atlas A2 (910B4, 4 NPU)", 4), ("Atlas 300I Pro (310P3, 1 chip a card)", 4), (_A3["generation"], 16), ("", 8)],
)
def test_the_generation_names_the_product(generation: str, chips: int) -> None:
    """The words of the generation give the product, and how many NPUs it has."""
    assert chips == len(machine_from_truth({"generation": generation}, _INFO).chips)


def test_a_lost_die_shows_the_values_of_another() -> None:
    """With independent dies a note tells the values of chip 0 in the lost one's place; they are not its own."""
    lost = {"npu_id": 1, "chip_id": 1, "logic_id": 0, "phy_id": 0, "temp_c": 36}
    truth = {**_A3, "state": "a3-die-not-exist-indep", "missing_logic_ids": [3], "npus": [lost]}
    machine = machine_from_truth(truth, _INFO)
    assert machine.independent_dies
    assert (Presence.NOT_EXIST, 3) == (machine.chips[3].presence, machine.chips[3].logic_id)


def test_a_note_in_words_is_more_exact_than_what_is_missing() -> None:
    """The answer lacks both dies of a card; the note says which of them is lost."""
    truth = {**_A3, "missing_logic_ids": [2, 3], "note": "health of logic 3 is 0xFFFFFFFF"}
    chips = machine_from_truth(truth, _INFO).chips
    assert [Presence.PRESENT, Presence.NOT_EXIST] == [chip.presence for chip in chips[2:4]]


def test_a_call_may_fail_for_one_chip_only() -> None:
    """`2.err.CALL` is about one chip, `err.CALL` about all."""
    errors = {"2.err.dsmi_get_ecc_info": 16, "err.dsmi_get_hbm_info": 7, "in_vm": 1}
    chips = machine_from_truth({**_A2, "stub_errors": errors}, _INFO).chips
    assert {"dsmi_get_ecc_info": 16, "dsmi_get_hbm_info": 7} == chips[2].query_failures
    assert {"dsmi_get_hbm_info": 7} == chips[3].query_failures


def test_values_of_no_chip_are_left_aside() -> None:
    """A note about a card that the product does not have changes nothing."""
    machine = machine_from_truth({**_A2, "npus": [{"npu_id": 99}]}, _INFO)
    assert machine_from_truth(_A2, _INFO) == machine


@pytest.mark.parametrize(
    ("state", "code"), [("a2-call-fails-ebusy", 11), ("a2-call-fails-busy-locked", 25), ("a2-x-enodev", 1)]
)
def test_the_state_names_a_failed_call(state: str, code: int) -> None:
    """Without the returned number the state's name tells it."""
    assert code == _hccn({"state": state}, "-link -g")[2]


@pytest.mark.parametrize("command", ["link", "lldp", "speed"])
def test_a_note_may_be_about_another_device(command: str) -> None:
    """A device that is not there is refused whatever the note says."""
    answer = answer_from_truth({**_A2, "build": "x"}, ["hccn_tool", "-i", "42", f"-{command}", "-g"])
    assert b"Get invalid device id.\n" == answer.stderr


def test_a_note_without_values_is_about_the_healthy_port() -> None:
    """What is not told is as it was in every run."""
    assert ("ipaddr:192.168.100.101\nnetmask:255.255.255.0\n", "", 0) == _hccn({}, "-ip -g")
    assert 13 == _hccn({"state": "a2-no-ip"}, "-ip -g")[2]
    assert "link status: DOWN\n" == _hccn({"link": "DOWN"}, "-link -g")[0]


def test_net_health_is_told_by_its_number() -> None:
    """A number beyond the tool's list is a failure."""
    assert "net health status: Init\n" == _hccn({"code": 6}, "-net_health -g")[0]
    assert 1 == _hccn({"code": 10}, "-net_health -g")[2]


def test_a_certificate_of_somebody_else_has_the_end_that_the_note_tells() -> None:
    """Expired, ending soon, or neither."""
    foreign = {"switch": 0, "preconfigured": 0}
    assert "status[2]" in _hccn({**foreign, "expired": True}, "-tls -g")[1]
    assert "status[1]" in _hccn({**foreign, "end": "Sat Dec 12 05:00:59 2026"}, "-tls -g")[0]
    assert "status[0]" in _hccn(foreign, "-tls -g")[0]
    assert 14 == _hccn({"certs": []}, "-tls -g")[2]


def test_what_was_fed_to_the_module_is_raw() -> None:
    """Voltage in tenths of a millivolt, noise as bits of what the module supports, powers by lane."""
    text, _, _ = _hccn({"fed": {"mv": 33000, "snr": 4, "rx1": 0.05, "rxlos": 2, "dr4": 0x42}}, "-optical -g")
    expected = {
        "Vcc                  : 3300.00 mV",
        "Rx Power1            : 0.0500 mW",
        "Rx Power2            : NA",
        "Rx Los Flag          : 0x2",
        "Host SNR Lane0       : 20.5000 dB",
        "Media SNR Lane0      : not supported",
    }
    assert expected <= set(text.splitlines())
    assert "Vcc                  : NA" in _hccn({"fed": {"mv": 0}}, "-optical -g")[0]
