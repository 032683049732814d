"""What `check` and `record` share: one round over the tools of this node."""

from __future__ import annotations

import os
import sys
from typing import Any, Sequence

import click

from ascend_doctor.cli import interrupts
from ascend_doctor.cli.configuration import Configuration
from ascend_doctor.cli.progress import ProgressLine
from ascend_doctor.facts.source import Source
from ascend_doctor.probe import round as rounds
from ascend_doctor.probe.local import LocalRunner
from ascend_doctor.probe.locks import NpuLocks
from ascend_doctor.probe.round import Round


def look(configuration: Configuration, sources: Sequence[Source[Any]]) -> Round:
    """Ask this node everything once. Remarks of the doctor about itself go to standard error."""
    line = ProgressLine(sys.stderr)
    locks = NpuLocks(configuration.tools.lock_folder)
    work = rounds.take(
        LocalRunner(configuration.local_settings(os.environ.get("PATH", ""))),
        sources,
        settings=configuration.round_settings(),
        locks=locks,
        progress=line.update,
    )
    try:
        found = interrupts.run(work)
    finally:
        line.clear()
    for remark in found.remarks:
        click.echo(f"ascend-doctor: note: {remark}", err=True)
    return found
