"""A small certificate authority for one cluster: one CA, and a folder with three files for each holder.

P-256 throughout: handshakes are what a collector spends its hardest minute on, when every node comes back at once.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from pathlib import Path
from typing import Iterable, List, Mapping, Sequence, Tuple

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ascend_doctor.model.subject import is_node_name
from ascend_doctor.wire.credentials import REVOCATIONS, ROLE_PREFIX, CredentialError, Role

CA_CERTIFICATE = "ca.crt"
CA_KEY = "ca.key"
CERTIFICATE = "tls.crt"
KEY = "tls.key"
ISSUED = "issued"
"""The folder within the CA's that has a copy of every certificate it issued, by serial number."""

MAX_COMMON_NAME = 64
"""X.509 allows no more."""
CA_DAYS = 3650
DEFAULT_DAYS = 365
_AUTHORITY = "certificate authority"
# Clocks of nodes differ a little; a certificate made now must be valid on a machine that is behind.
_BACKDATED = dt.timedelta(hours=1)
_PEM = serialization.Encoding.PEM


@attrs.frozen
class Issued:
    """A certificate in words: its holder, its role, the names it is good for, when it ends (UTC), and its number."""

    holder: str
    role: str
    names: Tuple[str, ...]
    not_after: dt.datetime
    serial: int

    @property
    def is_authority(self) -> bool:
        """Whether it is that of a CA."""
        return self.role == _AUTHORITY


def init(folder: Path, name: str, now: dt.datetime) -> Path:
    """Make a CA in a new folder and return the path of its certificate.

    Raises `CredentialError` when there is one already: nothing is overwritten, every certificate hangs on it.
    """
    if not 1 <= len(name) <= MAX_COMMON_NAME or not name.isprintable():
        raise CredentialError(f"{name!r} is no name for a CA: write 1 to {MAX_COMMON_NAME} characters")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + dt.timedelta(days=CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_all(folder, {CA_KEY: _pem_of_key(key), CA_CERTIFICATE: certificate.public_bytes(_PEM)})
    return folder / CA_CERTIFICATE


def issue(
    authority: Path,
    holder: str,
    role: Role,
    now: dt.datetime,
    *,
    addresses: Iterable[str] = (),
    days: int = DEFAULT_DAYS,
    into: Path,
) -> Path:
    """Issue a certificate and return the folder with its files: ca.crt, tls.crt, tls.key, and the revocation list.

    `holder` is a name by the rules for host names; a node sends under it. `addresses` are further names or IP addresses
    under which a collector is reached. Nothing outlives the CA. Raises `CredentialError` when the CA cannot be read or
    has expired, a name is none, or the folder already holds one of the files.
    """
    signer = Signer.of(authority)
    made = signer.certify(_alternative_names(holder, addresses), holder, role, now, days)
    files = {KEY: made.key, CERTIFICATE: made.certificate, CA_CERTIFICATE: signer.pem}
    revocations = authority / REVOCATIONS
    if revocations.exists():
        files[REVOCATIONS] = read_file(revocations)
    _write_all(into, files)
    record(authority, made.certificate)
    return into


@attrs.frozen
class Made:
    """A new certificate and its key, PEM."""

    certificate: bytes
    key: bytes = attrs.field(repr=False)


@attrs.frozen
class Signer:
    """What signs: the key of a CA, and its certificate."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = attrs.field(repr=False)
    certificate: x509.Certificate

    @classmethod
    def of(cls, folder: Path) -> Signer:
        """Return the signer in a folder that `init` made. Raises `CredentialError` where there is none."""
        return cls(folder, *_load_authority(folder))

    @property
    def pem(self) -> bytes:
        """The CA's certificate as it stands in a file."""
        return self.certificate.public_bytes(_PEM)

    def certify(self, names: Sequence[x509.GeneralName], holder: str, role: Role, now: dt.datetime, days: int) -> Made:
        """Make a key and a certificate for it. Raises `CredentialError` when the CA has expired."""
        ca_ends = self.certificate.not_valid_after_utc
        if ca_ends <= now:
            raise CredentialError(
                f"{self.folder / CA_CERTIFICATE}: expired on {ca_ends:%Y-%m-%d}; make a new CA in another folder, "
                "and issue all certificates again"
            )
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, holder[:MAX_COMMON_NAME])]))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(min(now + dt.timedelta(days=days), ca_ends))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(_purposes(role)), critical=False)
            .add_extension(
                x509.SubjectAlternativeName([*names, x509.UniformResourceIdentifier(ROLE_PREFIX + role.value)]),
                critical=False,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self.certificate.public_key()  # type: ignore[arg-type]
                ),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        return Made(certificate.public_bytes(_PEM), _pem_of_key(key))


def record(authority: Path, certificate: bytes) -> None:
    """Keep a copy of a certificate with its CA, so that it can be found by name when it has to be revoked."""
    folder = authority / ISSUED
    serial = x509.load_pem_x509_certificate(certificate).serial_number
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CredentialError(f"{folder}: {error.strerror}; choose a folder that you may write to") from None
    _write(folder / f"{serial:x}.crt", certificate, mode=0o644)


def describe(path: Path) -> Issued:
    """Say in words what a certificate file holds. Raises `CredentialError` for anything that is no certificate."""
    return described(load_certificate(path), path)


def described(certificate: x509.Certificate, path: Path) -> Issued:
    """Say in words what a certificate holds; `path` is told in errors."""
    roles: List[str] = []
    names: List[str] = []
    is_authority = False
    try:
        for extension in certificate.extensions:
            if isinstance(extension.value, x509.BasicConstraints):
                is_authority = extension.value.ca
            elif isinstance(extension.value, x509.SubjectAlternativeName):
                texts = [str(name.value) for name in extension.value]
                roles += [text[len(ROLE_PREFIX) :] for text in texts if text.startswith(ROLE_PREFIX)]
                names += [text for text in texts if not text.startswith(ROLE_PREFIX)]
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise CredentialError(
            f"{path}: a malformed certificate ({error}); take one that `ascend-doctor pki` made"
        ) from None
    role = ", ".join(roles) or (_AUTHORITY if is_authority else "no role")
    return Issued(
        holder=str(common[0].value) if common else "",
        role=role,
        names=tuple(names),
        not_after=certificate.not_valid_after_utc,
        serial=certificate.serial_number,
    )


def _purposes(role: Role) -> List[x509.ObjectIdentifier]:
    if role is Role.COLLECTOR:
        return [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return [ExtendedKeyUsageOID.CLIENT_AUTH]


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative_names(holder: str, addresses: Iterable[str]) -> List[x509.GeneralName]:
    return [_alternative_name(text) for text in dict.fromkeys((holder, *addresses))]


def _alternative_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        pass
    if not is_node_name(text):
        raise CredentialError(f"{text!r} is no host name: use letters, digits, hyphens and dots, or an IP address")
    return x509.DNSName(text)


def _load_authority(folder: Path) -> Tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    path = folder / CA_KEY
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise CredentialError(f"{path}: {error.strerror}; make the CA first: ascend-doctor pki init {folder}") from None
    except (ValueError, TypeError):  # TypeError: it asks for a passphrase
        raise CredentialError(f"{path}: no private key; take the folder that `ascend-doctor pki init` made") from None
    certificate = load_certificate(folder / CA_CERTIFICATE)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise CredentialError(
            f"{path}: not the key of {CA_CERTIFICATE}; take the folder that `ascend-doctor pki init` made"
        )
    return key, certificate


def load_certificate(path: Path) -> x509.Certificate:
    """Return the first certificate of a PEM file. Raises `CredentialError` where there is none."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise CredentialError(f"{path}: {error.strerror}; give a .crt file that `ascend-doctor pki` made") from None
    except ValueError:
        raise CredentialError(f"{path}: no certificate; give a .crt file that `ascend-doctor pki` made") from None


def read_file(path: Path) -> bytes:
    """Return what a file holds. Raises `CredentialError` when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CredentialError(f"{path}: {error.strerror}; give a file that `ascend-doctor pki` made") from None


def _pem_of_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write new files into a folder. Existing ones are never replaced: somebody may be using them."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CredentialError(f"{folder}: {error.strerror}; choose a folder that you may write to") from None
    there = [name for name in files if os.path.lexists(folder / name)]
    if there:
        raise CredentialError(
            f"{folder / there[0]} exists and is not overwritten; choose another folder, or move it away"
        )
    for name, data in files.items():
        _write(folder / name, data, mode=0o600 if name in (CA_KEY, KEY) else 0o644)


def _write(path: Path, data: bytes, *, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        raise CredentialError(f"{path}: {error.strerror}; choose a folder that you may write to") from None
