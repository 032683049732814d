"""A new key and certificate for a holder, in the place of those that end."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import List, Optional, Tuple

import attrs
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from ascend_doctor.collector import authority, placing, revoking
from ascend_doctor.collector.authority import Issued, Signer
from ascend_doctor.wire.credentials import ROLE_PREFIX, CredentialError, Role


@attrs.frozen
class Renewal:
    """What came of it: the certificate that is in force now, and whether it is a new one."""

    issued: Issued
    is_new: bool


def renew(
    ca: Path,
    folder: Path,
    now: dt.datetime,
    *,
    days: int = authority.DEFAULT_DAYS,
    within: Optional[dt.timedelta] = None,
    old_ca: Optional[Path] = None,
) -> Renewal:
    """Put a new key and certificate for the same names, role and addresses into a holder's folder, at one moment.

    With `within` only when the present certificate ends so soon. Its CA has to be that in the folder `ca`, or the one
    of which `old_ca` is the certificate. The ca.crt of the holder keeps what it trusts, and trusts this CA too.

    Raises `CredentialError` for a certificate of another CA, one that was revoked, one whose role or names no release
    of ours gives, and for files that cannot be read or replaced.
    """
    signer = Signer.of(ca)
    path = folder / authority.CERTIFICATE
    present = authority.load_certificate(path)
    trusted = [signer.certificate, *(() if old_ca is None else (authority.load_certificate(old_ca),))]
    if not any(_is_from(present, issuer) for issuer in trusted):
        raise CredentialError(
            f"{path}: not from the CA in {ca}; give the folder of its CA, or with a new CA the old one's ca.crt "
            "(--old-ca)"
        )
    issued = authority.described(present, path)
    if present.serial_number in revoking.revoked_serials(ca):
        raise CredentialError(f"{path}: has been revoked; issue a new one into another folder (`pki issue --into`)")
    if within is not None and present.not_valid_after_utc - now > within:
        return Renewal(issued, is_new=False)
    names, role = _names_and_role(present, path)
    made = signer.certify(names, issued.holder, role, now, days)
    authority.record(ca, made.certificate)
    placing.replace_together(
        folder,
        {
            authority.KEY: made.key,
            authority.CERTIFICATE: made.certificate,
            authority.CA_CERTIFICATE: _trusted_with(folder / authority.CA_CERTIFICATE, signer),
        },
    )
    return Renewal(authority.describe(path), is_new=True)


def _is_from(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _names_and_role(certificate: x509.Certificate, path: Path) -> Tuple[List[x509.GeneralName], Role]:
    names: List[x509.GeneralName] = []
    roles: List[str] = []
    # `described` has read the extensions already.
    for name in certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value:
        if isinstance(name, x509.UniformResourceIdentifier) and name.value.startswith(ROLE_PREFIX):
            roles.append(name.value[len(ROLE_PREFIX) :])
        else:
            names.append(name)
    if len(roles) != 1 or roles[0] not in {role.value for role in Role}:
        raise CredentialError(f"{path}: has no role of this release; issue a new certificate (`pki issue`)")
    return names, Role(roles[0])


def _trusted_with(path: Path, signer: Signer) -> bytes:
    """Return what a holder's ca.crt has to hold: what it holds, and the CA that signs now."""
    present = authority.read_file(path)
    try:
        known = x509.load_pem_x509_certificates(present)
    except ValueError:
        raise CredentialError(f"{path}: no certificate; give the ca.crt of this cluster") from None
    return present if signer.certificate in known else present.rstrip(b"\n") + b"\n" + signer.pem
