"""The help of all `hccn_tool` commands, which the tool prints for a wrong call too."""

from __future__ import annotations

import functools
import importlib.resources
from typing import Dict, List, Tuple

from ascend_doctor.simulator.hccn_tool.outcome import Outcome

_LAST_PUBLISHED = "dcqcn"
_OUT_OF_RANGE = {"dscp": 9, "tc": 10}
_FILE = "usage.txt"
"""One section for each command: its name, the lines of its help, an empty line."""


@functools.lru_cache(maxsize=1)
def _sections() -> Dict[str, Tuple[str, ...]]:
    text = importlib.resources.files(__package__).joinpath(_FILE).read_text(encoding="utf-8")
    sections: Dict[str, Tuple[str, ...]] = {}
    for section in text.split("\n\n"):
        head, *lines = section.rstrip("\n").split("\n")
        sections[head[1:]] = tuple(lines)
    return sections


def help_text(*, all_commands: bool) -> Outcome:
    """Return the answer to `hccn_tool -h`. The published build lacks the commands behind the last of its own."""
    lines: List[str] = []
    for command, help_lines in _sections().items():
        head = f"hccn_tool -{command}" if command.startswith("a ") else f"hccn_tool -i devid -{command}"
        lines += [head, *help_lines, ""]
        if command == _LAST_PUBLISHED and not all_commands:
            break
    return Outcome(lines)


def wrong_count(command: str) -> Outcome:
    """Return the answer to a call with too many words or too few."""
    return _wrong(command, "The total count of input parameters is wrong!", 4)


def unknown_option(command: str) -> Outcome:
    """Return the answer to a call with a word that the command does not know."""
    return _wrong(command, "Get unknown option!", 3)


def invalid(command: str) -> Outcome:
    """Return the answer to a call with a value that the command does not take."""
    return _wrong(command, "Get invalid parameters!", 1)


def out_of_range(command: str, name: str) -> Outcome:
    """Return the answer to a call with a number that is too high; `name` says what it should be."""
    return _wrong(command, f"The value of {name} you input is out of the valid range!", _OUT_OF_RANGE[name])


def _wrong(command: str, message: str, code: int) -> Outcome:
    head = f"[ hccn_tool -i devid -{command} ] needs the following parameters:"
    return Outcome((head, *_sections()[command], ""), (message,), code)
