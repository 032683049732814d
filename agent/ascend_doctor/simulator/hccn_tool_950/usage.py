"""The help of `hccn_tool` in the form of the 950, of the simulated commands."""

from __future__ import annotations

from typing import List, Sequence

from ascend_doctor.simulator.hccn_tool.outcome import Outcome
from ascend_doctor.simulator.hccn_tool_950.request import OF_PORT, Command
from ascend_doctor.simulator.hccn_tool_950.table import COMMANDS, TESTS

_GLOBAL = (
    "Usage",
    "\thccn_tool -mode -cmd -npu_info [-options]",
    "mode:",
    *(
        f"\t{mode}\tFor -cmd and -npu_info, enter [ hccn_tool -h {mode} ] for more details."
        for mode in ("-g", "-s", "-t")
    ),
    "example:",
    "\thccn_tool -g -link -i 0 -u 1 -p 0\tquery link status",
)
_MORE = "Enter [ hccn_tool -h ] for more details."
_PLACES = (("-i <dev_id>", "device id"), ("-u <udie_id>", "udie id"), ("-p <port_id>", "port id"))


def help_text(words: Sequence[str]) -> Outcome:
    """Return the help for the words behind `-h`."""
    if not words:
        return Outcome(_GLOBAL)
    if len(words) > 1:
        return Outcome(
            err=("The total count of options is wrong.", f"Enter [ hccn_tool -h {words[0]} ] for more details."),
            code=15,
        )
    if words[0] in ("-g", "-t", "-s"):
        table = TESTS if words[0] == "-t" else COMMANDS if words[0] == "-g" else {}
        return Outcome([line for name, command in table.items() for line in _lines(words[0], name, command)])
    for mode, table in (("-g", COMMANDS), ("-t", TESTS)):
        command = table.get(words[0][1:])
        if command is not None and words[0].startswith("-"):
            return Outcome(_lines(mode, words[0][1:], command))
    return Outcome(err=("Please specify a valid mode.", _MORE), code=2)


def _lines(mode: str, name: str, command: Command) -> List[str]:
    places = _PLACES if command.places == OF_PORT else _PLACES[:1]
    head = f"hccn_tool {mode} -{name}"
    return [f"{head:<56}: query {name}", *(f"{'':13}{option:<43}: {words}" for option, words in places)]
