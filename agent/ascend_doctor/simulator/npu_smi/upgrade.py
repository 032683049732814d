"""`npu-smi upgrade -b`: the firmware of the board's controller and of its voltage regulators. Nothing is upgraded."""

from __future__ import annotations

from typing import Callable, Dict, List, Optional, Sequence, Tuple

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.cards import Card, cards_of, find
from ascend_doctor.simulator.npu_smi.layout import key_line
from ascend_doctor.simulator.npu_smi.usage import upgrade_usage

_Printed = Tuple[List[str], int]
_HAVE: Dict[str, Tuple[Generation, ...]] = {
    "mcu": (Generation.A2, Generation.A3, Generation.P310P),
    "vrd": (Generation.A2, Generation.A3, Generation.A5, Generation.P310P),
    "vdm": (Generation.A5,),
    "bootloader": (),
}
_NOT_SUPPORTED = "This device does not support querying version."


def upgrade(machine: Machine, words: Sequence[str]) -> _Printed:
    """Return what `npu-smi upgrade` prints. Only its queries are simulated; whatever would write is refused."""
    if not words:
        return _refused(machine, "", "There has no options.", "")
    cards = cards_of(machine)
    card: Optional[Card] = None
    kind = ""
    for option, value in zip(words[::2], [*words[1::2], None]):
        if option in ("-h", "--help"):
            return upgrade_usage(machine.generation), codes.OK
        if option == "-i":
            card = find(cards, int(value)) if value is not None and value.isdecimal() and len(value) < 10 else None
            if card is None:
                return _refused(machine, "Invalid card id.", "Error parameter of -i")
        elif option == "-b" and value in _HAVE:
            # A card of the 950 has no such query (vendor source, npu_cmd_parse.c, and the manual's example).
            if machine.generation not in _HAVE[value] or (value == "vdm" and not machine.board.ub_bus):
                return [_NOT_SUPPORTED], codes.TOOL_NOT_SUPPORTED
            kind = value
        else:
            return _refused(machine, f"Error parameter of {option}")
    if card is None:
        return _refused(machine, "", "This command must input card id.", "")
    return _ANSWERS[kind](machine, card) if kind else (["", "Parameter error.", ""], codes.TOOL_INVALID_PARAMETER)


def _refused(machine: Machine, *complaints: str) -> _Printed:
    return [*complaints, *upgrade_usage(machine.generation)], codes.TOOL_INVALID_PARAMETER


def _mcu(machine: Machine, card: Card) -> _Printed:
    return [key_line("Version", machine.mcu_versions.get(card.id, machine.board.mcu_version))], codes.OK


def _regulators(machine: Machine, card: Card) -> _Printed:
    found = machine.regulators.get(card.id, ())
    # The tool prints a count of 0 of an A2 as NA (vendor source, npu_upgrade.c).
    number = "NA" if machine.generation is Generation.A2 and not found else str(len(found))
    lines = [key_line("VRD Count", number), ""]
    for one in found:
        lines += [
            key_line("VRD Name", one.name),
            key_line("Current Version", one.current),
            key_line("Target Version", one.target),
            key_line("Remaining Upgrade Count", one.remaining),
            "",
        ]
    return lines, codes.OK


def _modules(_machine: Machine, _card: Card) -> _Printed:
    return [key_line("VDM Count", 0), ""], codes.OK


_ANSWERS: Dict[str, Callable[[Machine, Card], _Printed]] = {"mcu": _mcu, "vrd": _regulators, "vdm": _modules}
