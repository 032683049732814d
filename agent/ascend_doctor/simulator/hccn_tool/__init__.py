"""What `hccn_tool` of a simulated machine prints, in the form of A2 and A3: the `-g` commands of a RoCE port.

Results go to standard output, most errors to standard error. A command of the real tool that is not simulated is
answered as one that the product does not support; one that would change the device, as one that is not permitted.
"""

from __future__ import annotations

from typing import Optional, Sequence, Union

import attrs

from ascend_doctor.simulator.hardware import Answer, Machine, Presence
from ascend_doctor.simulator.hccn_tool import hccs_ping, outcome, ping
from ascend_doctor.simulator.hccn_tool.ipv6 import over_ipv6
from ascend_doctor.simulator.hccn_tool.outcome import Outcome, Request
from ascend_doctor.simulator.hccn_tool.ping import Reach
from ascend_doctor.simulator.hccn_tool.port_settings import SUPERPOD_9000
from ascend_doctor.simulator.hccn_tool.table import COMMANDS, NOT_SIMULATED, NOT_SIMULATED_UNPUBLISHED, Entry
from ascend_doctor.simulator.hccn_tool.usage import help_text, unknown_option, wrong_count

_BOND = "-bond"
"""Put before a command it is about the bond of a port's links; the published build does not know the word."""
_LACKING_ON_9000 = frozenset({"optical", "pfc_stat"})
"""What the Atlas 9000 A3 does not have, beside the commands that check the board themselves (vendor source)."""
_MAX_WORDS = 62
_MAX_WORD_LENGTH = 900
_MAX_DEVICE_DIGITS = 2


_PINGS = {"ping": (ping.check, ping.ping), "hccs_ping": (hccs_ping.check, hccs_ping.hccs_ping)}
"""The commands that need to know who reaches whom: how their words are checked, and their answer."""


def answer(machine: Machine, words: Sequence[str], now: float, reach: Optional[Reach] = None) -> Answer:
    """Return what `hccn_tool` prints for the words behind its name.

    `now` is the device's time in epoch seconds, `reach` tells who can be pinged.
    """
    before = [] if machine.home is None else [_lost_logs(machine.home)]
    of_bond = machine.all_commands and list(words[:1]) == ["-i"] and list(words[2:3]) == [_BOND]
    if of_bond:
        words = [*words[:2], *words[3:]]
    opened = _open(machine, words, now)
    if opened is None:
        return Answer(hangs=True)
    if of_bond and isinstance(opened, Request):
        opened = _bonded(opened, words[2])
    result = opened if isinstance(opened, Outcome) else _ask(opened, words[2][1:], reach)
    return result.answer(before)


def _bonded(request: Request, command: str) -> Union[Request, Outcome]:
    """Return the question with the address of the bond in place of the port's, which only `-ip` asks for."""
    if request.machine.board.main_board_id not in SUPERPOD_9000:
        return outcome.NO_BOND
    settings = request.port.settings
    if command != "-ip":
        return request
    port = attrs.evolve(request.port, address=settings.bond_address, netmask=settings.bond_netmask)
    return attrs.evolve(request, port=port)


def _lost_logs(home: str) -> str:
    return f'[WARNING] "{home}" is not a directory, hccn_tool logs may be lost.'


def _open(machine: Machine, words: Sequence[str], now: float) -> Union[Request, Outcome, None]:
    """Return the question about a port, or how the tool refuses it; None when it waits for the device without end."""
    if not words or len(words) > _MAX_WORDS:
        return outcome.WRONG_COUNT_OF_WORDS
    if any(len(word) > _MAX_WORD_LENGTH for word in words):
        return outcome.WRONG_LENGTH
    if list(words) in (["-h"], ["--help"]):
        return help_text(all_commands=machine.all_commands)
    if words[0] not in ("-i", "-a"):
        return outcome.WRONG_KIND
    if words[0] == "-a" or len(words) < 3 or not _knows(machine, words[2]):
        return outcome.WRONG_COMMAND
    return _device(machine, words[1], words[3:], now)


def _knows(machine: Machine, option: str) -> bool:
    if not option.startswith("-"):
        return False
    command = option[1:]
    if command in NOT_SIMULATED or (command in COMMANDS and COMMANDS[command].published):
        return True
    return machine.all_commands and (command in _PINGS or command in COMMANDS or command in NOT_SIMULATED_UNPUBLISHED)


def _device(machine: Machine, number: str, words: Sequence[str], now: float) -> Union[Request, Outcome, None]:
    if len(number) > _MAX_DEVICE_DIGITS or not (number.isascii() and number.isdecimal()):
        return outcome.WRONG_DEVICE
    phy_id = int(number)
    chip = next((chip for chip in machine.chips if chip.phy_id == phy_id), None)
    if chip is None:
        return outcome.WRONG_DEVICE
    if chip.presence is Presence.NOT_EXIST:
        return outcome.NO_DEVICE
    if chip.presence is Presence.HEALTH_FAILS:
        # Seen: no word, and not ended after five minutes (vendor code, its loop around the health call has no end).
        return None
    port = machine.ports.get(phy_id)
    return outcome.UNSUPPORTED if port is None else Request(machine, phy_id, port, words, now)


def _ask(request: Request, command: str, reach: Optional[Reach]) -> Outcome:
    refused = _refusal(request, command)
    if refused is not None:
        return refused
    failure = outcome.failed_call(request.port, command)
    if command in _PINGS:
        return _PINGS[command][1](request, reach) if failure is None else outcome.of_return(failure)
    entry = COMMANDS[command]
    if failure is None or entry.fails_apart:
        return (entry.further.get(" ".join(request.words[1:])) or entry.get)(request)
    if failure == outcome.NO_SUCH_ENTRY and entry.without_entry is not None:
        return entry.without_entry
    # The health of the network comes over another way, of which the tool does not tell failures apart.
    return outcome.FAILED if command == "net_health" else outcome.of_return(failure)


def _refusal(request: Request, command: str) -> Optional[Outcome]:
    """Return how the tool refuses the words behind a command, None when they are right."""
    words = request.words
    entry = COMMANDS.get(command)
    if command == "hccs_ping":
        return hccs_ping.check(request)
    if entry is None:
        return _refusal_of_ping(request) if command in _PINGS else outcome.UNSUPPORTED
    if entry.check is not None and not entry.needs_words:
        return entry.check(request)
    if not words or (entry.single and len(words) != 1):
        return wrong_count(command)
    if command in _LACKING_ON_9000 and request.machine.board.main_board_id in SUPERPOD_9000:
        return outcome.UNSUPPORTED
    if words[0] == "-inet6" and entry.speaks_ipv6:
        return over_ipv6(request, command)
    return _refusal_of_words(entry, command, words) if entry.check is None else entry.check(request)


def _refusal_of_ping(request: Request) -> Optional[Outcome]:
    if not request.words:
        return wrong_count("ping")
    return over_ipv6(request, "ping") if request.words[0] == "-inet6" else ping.check(request)


def _refusal_of_words(entry: Entry, command: str, words: Sequence[str]) -> Optional[Outcome]:
    option, *further = words
    if option in entry.changes:
        return outcome.DENIED
    if option != "-g":
        return unknown_option(command)
    if not further:
        return None
    if len(further) > 1 or not entry.further:
        return wrong_count(command)
    if further[0] not in entry.further:
        return unknown_option(command)
    return outcome.UNSUPPORTED if entry.further[further[0]] is None else None
