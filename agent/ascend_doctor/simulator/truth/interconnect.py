"""The part of a note about `npu-smi` that is about connections: topology, HCCS, super pod, certificate."""

from __future__ import annotations

import re
from typing import Any, Mapping

import attrs

from ascend_doctor.simulator.hardware import Chip, ChipCertificate, Machine
from ascend_doctor.simulator.hardware.interconnect import LINKS

Truth = Mapping[str, Any]

# The driver's numbers for the ways in which two chips are connected.
_RELATIONS = ("HCCS", "PIX", "PXB", "PHB", "SYS", "SIO", "HCCS_SW", "UB")


def feed(machine: Machine, truth: Truth) -> None:
    """Change a healthy machine into the one that a note describes, as far as its connections are concerned."""
    _feed_surroundings(machine, truth)
    _feed_topology(machine, truth)
    for chip in machine.chips:
        _feed_hccs(chip, truth)
        chip.sdid = truth.get("sdid")
        if "common_name" in truth:
            chip.certificate = ChipCertificate(
                int(truth["alarm_status"]), str(truth["start"]), str(truth["end"]), str(truth["common_name"])
            )
    pod = machine.super_pod
    pod.size = int(truth.get("super_pod_size", pod.size))
    pod.id = int(truth.get("super_pod_id", pod.id))
    pod.server_index = int(truth.get("server_index", pod.server_index))
    if truth.get("state") == "a3-faults":
        # No note tells of the errors between the dies: they are those of the state's only recorded answer.
        sio = next(chip for chip in machine.chips if (chip.npu, chip.chip) == (1, 1)).sio
        sio.tx_errors, sio.rx_errors = 5, 0xFFFF


def _feed_surroundings(machine: Machine, truth: Truth) -> None:
    generation = str(truth.get("generation", ""))
    board = re.search(r"main board (0x[0-9A-Fa-f]+)", generation)
    if board is not None:
        machine.board = attrs.evolve(machine.board, main_board_id=int(board[1], 16))
    if "x86" in generation:
        machine.machine = "x86_64"
    machine.in_vm = bool(dict(truth.get("stub_errors") or {}).get("in_vm"))


def _feed_topology(machine: Machine, truth: Truth) -> None:
    topology = machine.topology
    if "topo_default" in truth:
        topology.default = _relation(truth["topo_default"])
    for pair, number in dict(truth.get("pairs") or {}).items():
        one, other = sorted(int(part) for part in str(pair).split("."))
        topology.pairs[(one, other)] = _relation(number)
    if truth.get("cpu_affinity"):
        topology.cpu_affinity = tuple(map(str, truth["cpu_affinity"]))
    topology.nics = [str(name) for name in truth.get("nics") or ()]


def _relation(number: Any) -> str:
    return _RELATIONS[number] if number in range(len(_RELATIONS)) else "NA"


def _feed_hccs(chip: Chip, truth: Truth) -> None:
    hccs, fed = chip.hccs, dict(truth.get("fed") or {})
    if "hccs_lane" in fed:
        hccs.lanes = dict.fromkeys(LINKS, int(str(fed["hccs_lane"]), 0))
    hccs.hdlc_status = int({**truth, **fed}.get("hccs_hdlc_status", hccs.hdlc_status))
    hccs.pcs_status = int(str({**truth, **fed}.get("hccs_pcs_status", hccs.pcs_status)), 0)
    if "hccs_credit" in fed:
        hccs.credits = dict.fromkeys(LINKS, int(fed["hccs_credit"]))
    hccs.window_tx = int(truth.get("link_tx_packets", hccs.window_tx))
    hccs.window_rx = int(truth.get("link_rx_packets", hccs.window_rx))
