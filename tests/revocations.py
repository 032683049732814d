"""Files of holders that change while they are used, and revocation lists of every kind."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Iterable, Optional, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from ascend_doctor.collector import revoking
from ascend_doctor.collector.authority import Signer
from ascend_doctor.collector.revoking import Wanted
from ascend_doctor.wire.credentials import TlsFiles
from certificates import NOW, Certificates, files

PEM = serialization.Encoding.PEM


def serial_of(holder: TlsFiles) -> int:
    """Return the serial number of a holder's certificate."""
    return x509.load_pem_x509_certificate(Path(holder.certificate).read_bytes()).serial_number


def own_folder(source: TlsFiles, folder: Path) -> TlsFiles:
    """Return a copy of a holder's files in a folder of their own, to be changed."""
    return files(Path(shutil.copytree(Path(source.key).parent, folder)))


def content_of(name: str) -> bytes:
    """Return what a file holds."""
    return Path(name).read_bytes()


def lose(name: str) -> str:
    """Move a file away, and return where it is now."""
    return str(Path(name).rename(name + ".away"))


def bring_back(away: str, name: str) -> None:
    """Undo `lose`."""
    Path(away).rename(name)


def bring(source: str, target: str) -> None:
    """Put a copy of a file in the place of another, at once."""
    beside = Path(target + ".new")
    shutil.copy(source, beside)
    beside.replace(target)


def both_cas(certificates: Certificates, path: Path) -> str:
    """Write the certificates of both CAs into one file, and return its name."""
    path.write_bytes(content_of(certificates.node.ca) + content_of(certificates.strange.ca))
    return str(path)


def put(data: bytes, holder: TlsFiles) -> None:
    """Put a revocation list beside the CA's certificate of a holder, at once."""
    beside = Path(holder.revocations + ".new")
    beside.write_bytes(data)
    beside.replace(holder.revocations)


def list_of(
    certificates: Certificates,
    revoked: Iterable[TlsFiles] = (),
    *,
    ca: str = "ca",
    number: Optional[int] = 1,
    age_days: int = 0,
    days: int = 100,
    extensions: Sequence[x509.ExtensionType] = (),
) -> bytes:
    """Return a list that a CA has signed."""
    signer = Signer.of(certificates.folder / ca)
    made = NOW - dt.timedelta(days=age_days)
    builder = x509.CertificateRevocationListBuilder().issuer_name(signer.certificate.subject).last_update(made)
    builder = builder.next_update(made + dt.timedelta(days=days))
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    for holder in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial_of(holder)).revocation_date(made).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(PEM)


def revoke(certificates: Certificates, ca_folder: Path, *revoked: TlsFiles) -> bytes:
    """Return the list that `pki revoke` writes; the CA is a copy, so that the shared one stays as it is."""
    if not ca_folder.exists():
        shutil.copytree(certificates.folder / "ca", ca_folder)
    wanted = Wanted(files=tuple(Path(holder.certificate) for holder in revoked))
    return revoking.revoke(ca_folder, wanted, NOW).path.read_bytes()
