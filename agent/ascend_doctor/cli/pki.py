"""`ascend-doctor pki`: the certificates of a cluster."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Optional, Tuple

import click

from ascend_doctor.collector import authority
from ascend_doctor.report.printable import printable
from ascend_doctor.wire.credentials import Role

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def pki() -> None:
    """Make a small CA and the certificates of nodes, collectors and readers."""


@pki.command()
@click.argument("folder", type=_FOLDER)
@click.option("--name", default="ascend-doctor cluster CA", show_default=True, help="The name in the CA's certificate.")
def init(folder: Path, name: str) -> None:
    """Make the CA in FOLDER. Keep the folder where only you can read it; nodes never need its key."""
    path = authority.init(folder, name, _now())
    click.echo(f"made the CA: {path}")
    click.echo(f"next: ascend-doctor pki issue --ca {folder} collector.example --role collector --address 192.0.2.10")


@pki.command()
@click.argument("name")
@click.option("--ca", "ca", type=_FOLDER, required=True, help="The folder that `pki init` made.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.NODE.value, show_default=True)
@click.option(
    "--address", "addresses", multiple=True, help="A further name or IP address of a collector; may be repeated."
)
@click.option("--days", type=click.IntRange(1, authority.CA_DAYS), default=authority.DEFAULT_DAYS, show_default=True)
@click.option(
    "--into", type=_FOLDER, help="The folder for the three files; FOLDER/NAME below the CA's folder when not given."
)
def issue(*, name: str, ca: Path, role: str, addresses: Tuple[str, ...], days: int, into: Optional[Path]) -> None:
    """Issue a certificate for NAME and write ca.crt, tls.crt and tls.key into one folder, to be copied to its holder.

    For a node NAME is the name it sends under (`node` in its configuration, its host name by default).
    """
    folder = authority.issue(ca, name, Role(role), _now(), addresses=addresses, days=days, into=into or ca / name)
    click.echo(f"issued: {folder}/{{{authority.CA_CERTIFICATE},{authority.CERTIFICATE},{authority.KEY}}}")
    click.echo(f"copy the folder to the {role}, readable by the service only")


@pki.command()
@click.argument("certificates", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
def show(certificates: Tuple[Path, ...]) -> None:
    """Say whose certificates these are, what they are good for, and until when."""
    for path in certificates:
        found = authority.describe(path)
        left = found.not_after - _now()
        state = f"{left.days} days left" if left > dt.timedelta(0) else "EXPIRED"
        names = ", ".join(found.names) or "no names"
        whose = printable(f"{found.holder}, {found.role}, for {names}")
        click.echo(f"{printable(str(path))}: {whose}, until {found.not_after:%Y-%m-%d} ({state})")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
