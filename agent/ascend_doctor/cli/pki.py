"""`ascend-doctor pki`: the certificates of a cluster."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Optional, Tuple

import click

from ascend_doctor.cli import pki_show
from ascend_doctor.cli.errors import UserError
from ascend_doctor.collector import authority, renewing, revoking
from ascend_doctor.model.wording import counted
from ascend_doctor.report.printable import printable
from ascend_doctor.wire.credentials import Role

_SERIAL = re.compile(r"(?:0x)?([0-9a-fA-F]{1,40})")
_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def pki() -> None:
    """Make a small CA and the certificates of nodes, collectors and readers; renew and revoke them."""


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

    Where the CA has a revocation list, that goes along.

    For a node NAME is the name it sends under (`node` in its configuration, its host name by default).
    """
    folder = authority.issue(ca, name, Role(role), _now(), addresses=addresses, days=days, into=into or ca / name)
    click.echo(f"issued: {folder}/{{{authority.CA_CERTIFICATE},{authority.CERTIFICATE},{authority.KEY}}}")
    click.echo(f"copy the folder to the {role}, readable by the service only")


@pki.command()
@click.argument("folder", type=_FOLDER)
@click.option("--ca", "ca", type=_FOLDER, required=True, help="The folder that `pki init` made.")
@click.option("--days", type=click.IntRange(1, authority.CA_DAYS), default=authority.DEFAULT_DAYS, show_default=True)
@click.option(
    "--if-within", "within", type=click.IntRange(0), metavar="DAYS", help="Only when it ends within so many days."
)
@click.option(
    "--old-ca", "old_ca", type=_FILE, help="The ca.crt of the CA that issued the present one, when going over to a new."
)
def renew(*, folder: Path, ca: Path, days: int, within: Optional[int], old_ca: Optional[Path]) -> None:
    """Put a new key and certificate for the same names and role into FOLDER, which `pki issue` made.

    All files are replaced at one moment, so a process that runs with them never finds an old one beside a new one, and
    takes them up without a restart. With --if-within it does nothing and exits with 0 while the certificate holds for
    longer: for timers.
    """
    span = None if within is None else dt.timedelta(days=within)
    done = renewing.renew(ca, folder, _now(), days=days, within=span, old_ca=old_ca)
    word = "renewed" if done.is_new else "not due"
    click.echo(f"{word}: {printable(str(folder / authority.CERTIFICATE))}: {_until(done.issued)}")


@pki.command()
@click.option("--ca", "ca", type=_FOLDER, required=True, help="The folder that `pki init` made.")
@click.option("--certificate", "files", multiple=True, type=_FILE, help="A certificate, by its file.")
@click.option("--serial", "serials", multiple=True, metavar="HEX", help="A certificate, by its number in `pki show`.")
@click.option("--name", "names", multiple=True, help="Every certificate for this name or address that still holds.")
@click.option(
    "--days",
    type=click.IntRange(1, authority.CA_DAYS),
    help="Let the list expire; by default it lasts as long as the CA.",
)
def revoke(
    *, ca: Path, files: Tuple[Path, ...], serials: Tuple[str, ...], names: Tuple[str, ...], days: Optional[int]
) -> None:
    """Let certificates count no more: write them into revoked.crl in the CA's folder.

    Copy that file beside the ca.crt of every collector, and of every node and reader that is to refuse a revoked
    collector. It is followed without a restart; streams of who is revoked end within seconds.

    Name at least one certificate, each in any of the three ways. With none the list is only signed anew.
    """
    wanted = revoking.Wanted(files, tuple(_serial(text) for text in serials), names)
    done = revoking.revoke(ca, wanted, _now(), days=days)
    for serial, issued in done.added:
        whose = "not on record here" if issued is None else f"{issued.holder}, {issued.role}, {_until(issued)}"
        click.echo(f"revoked: {serial:x}: {printable(whose)}")
    if not done.added:
        click.echo("revoked: nothing that was not revoked before")
    click.echo(
        f"wrote list {done.content.number} with {counted(len(done.content.revoked), 'certificate')}: {done.path}"
    )
    click.echo("next: copy it beside the ca.crt of every collector")


@pki.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def show(paths: Tuple[Path, ...]) -> None:
    """Say whose certificates these are and until when, and what a revocation list revokes.

    Each of PATHS is a .crt file, a .crl file with the CA's ca.crt beside it, or a folder with such files. Of the folder
    of a CA it also lists what it has issued and still holds, what ends first on top.
    """
    for path in paths:
        for line in pki_show.lines(path, _now()):
            click.echo(line)


def _serial(text: str) -> int:
    match = _SERIAL.fullmatch(text.replace(":", ""))
    if match is None:
        raise UserError(f"--serial {text!r}: is no serial number; take it from `ascend-doctor pki show`")
    return int(match.group(1), 16)


def _until(issued: authority.Issued) -> str:
    return pki_show.until(issued.not_after, _now(), "renew it")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
