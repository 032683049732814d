"""`ascend-doctor parse`: the facts in the output of one command."""

from __future__ import annotations

import difflib
import json
import shlex
import sys
from pathlib import Path
from typing import Any, Optional

import click

from ascend_doctor.cli.errors import NOT_READY, READY, UserError
from ascend_doctor.facts import catalogue
from ascend_doctor.facts.document import document, refusal
from ascend_doctor.facts.source import Query
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing

MAX_BYTES = 4 * 1024 * 1024
"""Of each stream; the parsers refuse what is longer than any tool's answer, and say so."""


@click.command("parse")
@click.option("--command", "line", metavar="LINE", required=True, help="The command whose output it is, as typed.")
@click.option("--stderr", "errors", metavar="FILE", help="What the command printed to standard error.")
@click.option("--exit-code", type=int, default=0, show_default=True, help="How the command ended.")
@click.argument("file", required=False)
def command(line: str, errors: Optional[str], exit_code: int, file: Optional[str]) -> int:
    """Print the facts in the output of one command as a JSON object.

    FILE holds what the command printed to standard output; standard input is read without it. An error answer of the
    tool is printed as an object with `"ok": false`. Exits with 1 when the output cannot be read, and says where.
    """
    query = _query(line)
    output = _read(file) if file else sys.stdin.buffer.read(MAX_BYTES)
    evidence = Evidence(
        query.key, tuple(shlex.split(line)), exit_code=exit_code, stdout=output, stderr=_read(errors) if errors else b""
    )
    reading = query.source.read(evidence)
    if isinstance(reading, Missing) and reading.why is Absence.UNPARSED:
        raise UserError(f"{file or 'standard input'}: {reading.detail}", NOT_READY)
    shown = refusal(reading) if isinstance(reading, Missing) else document(reading)
    click.echo(json.dumps(shown, indent=2))
    return READY


def _query(line: str) -> Query[Any]:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UserError(f"--command is no command line: {error}") from None
    query = catalogue.query_for_command(words)
    if query is None:
        known = [" ".join(source.argv) for source in catalogue.SOURCES if source.argv[0] != "host-facts"]
        close = difflib.get_close_matches(" ".join(words), known, n=3, cutoff=0.4) or known
        raise UserError(
            f"no parser for `{line}`: the nearest known commands are {', '.join(f'`{item}`' for item in close)}"
        )
    return query


def _read(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES)
    except OSError as error:
        raise UserError(
            f"{name} cannot be read: {error.strerror}; give a file with the output of the command"
        ) from None
