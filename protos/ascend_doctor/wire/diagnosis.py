"""Why a collector cannot be reached: gRPC answers UNAVAILABLE to everything, so the cause is looked for by hand."""

from __future__ import annotations

import socket
import ssl
import time
from typing import Callable, Iterator, Optional, Sequence, Tuple

from ascend_doctor.wire.certificates import NO_CHECK_TIME, WRONG_PURPOSE, Certificate, from_openssl, is_for, load_into
from ascend_doctor.wire.credentials import Address, CredentialError, Role, TlsFiles, load
from ascend_doctor.wire.following import Revocations
from ascend_doctor.wire.steps import State, Step, dates, fine, first_wrong, unusable, wrong

TIMEOUT_S = 5.0
_FIRST_WORD_S = 5.0
"""A collector speaks at once, or hangs up; a busy one needs a while. Only a server that is none takes all this time."""

NAME = "name"
CONNECTION = "connection"
TLS = "TLS"
OWN_FILES = "own files"
CA = "collector's CA"
ADDRESS = "collector's names"
DATES = "collector's dates"
ROLE = "collector's role"
REVOCATION = "collector's revocation"
ACCEPTANCE = "own certificate"


def diagnose(address: Address, files: Optional[TlsFiles], timeout_s: float = TIMEOUT_S) -> str:
    """Return one line that says why a connection does not come about and what to do.

    An empty text means that the connection is sound.
    """
    step = first_wrong(walk(address, files, timeout_s))
    return "" if step is None else str(step)


def walk(
    address: Address,
    files: Optional[TlsFiles],
    timeout_s: float = TIMEOUT_S,
    *,
    clock: Callable[[], float] = time.time,
) -> Iterator[Step]:
    """Walk the way to a collector: resolve, connect, handshake, look at its certificate, see whether it takes ours.

    Looks only; nothing is sent to the server but a handshake. Ends with the step behind which there is no way.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # UnicodeError: a label that is too long for the name service
        yield wrong(NAME, f"{address}: no such host", "check the name, or give the IP address")
        return
    yield fine(NAME, _resolved(address.host, [str(entry[4][0]) for entry in found]))
    try:
        connection = socket.create_connection((address.host, address.port), timeout=timeout_s)
    except ConnectionRefusedError:
        remedy = "is the collector running there? (`ascend-doctor collector`)"
        yield wrong(CONNECTION, f"{address}: connection refused", remedy)
        return
    except OSError as error:
        remedy = "check the network and firewalls on the way"
        yield wrong(CONNECTION, f"{address}: unreachable ({error.strerror or error})", remedy)
        return
    with connection:
        yield fine(CONNECTION, f"{address} takes connections")
        if files is None:
            yield _plaintext(connection, address)
        else:
            yield from _secured(connection, address, files, clock)


def _resolved(host: str, found: Sequence[str]) -> str:
    return f"{host} is an address" if host in found else f"{host} is {', '.join(dict.fromkeys(found))}"


def _plaintext(connection: socket.socket, address: Address) -> Step:
    """Find out whether a server that got no TLS from us would rather have it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Only the kind of answer matters here; nothing is trusted and nothing is sent.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with context.wrap_socket(connection, server_hostname=address.host):
            pass
    except socket.timeout:
        return _silent(address)
    except OSError:  # ssl.SSLError is one: no TLS there
        return fine(TLS, "none, on either side")
    remedy = "give a folder with certificates (`--tls DIR`, made by `ascend-doctor pki`)"
    return wrong(TLS, f"{address}: the collector uses TLS", remedy)


def _secured(
    connection: socket.socket, address: Address, files: TlsFiles, clock: Callable[[], float]
) -> Iterator[Step]:
    # Not the default context: from Python 3.13 on that is stricter about a CA than gRPC is. Name and dates are left to
    # us, so that each gets a word of its own.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= NO_CHECK_TIME
    context.set_alpn_protocols(["h2"])
    try:
        load(files)
        load_into(context, files)
        revocations = Revocations(files, clock=clock)
    except CredentialError as error:
        yield unusable(OWN_FILES, error)
        return
    try:
        secured = context.wrap_socket(connection, server_hostname=address.host)
    except ssl.SSLCertVerificationError as error:
        yield fine(TLS, "both sides use it")
        yield _unverified(address, files, error)
        return
    except socket.timeout:
        yield _silent(address)
        return
    except OSError as error:
        yield _refused(address, files, error)
        return
    with secured:
        yield fine(TLS, f"both sides use it ({secured.version()})")
        yield from _shown(address, files, secured, revocations, clock())
        yield _accepted(secured, address, files)


def _shown(
    address: Address, files: TlsFiles, secured: ssl.SSLSocket, revocations: Revocations, now: float
) -> Iterator[Step]:
    """Look at the certificate of a collector, of which the CA is right."""
    certificate = from_openssl(secured.getpeercert() or {})
    yield fine(CA, f"its certificate is from the CA in {files.ca}")
    yield _named(address, certificate)
    yield dates(DATES, f"{address}: the collector's certificate", certificate.validity, now, "issue a new one for it")
    if Role.COLLECTOR in certificate.identity.roles:
        yield fine(ROLE, "its certificate is a collector's")
    else:
        yield Step(ROLE, State.WARNING, "its certificate names no role", "issue it with `--role collector`")
    serial = revocations.serial_of(secured.getpeercert(binary_form=True) or b"")
    if serial is not None:
        text = f"{address}: the collector's certificate has been revoked (serial number {serial:x})"
        yield wrong(REVOCATION, text, "issue it a new one")
    elif revocations.is_known:
        yield fine(REVOCATION, "its certificate is not revoked")
    else:
        yield fine(REVOCATION, f"there is no revocation list here ({files.revocations})")


def _named(address: Address, certificate: Certificate) -> Step:
    if is_for(certificate, address.host):
        return fine(ADDRESS, f"its certificate is for {address.host}")
    names = ", ".join(sorted(certificate.identity.names)) or "no name"
    return wrong(
        ADDRESS,
        f"{address}: the collector's certificate is for another name ({names})",
        f"use the name it was issued for, or issue it with `--address {address.host}`",
    )


def _accepted(secured: ssl.SSLSocket, address: Address, files: TlsFiles) -> Step:
    """See whether the collector takes our certificate.

    With TLS 1.3 its refusal comes after the handshake, first of all; gRPC's servers just close then. One that takes us
    may wait for our first word, or say something.
    """
    secured.settimeout(_FIRST_WORD_S)
    try:
        taken = bool(secured.recv(1))
    except socket.timeout:
        taken = True
    except OSError as error:
        return _refused(address, files, error)
    if taken:
        return fine(ACCEPTANCE, "the collector takes it")
    return wrong(
        ACCEPTANCE,
        f"{files.certificate}: refused by the collector",
        "see with `ascend-doctor pki show` whether it has expired, or is not from the CA of this cluster",
    )


def _silent(address: Address) -> Step:
    text = f"{address}: takes connections and says nothing"
    return wrong(TLS, text, "is it a collector, and is it stopped or overloaded?")


def _unverified(address: Address, files: TlsFiles, error: ssl.SSLCertVerificationError) -> Step:
    if error.verify_code == WRONG_PURPOSE:
        return wrong(ROLE, f"{address}: shows no collector's certificate", "issue it with `--role collector`")
    text = f"{address}: the collector's certificate is not from the CA in {files.ca}"
    return wrong(CA, text, "take the ca.crt of this cluster")


def _refused(address: Address, files: TlsFiles, error: OSError) -> Step:
    reason = (getattr(error, "reason", "") or "").upper()
    what, text, remedy = _refusal(address, files, reason)
    return wrong(what, text.format(reason=reason or error.strerror or error), remedy)


def _refusal(address: Address, files: TlsFiles, reason: str) -> Tuple[str, str, str]:
    if "WRONG_VERSION_NUMBER" in reason or "HTTP_REQUEST" in reason:
        return TLS, f"{address}: no TLS there", "the collector listens in plaintext, or another program has the port"
    if "EXPIRED" in reason:
        remedy = "renew it (`ascend-doctor pki renew`)"
        return ACCEPTANCE, f"{files.certificate}: expired, says the collector", remedy
    if "UNKNOWN_CA" in reason or "CERTIFICATE" in reason:
        remedy = "it has to come from the CA of this cluster"
        return ACCEPTANCE, f"{files.certificate}: refused by the collector", remedy
    return TLS, f"{address}: the TLS handshake failed ({{reason}})", "is it a collector?"
