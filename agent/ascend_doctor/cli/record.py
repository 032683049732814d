"""`ascend-doctor record`: keep what the tools of this node say."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Optional

import click

from ascend_doctor.checks import catalogue as checks
from ascend_doctor.cli.configuration import load
from ascend_doctor.cli.errors import UserError
from ascend_doctor.cli.looking import look
from ascend_doctor.cli.output import config_option, doctor_version, window_option
from ascend_doctor.model.evidence import Ending
from ascend_doctor.model.wording import counted
from ascend_doctor.probe import recording
from ascend_doctor.probe.files import write_new
from ascend_doctor.probe.plan import harmless_sources
from ascend_doctor.probe.recording import Recording
from ascend_doctor.probe.redact import Redactor


@click.command("record")
@click.argument("folder", metavar="DIR")
@click.option(
    "--redact", is_flag=True, help="Mask secrets, addresses, host names and serial numbers, the same everywhere."
)
@click.option("--map", "private_map", metavar="FILE", help="Redact, and keep here what stands behind each mask.")
@window_option
@config_option
def command(*, folder: str, redact: bool, private_map: Optional[str], window_s: float, config: Optional[str]) -> None:
    """Record what the tools of this node say, to be judged elsewhere.

    DIR must not be there yet. Every command that a check reads is run once, except for those of checks that run only
    where somebody asked for them.
    """
    entries = checks.load()
    configuration = load(None if config is None else Path(config), entries)
    place = Path(folder)
    if os.path.lexists(place):
        raise UserError(f"{folder} is there already: give the name of a folder that is not")
    found = look(configuration, harmless_sources(entries), window_s)
    taken = Recording(configuration.node_name(), found.evidence, time.time(), doctor_version())
    if redact or private_map is not None:
        redactor = Redactor([taken.node])
        taken = redactor.recording(taken)
        if private_map is not None:
            _keep(Path(private_map), redactor)
    recording.write(place, [taken])
    answers = sum(item.ending is Ending.EXITED for item in found.evidence.values())
    click.echo(f"{counted(answers, 'answer')} of {taken.node} recorded; judge them with: ascend-doctor replay {folder}")


def _keep(file: Path, redactor: Redactor) -> None:
    """Write what stands behind the masks where only the owner can read it."""
    try:
        write_new(file, json.dumps(redactor.private_map(), indent=2).encode())
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}; give the name of a new file") from None
