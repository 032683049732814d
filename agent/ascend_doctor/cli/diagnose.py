"""`ascend-doctor agent diagnose`: why this node does not get through to its collectors."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, AsyncIterator, Dict, Iterator, List, Optional, Tuple

import attrs
import click

from ascend_doctor.agent.knock import knock
from ascend_doctor.cli import interrupts
from ascend_doctor.cli.asking import tls_files
from ascend_doctor.cli.configuration import Configuration
from ascend_doctor.cli.errors import UserError
from ascend_doctor.cli.output import can_print
from ascend_doctor.report.printable import printable
from ascend_doctor.wire import own_files
from ascend_doctor.wire.credentials import Address, TlsFiles, read_address
from ascend_doctor.wire.diagnosis import walk
from ascend_doctor.wire.steps import State, Step, worst

FORMAT_VERSION = "1.0"
OWN = "this node's files"

_CODES = {State.FINE: 0, State.WARNING: 0, State.WRONG: 1, State.UNKNOWN: 2}
_UNICODE = {State.FINE: "\u2713", State.WARNING: "!", State.UNKNOWN: "?", State.WRONG: "\u2717"}
_ASCII = {State.FINE: "+", State.WARNING: "!", State.UNKNOWN: "?", State.WRONG: "x"}
_VERDICTS = {
    State.FINE: "nothing is wrong",
    State.WARNING: "nothing is wrong yet",
    State.UNKNOWN: "not everything could be looked at",
    State.WRONG: "something is wrong",
}


@attrs.frozen
class Part:
    """The steps about one thing: the own files, or the way to one collector."""

    title: str
    steps: Tuple[Step, ...]


def run(configuration: Configuration, *, as_json: bool, ascii_symbols: bool) -> int:
    """Look at everything, print it, and return the exit code: 0 fine, 1 something is wrong, 2 cannot tell."""
    section = configuration.agent
    if not section.collectors:
        raise UserError("no collector is configured: set agent.collectors, then there is a way to look at")
    node, files = configuration.node_name(), tls_files(section.tls)
    symbols = _ASCII if ascii_symbols or not can_print("".join(_UNICODE.values())) else _UNICODE

    async def shown() -> List[Part]:
        parts: List[Part] = []
        async for part in look(node, files, [read_address(text) for text in section.collectors]):
            parts.append(part)
            for line in () if as_json else _lines(part, symbols):
                click.echo(line)
        return parts

    parts = interrupts.run(shown())
    state = worst(step for part in parts for step in part.steps)
    click.echo(json.dumps(_document(node, parts, state), indent=1) if as_json else _VERDICTS[state])
    return _CODES[state]


async def look(node: str, files: Optional[TlsFiles], collectors: List[Address]) -> AsyncIterator[Part]:
    """Yield one part after the other, as it is found."""
    if files is not None:
        yield Part(OWN, tuple(own_files.examine(files, node, time.time())))
    for address in collectors:
        steps = await asyncio.get_running_loop().run_in_executor(None, _walked, address, files)
        # A way that is blocked has been explained; knocking would only say once more that there is no answer.
        is_open = worst(steps) in (State.FINE, State.WARNING)
        yield Part(f"collector {address}", (*steps, *(await knock(address, files) if is_open else ())))


def _walked(address: Address, files: Optional[TlsFiles]) -> Tuple[Step, ...]:
    return tuple(walk(address, files))


def _lines(part: Part, symbols: Dict[State, str]) -> Iterator[str]:
    yield printable(part.title)
    for step in part.steps:
        yield f"  {symbols[step.state]}  {step.what}: {printable(step.text)}"
        if step.remedy:
            yield f"       -> {printable(step.remedy)}"


def _document(node: str, parts: List[Part], state: State) -> Dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "node": node,
        "state": state.value,
        "parts": [
            {
                "title": part.title,
                "state": worst(part.steps).value,
                "steps": [{**attrs.asdict(step), "state": step.state.value} for step in part.steps],
            }
            for part in parts
        ],
    }
