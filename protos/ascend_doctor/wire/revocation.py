"""Revocation lists (X.509 CRLs): which certificates count no more although they have not expired."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Dict, FrozenSet, List, Mapping, Optional, Tuple

import attrs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from ascend_doctor.wire.credentials import CredentialError, TlsFiles

MAX_BYTES = 16 << 20
"""Room for some hundred thousand certificates."""
_BLOCK = re.compile(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)
_ADVICE = "take the revoked.crl that `ascend-doctor pki revoke` made"


@attrs.frozen
class Revoked:
    """One certificate that was revoked: its serial number, and since when."""

    serial: int
    since: dt.datetime


@attrs.frozen
class RevocationList:
    """The lists in one file, one for each CA.

    `number` is the highest of their numbers; `ends_at` the earliest time at which one of them has to be replaced, in
    seconds since the epoch, None when none says.
    """

    number: int
    ends_at: Optional[float]
    revoked: Tuple[Revoked, ...]
    _by_issuer: Mapping[bytes, FrozenSet[int]]

    def serial_of(self, certificate: bytes) -> Optional[int]:
        """Return the serial number of a certificate, PEM or DER, if it has been revoked; None otherwise.

        One that cannot be read counts as revoked, with the number 0.
        """
        try:
            found = _certificate(certificate)
            serial, issued_by = found.serial_number, found.issuer
        except ValueError:
            return 0
        for issuer, serials in self._by_issuer.items():
            if serial in serials and issued_by.public_bytes() == issuer:
                return serial
        return None


def _certificate(data: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(data) if b"-----BEGIN" in data else x509.load_der_x509_certificate(data)


def read_revocations(files: TlsFiles, now: float) -> Optional[RevocationList]:
    """Return the revocation list beside the CA's certificate, None where there is none.

    `now` is in seconds since the epoch. Raises `CredentialError` for a list that cannot be read, that no CA of the
    holder has signed, or that has expired.
    """
    path = Path(files.revocations)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CredentialError(f"{path}: {error.strerror}; {_ADVICE}") from None
    found = parse_revocations(data, _authorities(files), str(path))
    if found.ends_at is not None and found.ends_at <= now:
        when = dt.datetime.fromtimestamp(found.ends_at, dt.timezone.utc)
        raise CredentialError(
            f"{path}: expired on {when:%Y-%m-%d}; make a new one (`ascend-doctor pki revoke --ca FOLDER`), "
            "or set this machine's clock"
        )
    return found


def _authorities(files: TlsFiles) -> List[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(Path(files.ca).read_bytes())
    except (OSError, ValueError):
        raise CredentialError(f"{files.ca}: cannot be read; give the ca.crt of this cluster") from None


def parse_revocations(data: bytes, authorities: List[x509.Certificate], name: str) -> RevocationList:
    """Return the lists in PEM data, each of which one of the CAs has to have signed. `name` is told in errors.

    Raises `CredentialError` for any other data.
    """
    blocks = _BLOCK.findall(data)
    by_issuer: Dict[bytes, FrozenSet[int]] = {}
    revoked: List[Revoked] = []
    numbers, ends = [0], []
    try:
        lists = [x509.load_pem_x509_crl(block + b"\n") for block in blocks]
        for crl in lists:
            if not any(_signed(crl, authority) for authority in authorities):
                raise CredentialError(f"{name}: not from a CA of this cluster; {_ADVICE}, with the ca.crt beside it")
            if any(extension.critical for extension in crl.extensions):
                raise CredentialError(f"{name}: covers a part of the certificates only; {_ADVICE}")
            entries = [Revoked(entry.serial_number, entry.revocation_date_utc) for entry in crl]
            issuer = crl.issuer.public_bytes()
            by_issuer[issuer] = by_issuer.get(issuer, frozenset()).union(entry.serial for entry in entries)
            revoked += entries
            numbers += [item.value.crl_number for item in crl.extensions if isinstance(item.value, x509.CRLNumber)]
            if crl.next_update_utc is not None:
                ends.append(crl.next_update_utc.timestamp())
    except (ValueError, x509.DuplicateExtension) as error:
        raise CredentialError(f"{name}: a damaged revocation list ({error}); {_ADVICE}") from None
    if not lists:
        raise CredentialError(f"{name}: no revocation list; {_ADVICE}")
    return RevocationList(max(numbers), min(ends, default=None), tuple(revoked), by_issuer)


def _signed(crl: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    if crl.issuer != authority.subject:
        return False
    try:
        return crl.is_signature_valid(authority.public_key())  # type: ignore[arg-type] # of any kind that signs
    except (TypeError, UnsupportedAlgorithm):
        return False
