"""The help of the simulated `hccn_tool` commands, which the tool prints for a wrong call too."""

from __future__ import annotations

import functools
import importlib.resources
from typing import Dict, List, Tuple

from ascend_doctor.simulator.hccn_tool.outcome import Outcome

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


def help_text() -> Outcome:
    """Return the answer to `hccn_tool -h`, cut down to the simulated commands."""
    lines: List[str] = []
    for command, help_lines in _sections().items():
        lines += [f"hccn_tool -i devid -{command}", *help_lines, ""]
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


def _wrong(command: str, message: str, code: int) -> Outcome:
    head = f"[ hccn_tool -i devid -{command} ] needs the following parameters:"
    return Outcome((head, *_sections()[command], ""), (message,), code)
