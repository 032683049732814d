"""`ascend-doctor simulate`: machines that are not there, for drills, demonstrations and tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shlex
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import click

from ascend_doctor.cli.errors import UserError
from ascend_doctor.knowledge import strict_yaml
from ascend_doctor.simulator import install, protocol, scenario, truth
from ascend_doctor.simulator.clock import RealClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.faults import NAMES
from ascend_doctor.simulator.protocol import NoServerError
from ascend_doctor.simulator.server import FolderError, SimulatorServer

_DIR = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder of the running simulator, as `simulate run` printed it.",
)


@click.group()
def simulate() -> None:
    """Run a simulated cluster: fake npu-smi and hccn_tool, cables and faults."""


@simulate.command()
@click.option(
    "--values",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The values below the tool, as a YAML file.",
)
@click.argument("command", nargs=-1, required=True)
def answer(values: Path, command: Tuple[str, ...]) -> int:
    """Print what a tool answers on a machine with these values, on the tool's streams and with its exit code.

    COMMAND is the tool with its arguments, after `--`: `-- npu-smi info -t health -i 0`.
    """
    document = strict_yaml.read(values)
    if not isinstance(document.value, dict):
        raise document.error((), "a mapping of values is expected")
    found = truth.answer_from_truth(document.value, command)
    if found.hangs:
        raise UserError("with these values the tool does not end")
    _write(sys.stdout, found.stdout)
    _write(sys.stderr, found.stderr)
    return found.exit_code & 0xFF


@simulate.command()
@click.argument("name", metavar="SCENARIO")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to put the nodes. A new folder that is removed at the end when left out.",
)
def run(name: str, folder: Optional[Path]) -> None:
    """Run a SCENARIO until Ctrl-C: a YAML file, or one of demo, direct, a3, 310p.

    Prints for each node how to put its tools on PATH.
    """
    wanted = scenario.find(name)
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ascend-doctor-")))
        asyncio.run(_run(wanted, folder.absolute()))


async def _run(wanted: scenario.Scenario, folder: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    server = SimulatorServer(SimulatedCluster(wanted, RealClock()), folder)
    try:
        await server.start()
    except FolderError as error:
        raise UserError(str(error)) from None
    try:
        click.echo(f"{wanted.name}: {len(server.nodes)} nodes in {folder}", err=True)
        for node in server.nodes:
            path = shlex.quote(str(install.bin_folder(folder, node)))
            click.echo(f"# {node}\nexport PATH={path}:$PATH")
        click.echo("Ctrl-C ends it.", err=True)
        await stop.wait()
    finally:
        await server.stop()


@simulate.command()
@_DIR
@click.argument("fault", type=click.Choice(NAMES), metavar="FAULT")
@click.argument("place", metavar="NODE[/NPU]")
@click.argument("options", nargs=-1, metavar="[KEY=VALUE]...")
def inject(folder: Path, fault: str, place: str, options: Tuple[str, ...]) -> None:
    """Let FAULT begin now at a node or one of its NPUs.

    Further keys of the fault are given as KEY=VALUE: `address-duplicate node-1/3 like=node-2/3`.
    """
    node, slash, npu = place.partition("/")
    entry: Dict[str, Any] = {"fault": fault, "node": node}
    if slash:
        entry["npu"] = _plain(npu)
    for option in options:
        key, equals, value = option.partition("=")
        if not equals or key in entry:
            raise UserError(f"{option!r} is not KEY=VALUE with a key of its own")
        entry[key] = _plain(value)
    for line in _ask(folder, "inject", json.dumps(entry)):
        click.echo(line)


@simulate.command()
@_DIR
@click.argument("which", default="all", metavar="[NUMBER]")
def repair(folder: Path, which: str) -> None:
    """End the fault with this NUMBER now, or all faults."""
    for line in _ask(folder, "repair", which):
        click.echo(line)


@simulate.command()
@_DIR
def faults(folder: Path) -> None:
    """List the faults that are there now."""
    for line in _ask(folder, "faults"):
        click.echo(line)


def _ask(folder: Path, *words: str) -> List[str]:
    try:
        reply = protocol.ask(install.socket_path(folder.absolute()), *words)
    except NoServerError as error:
        raise UserError(str(error)) from None
    if reply.exit_code:
        raise UserError(reply.stderr.decode("utf-8", "replace").strip())
    return [_line(entry) for entry in json.loads(reply.stdout)]


def _line(entry: Dict[str, Any]) -> str:
    place = entry["node"] if entry["npu"] is None else f"{entry['node']}/{entry['npu']}"
    return f"{entry['number']}  {entry['fault']}  {place}  found by {' or '.join(entry['found_by'])}"


def _plain(text: str) -> Any:
    """Return a number for what looks like one, as YAML would."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text


def _write(stream: Any, data: bytes) -> None:
    stream.buffer.write(data)
    stream.buffer.flush()
