"""`npu-smi info -t topo`: how the NPUs are connected (vendor source, npu_info.c and npu_info_print_ext.c)."""

from __future__ import annotations

import re
from typing import List, Sequence, Tuple

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.cards import LOST_CARD, Card

_NICS = 4
_NPUS_PER_NIC = 4
_UNKNOWN = "NA"

_LEGEND = (
    ("X", "   ", "Self", "*"),
    (
        "SYS",
        " ",
        "Path traversing PCIe and NUMA nodes. Nodes are connected through SMP, such as QPI, UPI.",
        "*",
    ),
    ("PHB", " ", "Path traversing PCIe and the PCIe host bridge of a CPU.", "*"),
    ("PIX", " ", "Path traversing a single PCIe switch.", "A2 A3 A5"),
    ("PXB", " ", "Path traversing multiple PCIe switches.", "A2 A3 A5"),
    ("HCCS", "", "Connection traversing HCCS.", "310P A2 A3"),
    ("SIO", " ", "Path traversing the SIO bus.", "A3 A5"),
    ("HCCS_SW", "", "Connection traversing HCCS through a switch.", "A3"),
    ("UB", "  ", "Connection traversing UB.", "A5"),
    ("NA", "  ", "Unknown relationship.", "*"),
)


def topology(machine: Machine, cards: Sequence[Card]) -> Tuple[List[str], int]:
    """Return the lines and the code of `npu-smi info -t topo`."""
    if machine.in_vm and machine.generation in (Generation.A2, Generation.P310P):
        arm = machine.machine == "aarch64"
        if arm or machine.generation is Generation.P310P:
            return ["This command cannot be executed on a VM."], codes.TOOL_NOT_PERMITTED
    if machine.generation is Generation.P310P and machine.machine != "aarch64":
        return [], codes.TOOL_NOT_SUPPORTED
    if any(card.id == LOST_CARD for card in cards) and machine.generation is not Generation.A3:
        return [], codes.LIBRARY_INVALID_PARAMETER
    chips = [chip for card in cards for chip in card.chips]
    has_affinity = not machine.board.ub_bus and (
        machine.generation is not Generation.A3 or machine.machine != "aarch64"
    )
    names = [f"NIC{number}" for number in range(_NICS)]
    nics = _interfaces(machine)
    lines = ["\t   " + "".join(f"{_name(machine, chip):<11}" for chip in chips)]
    lines[0] += "".join(f"{name:<12}" for name in names) + ("CPU Affinity" if has_affinity else "")
    for row, chip in enumerate(chips):
        relations = [_relation(machine, chips, row, column) for column in range(len(chips))]
        relations += ["UB" if nics[nic] and row // _NPUS_PER_NIC == nic else _UNKNOWN for nic in range(_NICS)]
        affinity = _affinity(machine, chip) if has_affinity else ""
        lines.append(_row(_name(machine, chip), relations, affinity))
    for nic, name in enumerate(names):
        relations = ["UB" if nics[nic] and column // _NPUS_PER_NIC == nic else _UNKNOWN for column in range(len(chips))]
        relations += ["X" if other == nic else _UNKNOWN for other in range(_NICS)]
        lines.append(_row(name, relations, ""))
    lines += ["", *(f"{name}: {nics[nic]}" for nic, name in enumerate(names)), "", *_legend(machine.generation)]
    return lines, codes.OK


_DEFAULTS = {Generation.A2: "HCCS", Generation.A3: "HCCS_SW", Generation.A5: "UB"}


def _relation(machine: Machine, chips: Sequence[Chip], row: int, column: int) -> str:
    one, other = chips[row], chips[column]
    pair = (min(one.phy_id, other.phy_id), max(one.phy_id, other.phy_id))
    if row == column:
        return "X"
    if pair in machine.topology.pairs:
        return machine.topology.pairs[pair]
    if machine.generation is Generation.P310P:
        return machine.topology.path_over_pcie(_place(machine, one), _place(machine, other))
    if machine.generation is Generation.A3 and one.npu == other.npu:
        return "SIO"
    return machine.topology.default or _DEFAULTS[machine.generation]


def _affinity(machine: Machine, chip: Chip) -> str:
    return machine.topology.cpu_affinity[_place(machine, chip)]


def _place(machine: Machine, chip: Chip) -> int:
    return [(other.npu, other.chip) for other in machine.chips].index((chip.npu, chip.chip))


def _name(machine: Machine, chip: Chip) -> str:
    return f"Phy-ID{chip.phy_id}" if machine.generation is Generation.A3 else f"NPU{chip.npu}"


def _row(name: str, relations: Sequence[str], affinity: str) -> str:
    return f"{name:<11}" + "".join(f"{relation:<11}" for relation in relations) + affinity


def _interfaces(machine: Machine) -> List[str]:
    """Return the interface of each NIC column: the tool takes the last one of which the name starts with `ensN`."""
    found = [""] * _NICS
    for name in machine.topology.nics:
        numbered = re.match(r"ens([0-9])", name)
        if numbered is not None and int(numbered[1]) < _NICS:
            found[int(numbered[1])] = name
    return found


def _legend(generation: Generation) -> List[str]:
    shown = (entry for entry in _LEGEND if entry[3] == "*" or generation.value in entry[3].split())
    return ["Legend:", "", *(f"  {word}{padding} = {text}" for word, padding, text, _ in shown)]
