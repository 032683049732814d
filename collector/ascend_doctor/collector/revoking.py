"""The revocation list of a CA: certificates that count no more although they have not expired."""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
import secrets
from pathlib import Path
from typing import Dict, FrozenSet, Iterator, List, Optional, Tuple

import attrs
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization

from ascend_doctor.collector import authority
from ascend_doctor.collector.authority import Issued, Signer
from ascend_doctor.wire.credentials import REVOCATIONS, CredentialError
from ascend_doctor.wire.revocation import RevocationList, parse_revocations

_BACKDATED = dt.timedelta(hours=1)


@attrs.frozen
class Wanted:
    """What is to be revoked: certificates by their files, by their serial numbers, and all that carry a name."""

    files: Tuple[Path, ...] = ()
    serials: Tuple[int, ...] = ()
    names: Tuple[str, ...] = ()


@attrs.frozen
class Outcome:
    """The list as it is now, and what was added to it: by serial number, with the certificate where it is on record."""

    path: Path
    content: RevocationList
    added: Tuple[Tuple[int, Optional[Issued]], ...]


def revoke(ca: Path, wanted: Wanted, now: dt.datetime, *, days: Optional[int] = None) -> Outcome:
    """Add certificates to the revocation list of a CA, and sign it anew, with the next number.

    The list lasts as long as the CA, or for `days`; with nothing wanted it is only signed anew. Raises
    `CredentialError` for a certificate of another CA, and for a name that no certificate on record carries.
    """
    signer = Signer.of(ca)
    path = ca / REVOCATIONS
    with _alone(ca):
        before = read(ca)
        entries: Dict[int, dt.datetime] = {}
        if before is not None:
            entries = {entry.serial: entry.since for entry in before.revoked}
        known = dict(on_record(ca))
        added = [serial for serial in _serials(wanted, signer, known, now) if serial not in entries]
        entries.update((serial, now) for serial in added)
        ends = signer.certificate.not_valid_after_utc
        if days is not None:
            ends = min(ends, now + dt.timedelta(days=days))
        if ends <= now:
            raise CredentialError(f"{ca / authority.CA_CERTIFICATE}: has expired, and with it all that it issued")
        number = 1 if before is None else before.number + 1
        data = _signed(signer, entries, number, now, ends)
        _replace(path, data)
    content = parse_revocations(data, [signer.certificate], str(path))
    return Outcome(path, content, tuple((serial, known.get(serial)) for serial in added))


def read(folder: Path, name: str = REVOCATIONS) -> Optional[RevocationList]:
    """Return the revocation list in a folder, which has the CA's certificate beside it; None where there is none.

    Raises `CredentialError` for one that cannot be used. Whether it has expired is not asked.
    """
    path = folder / name
    if not os.path.lexists(path):
        return None
    data = authority.read_file(path)
    beside = folder / authority.CA_CERTIFICATE
    try:
        authorities = x509.load_pem_x509_certificates(authority.read_file(beside))
    except ValueError:
        raise CredentialError(f"{beside}: no certificate; a list counts beside the CA's certificate only") from None
    return parse_revocations(data, authorities, str(path))


def revoked_serials(folder: Path) -> FrozenSet[int]:
    """Return the serial numbers of what is revoked."""
    found = read(folder)
    return frozenset() if found is None else frozenset(entry.serial for entry in found.revoked)


def on_record(ca: Path) -> Iterator[Tuple[int, Issued]]:
    """Yield what a CA has issued, by serial number; what cannot be read is left out."""
    for path in sorted((ca / authority.ISSUED).glob("*.crt")):
        with contextlib.suppress(CredentialError):
            issued = authority.describe(path)
            yield issued.serial, issued


def _serials(wanted: Wanted, signer: Signer, known: Dict[int, Issued], now: dt.datetime) -> List[int]:
    """Return the serial numbers of what is to be revoked, each once."""
    found = [_serial_in(path, signer) for path in wanted.files]
    for serial in wanted.serials:
        if not 0 < serial < 1 << 159:
            raise CredentialError(f"{serial:x}: is no serial number; take it from `ascend-doctor pki show`")
        found.append(serial)
    for name in wanted.names:
        named = [item.serial for item in known.values() if name in item.names and item.not_after > now]
        if not named:
            raise CredentialError(
                f"{name!r}: the CA in {signer.folder} has no certificate for it on record that still holds; give the "
                "file (--certificate) or the serial number (--serial)"
            )
        found += named
    return list(dict.fromkeys(found))


def _serial_in(path: Path, signer: Signer) -> int:
    certificate = authority.load_certificate(path)
    try:
        certificate.verify_directly_issued_by(signer.certificate)
    except (ValueError, TypeError, InvalidSignature):
        raise CredentialError(f"{path}: not from the CA in {signer.folder}; give the folder of its CA") from None
    return certificate.serial_number


def _signed(signer: Signer, entries: Dict[int, dt.datetime], number: int, now: dt.datetime, ends: dt.datetime) -> bytes:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(signer.certificate.subject)
        .last_update(now - _BACKDATED)
        .next_update(ends)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()),
            critical=False,
        )
    )
    for serial, since in entries.items():
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep another run from writing the list at the same time: one of both would be lost."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise CredentialError(f"{path}: {error.strerror}; choose a folder that you may write to") from None
