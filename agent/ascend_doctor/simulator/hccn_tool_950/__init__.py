"""What `hccn_tool` of a simulated machine prints in the form of the 950: `-g -CMD -i NPU [-u UDIE -p PORT]`.

The command line is read as the vendor's tool reads it (vendor source, tool_cmd_parse.c of the 950); the texts follow
the vendor's document, which differs from the source in places: columns that are wider, names of counters. What would
change the device is answered as not permitted.
"""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence, Tuple, Union

from ascend_doctor.simulator.hardware import Answer, Machine, Presence
from ascend_doctor.simulator.hccn_tool.outcome import BUSY, DENIED, Outcome
from ascend_doctor.simulator.hccn_tool_950.request import OF_PORT, Command, Question
from ascend_doctor.simulator.hccn_tool_950.table import COMMANDS, TESTS
from ascend_doctor.simulator.hccn_tool_950.usage import help_text

_MODES = ("-g", "-s", "-t")
_MORE = "Enter [ hccn_tool -h ] for more details."
_OPTIONS = {"-i": (0, 10**9), "-u": (0, 1), "-p": (0, 9)}
_NO_MODE = Outcome(err=("Please specify a mode.", _MORE), code=1)
_FAILED = Outcome(err=("Cmd execute failed!",), code=1)
_WRONG_MODE = Outcome(err=("Please specify a valid mode.", _MORE), code=2)


def answer(machine: Machine, words: Sequence[str], now: float) -> Answer:
    """Return what `hccn_tool` prints for the words behind its name. `now` is the device's time in epoch seconds."""
    if not words:
        return _NO_MODE.answer()
    if words[0] in ("-h", "--help"):
        return help_text(words[1:]).answer()
    if words[0] not in _MODES:
        return _WRONG_MODE.answer()
    found = _asked(machine, words, now)
    if found is None:
        return Answer(hangs=True)
    if isinstance(found, Outcome):
        return found.answer()
    question, command = found
    return (BUSY if question.device.busy else command.get(question)).answer()


def _asked(machine: Machine, words: Sequence[str], now: float) -> Union[Tuple[Question, Command], Outcome, None]:
    """Return the question and its command, how the tool refuses it, or None when it waits without end."""
    mode = words[0]
    if len(words) < 2:
        return Outcome(err=("Please specify a cmd.", f"Enter [ hccn_tool -h {mode} ] for more details."), code=3)
    name = words[1]
    command = (TESTS if mode == "-t" else COMMANDS).get(name[1:]) if name.startswith("-") else None
    if command is None:
        return _no_command(mode, name)
    if mode == "-s":
        return DENIED
    places, rest, mistake = _places(name, words[2:])
    if mistake is not None:
        return mistake
    if tuple(places) != command.places:
        return _wrong(name, "Parse cmd option failed.", 10)
    return _question(machine, command, places, (name, *rest), now)


def _no_command(mode: str, name: str) -> Outcome:
    known = name[1:] in COMMANDS or name[1:] in TESTS
    if known:
        return _wrong(name, f"The cmd {name} does not support mode {mode}", 5)
    return Outcome(err=("Please specify a valid cmd.", f"Enter [ hccn_tool -h {mode} ] for more details."), code=4)


def _wrong(name: str, message: str, code: int) -> Outcome:
    return Outcome(err=(message, f"Enter [ hccn_tool -h {name} ] for more details."), code=code)


def _places(name: str, words: Sequence[str]) -> Tuple[Dict[str, int], List[str], Optional[Outcome]]:
    """Return the numbers of NPU, die and port in the tool's order, the words after them, and what is wrong."""
    found: Dict[str, int] = {}
    rest = list(words)
    while rest and rest[0] in _OPTIONS:
        option = rest.pop(0)
        low, high = _OPTIONS[option]
        if not rest or not rest[0].lstrip("-").isdecimal() or not rest[0].isascii() or len(rest[0]) > 9:
            return found, rest, _wrong(name, "Parse cmd option failed.", 6)
        text = rest.pop(0)
        if int(text) < 0:
            return found, rest, _wrong(name, f"Option [{option} {text}] is invalid, {text} < 0.", 7)
        if not low <= int(text) <= high:
            return found, rest, _wrong(name, f"Option [{option} {text}] is out of range [{low}, {high}].", 8)
        if option in found:
            return found, rest, _wrong(name, f"Option {option} duplicated.", 9)
        found[option] = int(text)
    return {option: found[option] for option in _OPTIONS if option in found}, rest, None


def _question(
    machine: Machine, command: Command, places: Dict[str, int], words: Sequence[str], now: float
) -> Union[Tuple[Question, Command], Outcome, None]:
    name, *rest = words
    chip = next((chip for chip in machine.chips if chip.npu == places["-i"]), None)
    device = machine.ub.get(places["-i"])
    if chip is None or device is None or chip.presence is Presence.NOT_EXIST:
        return _wrong(name, "target chip is invalid, please check.", 11)
    if chip.presence is Presence.HEALTH_FAILS:
        return None
    if not command.takes_values and not set(rest) <= command.options:
        return _wrong(name, "The total count of options is wrong.", 15)
    port = device.ports_by_place.get((places["-u"], places["-p"])) if command.places == OF_PORT else None
    if command.places == OF_PORT and port is None:
        return _FAILED
    return Question(machine, device, port, tuple(rest), now), command
