"""What `npu-smi` of a simulated machine prints: `info` with `-l`, `-m` and `-t board|health|ecc|usages`, `-v`, `-h`.

Everything goes to standard output, errors too. A type that is not simulated is answered as one that the product does
not support. Commands that change a machine are unknown: the doctor never calls them.
"""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Answer, Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.blocks import for_card, for_chip
from ascend_doctor.simulator.npu_smi.board import card_board, chip_board
from ascend_doctor.simulator.npu_smi.cards import Card, cards_of, find
from ascend_doctor.simulator.npu_smi.command_line import Options, Reader, WrongOptionError
from ascend_doctor.simulator.npu_smi.inventory import listing, mapping
from ascend_doctor.simulator.npu_smi.layout import joined
from ascend_doctor.simulator.npu_smi.overview import overview
from ascend_doctor.simulator.npu_smi.queries import query_for
from ascend_doctor.simulator.npu_smi.usage import info_usage, main_usage

_Printed = Tuple[List[str], int]


def answer(machine: Machine, words: Sequence[str]) -> Answer:
    """Return what `npu-smi` prints for the words behind its name, and its exit code."""
    lines, code = _run(machine, words)
    return Answer(stdout=joined(lines), exit_code=codes.exit_status(code))


def _run(machine: Machine, words: Sequence[str]) -> _Printed:
    usage = main_usage(_built_for(machine))
    if not words:
        return usage, codes.TOOL_INVALID_PARAMETER
    verb, *rest = words
    if verb not in ("-h", "--help", "-v", "info"):
        return ["Command or option is not found.", *usage], codes.TOOL_INNER
    failure = _start_up(machine)
    if failure:
        if failure == codes.LIBRARY_OCCUPIED:
            return [f"dcmi model initialized failed, because the device is used. ret is {failure}"], failure
        return [f"dcmi module initialize failed. ret is {failure}"], failure
    if verb == "-v":
        return [f"npu-smi version: {machine.tool_version}"], codes.OK
    if verb == "info":
        return _info(machine, rest)
    return usage, codes.OK


def _built_for(machine: Machine) -> Generation:
    return machine.generation if machine.tool_generation is None else machine.tool_generation


def _start_up(machine: Machine) -> int:
    """Return the library's code for its start-up: the tool does nothing without it, not even `-v`."""
    if machine.init_failure is not None:
        return codes.library_code(machine.init_failure)
    if not machine.chips:
        return codes.LIBRARY_NO_SUCH_ID
    if (machine.generation is Generation.A5) != (_built_for(machine) is Generation.A5):
        return codes.LIBRARY_NOT_SUPPORTED
    return codes.OK


def _info(machine: Machine, words: Sequence[str]) -> _Printed:
    if not words:
        return overview(machine), codes.OK
    cards = cards_of(machine)
    options: Optional[Options] = None
    complaints: Sequence[str] = ()
    try:
        options = Reader(machine.generation, cards).read(words)
    except WrongOptionError as error:
        complaints = error.lines
    if machine.generation is Generation.A5 and "-c" in words[::2]:
        return [*complaints, "This device does not support input parameter of -c."], codes.TOOL_INVALID_PARAMETER
    if options is None:
        return _refused(machine, *complaints)
    if options.wants_help:
        return info_usage(machine.generation), codes.OK
    if options.listing:
        return listing(machine), codes.OK
    if options.mapping:
        return mapping(machine), codes.OK
    card = find(cards, options.card_id)
    if card is None:
        return _refused(machine, "", "This command must input card id.", "")
    if not options.kind:
        # The vendor's text for no type at all is not recorded; the help is what its other mistakes end with.
        return _refused(machine)
    return _about(machine, card, options.kind, options.chip_id)


def _refused(machine: Machine, *complaints: str) -> _Printed:
    return [*complaints, *info_usage(machine.generation)], codes.TOOL_INVALID_PARAMETER


def _about(machine: Machine, card: Card, kind: str, chip_id: Optional[int]) -> _Printed:
    query = query_for(machine.generation, kind)
    if not card.chips or (query is None and kind != "board"):
        return [f"This device does not support querying {kind}."], codes.OK
    if query is None:
        return (card_board(machine, card) if chip_id is None else chip_board(machine, card, chip_id)), codes.OK
    return for_card(machine, query, card) if chip_id is None else for_chip(machine, query, card, chip_id)
