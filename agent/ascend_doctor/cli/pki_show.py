"""What `ascend-doctor pki show` says of files and folders."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Iterator

from ascend_doctor.collector import authority, revoking
from ascend_doctor.report.printable import printable
from ascend_doctor.wire.certificates import EXPIRES_SOON_S
from ascend_doctor.wire.credentials import REVOCATIONS, CredentialError

_SOON = dt.timedelta(seconds=EXPIRES_SOON_S)
_SIGNER = "go over to a new CA"


def lines(path: Path, now: dt.datetime) -> Iterator[str]:
    """Yield the lines about one path, fit for a terminal. Raises `CredentialError` for what is none of ours."""
    if path.is_dir():
        yield from _folder(path, now)
    elif path.suffix == ".crl":
        yield from _revocations(path, now)
    else:
        yield _certificate(path, now)


def until(end: dt.datetime, now: dt.datetime, remedy: str) -> str:
    """Say until when something holds, and what to do when that is not for long."""
    left = end - now
    if left <= dt.timedelta(0):
        state = "EXPIRED"
    elif left < _SOON:
        state = f"{left.days} days left: {remedy}"
    else:
        state = f"{left.days} days left"
    return f"until {end:%Y-%m-%d} ({state})"


def _folder(folder: Path, now: dt.datetime) -> Iterator[str]:
    there = [folder / name for name in (authority.CA_CERTIFICATE, authority.CERTIFICATE, REVOCATIONS)]
    found = [path for path in there if path.exists()]
    if not found:
        raise CredentialError(
            f"{folder}: has no {authority.CA_CERTIFICATE}; give a folder that `ascend-doctor pki` made"
        )
    for path in found:
        yield from lines(path, now)
    revoked = revoking.revoked_serials(folder)
    issued = sorted((item for _, item in revoking.on_record(folder)), key=lambda item: item.not_after)
    newest = {(item.names, item.role): item for item in issued}
    for item in issued:
        if item.not_after > now:
            is_newest = newest[item.names, item.role] is item
            state = until(item.not_after, now, "renew it" if is_newest else "there is a newer one")
            state = "REVOKED" if item.serial in revoked else state
            yield f"  issued {item.serial:x}: {printable(f'{item.holder}, {item.role}')}, {state}"


def _certificate(path: Path, now: dt.datetime) -> str:
    found = authority.describe(path)
    names = ", ".join(found.names) or "no names"
    whose = printable(f"{found.holder}, {found.role}, for {names}")
    ends = until(found.not_after, now, _SIGNER if found.is_authority else "renew it")
    return f"{printable(str(path))}: {whose}, {ends}, serial number {found.serial:x}"


def _revocations(path: Path, now: dt.datetime) -> Iterator[str]:
    found = revoking.read(path.parent, path.name)
    if found is None:
        raise CredentialError(f"{path}: No such file or directory; `ascend-doctor pki revoke` makes it")
    ends = "without an end"
    if found.ends_at is not None:
        moment = dt.datetime.fromtimestamp(found.ends_at, dt.timezone.utc)
        ends = until(moment, now, "sign it anew (`pki revoke` with nothing named)")
    yield f"{printable(str(path))}: revocation list {found.number}, {len(found.revoked)} revoked, {ends}"
    known = dict(revoking.on_record(path.parent))
    for entry in found.revoked:
        issued = known.get(entry.serial)
        whose = "" if issued is None else f": {issued.holder}, {issued.role}"
        yield f"  revoked {entry.serial:x} since {entry.since:%Y-%m-%d}{printable(whose)}"
