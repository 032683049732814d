"""What certificates say, as OpenSSL reads them: the standard library's ssl, which every process with TLS has loaded."""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
from typing import Any, List, Mapping, Tuple

import attrs

from ascend_doctor.wire.credentials import CredentialError, Identity, TlsFiles, identity_of

EXPIRES_SOON_S = 30 * 86400.0
"""From here on whoever shows a certificate warns."""

# OpenSSL's verification codes (x509_vfy.h).
WRONG_PURPOSE = 26
NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL (x509_vfy.h), for which ssl has no name: dates are then told one by one."""


@attrs.frozen
class Validity:
    """From when until when a certificate holds, in seconds since the epoch."""

    not_before: float
    not_after: float


@attrs.frozen
class Certificate:
    """A certificate: whose it is, and from when until when it holds."""

    identity: Identity
    validity: Validity


def from_openssl(fields: Mapping[str, Any]) -> Certificate:
    """Return the certificate that `getpeercert` of ssl tells of."""
    names = [str(value).encode() for _, value in fields.get("subjectAltName", ())]
    return Certificate(identity_of(names), _validity(fields))


def _validity(fields: Mapping[str, Any]) -> Validity:
    return Validity(ssl.cert_time_to_seconds(fields["notBefore"]), ssl.cert_time_to_seconds(fields["notAfter"]))


def own_certificate(files: TlsFiles) -> Certificate:
    """Return the holder's own certificate, which has to be from its CA, with its key, and good for a client.

    The dates are not judged. OpenSSL is asked by showing the certificate to a server in memory, just as it would be
    shown to a collector. Raises `CredentialError` for files that do not fit together, ssl.SSLCertVerificationError for
    a certificate that is not from the CA, or not for clients.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE  # the other end is ourselves
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.verify_mode = ssl.CERT_REQUIRED
    server.verify_flags |= NO_CHECK_TIME
    for context in (client, server):
        load_into(context, files)
    upward, downward = ssl.MemoryBIO(), ssl.MemoryBIO()
    shows = client.wrap_bio(downward, upward)
    sees = server.wrap_bio(upward, downward, server_side=True)
    for end in (shows, sees, shows, sees):
        with contextlib.suppress(ssl.SSLWantReadError):
            end.do_handshake()
    return from_openssl(sees.getpeercert() or {})


def load_into(context: ssl.SSLContext, files: TlsFiles) -> None:
    """Load the three files into a context. Raises `CredentialError` when they do not fit together."""
    try:
        context.load_verify_locations(files.ca)
        context.load_cert_chain(files.certificate, files.key, password="")  # never ask at the terminal
    except OSError as error:  # ssl.SSLError is one
        why = getattr(error, "reason", None) or error.strerror
        raise CredentialError(
            f"{files.certificate}: cannot be used with {files.key} and {files.ca} ({why}); issue it again"
        ) from None


def authorities(files: TlsFiles) -> Tuple[Validity, ...]:
    """Return from when until when each CA of the CA's file holds. Raises `CredentialError` when it cannot be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(files.ca)
    except ssl.SSLError:
        raise CredentialError(f"{files.ca}: no certificate; give the ca.crt of the cluster") from None
    except OSError as error:
        raise CredentialError(f"{files.ca}: {error.strerror}; give the ca.crt of the cluster") from None
    found: List[Mapping[str, Any]] = list(context.get_ca_certs())
    if not found:
        raise CredentialError(f"{files.ca}: no certificate of a CA; give the ca.crt of the cluster")
    return tuple(_validity(fields) for fields in found)


def is_for(certificate: Certificate, host: str) -> bool:
    """Tell whether a certificate names a host, as gRPC compares: an address as such, a name without regard to case.

    The first label of a name in a certificate may be `*`.
    """
    try:
        wanted = str(ipaddress.ip_address(host))
    except ValueError:
        wanted = host.rstrip(".").lower()
        parent = "*." + wanted.partition(".")[2]
    else:
        parent = wanted
    return any(_plain(name) in (wanted, parent) for name in certificate.identity.names)


def _plain(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.rstrip(".").lower()
