"""What `npu-smi` of a simulated machine prints: `info` in all its forms, the queries of `upgrade`, `-v`, `-h`.

Everything goes to standard output, errors too. A type that is not simulated is answered as one that the product does
not support. Commands that change a machine are unknown: the doctor never calls them.
"""

from __future__ import annotations

from typing import List, Sequence, Tuple

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Answer, Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.asking import ask
from ascend_doctor.simulator.npu_smi.cards import cards_of
from ascend_doctor.simulator.npu_smi.command_line import Options, Reader, WrongOptionError
from ascend_doctor.simulator.npu_smi.inventory import listing, mapping
from ascend_doctor.simulator.npu_smi.layout import joined
from ascend_doctor.simulator.npu_smi.overview import overview
from ascend_doctor.simulator.npu_smi.upgrade import upgrade
from ascend_doctor.simulator.npu_smi.usage import help_for, main_usage

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
    if verb not in ("-h", "--help", "-v", "info", "upgrade"):
        return ["Command or option is not found.", *usage], codes.TOOL_INNER
    failure = _start_up(machine)
    if failure:
        if failure == codes.LIBRARY_OCCUPIED:
            return [f"dcmi model initialized failed, because the device is used. ret is {failure}"], failure
        return [f"dcmi module initialize failed. ret is {failure}"], failure
    if verb == "-v":
        return [f"npu-smi version: {machine.tool_version}"], codes.OK
    if verb in ("info", "upgrade"):
        lines, code = _info(machine, rest) if verb == "info" else upgrade(machine, rest)
        if codes.is_of_library(code):
            lines = [*lines, f"Failed to execute npu-smi {verb}. ret is {code}."]
        return lines, code
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
    asks_for_vnpus = ("-t", "info-vnpu") in zip(words[::2], words[1::2])
    if asks_for_vnpus and machine.in_container and machine.generation is not Generation.A2:
        return ["This command cannot be executed on a container."], codes.TOOL_NOT_SUPPORTED
    knows_no_chips = machine.generation is Generation.A5 and "-c" in words[::2]
    try:
        options = Reader(machine, cards_of(machine)).read(words)
    except WrongOptionError as error:
        if knows_no_chips:
            return [*error.lines, _NO_CHIPS], codes.TOOL_INVALID_PARAMETER
        if error.is_refusal:
            return list(error.lines), codes.OK
        return [*error.lines, *help_for(machine.generation, error.kind)], codes.TOOL_INVALID_PARAMETER
    return ([_NO_CHIPS], codes.TOOL_INVALID_PARAMETER) if knows_no_chips else _asked(machine, options)


_NO_CHIPS = "This device does not support input parameter of -c."


def _asked(machine: Machine, options: Options) -> _Printed:
    if options.wants_help:
        return help_for(machine.generation, options.kind), codes.OK
    if options.listing:
        return listing(machine), codes.OK
    if options.mapping:
        return mapping(machine), codes.OK
    lines, code = ask(machine, cards_of(machine), options)
    has_help = any(line.startswith("Usage:") for line in lines)
    if code == codes.TOOL_INVALID_PARAMETER and not has_help:
        lines = [*lines, *help_for(machine.generation, options.kind)]
    return lines, code
