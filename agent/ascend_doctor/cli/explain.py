"""`ascend-doctor explain`: what a check looks at, why it matters, and what to do."""

from __future__ import annotations

from typing import Optional

import click

from ascend_doctor.checks import catalogue
from ascend_doctor.cli.judging import entry_of
from ascend_doctor.report.check_pages import explain


@click.command("explain")
@click.argument("check", metavar="[ID]", required=False)
def command(check: Optional[str]) -> None:
    """Say what a check looks at, why it matters, and what to do. Without an ID, list all checks."""
    entries = catalogue.load()
    if check is None:
        width = max(map(len, entries))
        for name, entry in entries.items():
            click.echo(f"{name.ljust(width)}  {entry.guide.title}")
    else:
        click.echo(explain(entry_of(check, entries)).rstrip("\n"))
