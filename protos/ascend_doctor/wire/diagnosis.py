"""Why a collector cannot be reached: gRPC answers UNAVAILABLE to everything, so the cause is looked for by hand."""

from __future__ import annotations

import socket
import ssl
from typing import Optional

from ascend_doctor.wire.credentials import Address, TlsFiles

TIMEOUT_S = 5.0
_FIRST_WORD_S = 1.0

# OpenSSL's verification codes (x509_vfy.h).
_NOT_YET_VALID = 9
_EXPIRED = 10
_WRONG_PURPOSE = 26
_NAME_MISMATCHES = (62, 64)


def diagnose(address: Address, files: Optional[TlsFiles], timeout_s: float = TIMEOUT_S) -> str:
    """Return one line that says why a connection does not come about and what to do.

    Tries the steps one by one: resolve, connect, handshake, verify. Looks only; nothing is sent to the server but a
    handshake. An empty text means that the connection is sound.
    """
    try:
        connection = socket.create_connection((address.host, address.port), timeout=timeout_s)
    except (socket.gaierror, UnicodeError):  # UnicodeError: a label that is too long for the name service
        return f"{address}: no such host; check the name, or give the IP address"
    except ConnectionRefusedError:
        return f"{address}: connection refused; is the collector running there? (`ascend-doctor collector`)"
    except OSError as error:
        return f"{address}: unreachable ({error.strerror or error}); check the network and firewalls on the way"
    with connection:
        return _plaintext(connection, address) if files is None else _handshake(connection, address, files)


def _plaintext(connection: socket.socket, address: Address) -> str:
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
        return ""
    return (
        f"{address}: the collector uses TLS; give a folder with certificates (`--tls DIR`, made by `ascend-doctor pki`)"
    )


def _handshake(connection: socket.socket, address: Address, files: TlsFiles) -> str:
    try:
        # Not the default context: from Python 3.13 on that is stricter about a CA than gRPC is.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(files.ca)
        context.load_cert_chain(files.certificate, files.key, password="")  # never ask at the terminal
    except OSError as error:  # ssl.SSLError is one
        why = error.strerror or error
        return f"{files.certificate}: cannot be used with {files.key} and {files.ca} ({why}); issue it again"
    context.set_alpn_protocols(["h2"])
    try:
        secured = context.wrap_socket(connection, server_hostname=address.host)
    except ssl.SSLCertVerificationError as error:
        return _unverified(address, files, error)
    except socket.timeout:
        return _silent(address)
    except OSError as error:
        return _refused(address, files, error)
    with secured:
        # With TLS 1.3 the server's refusal of our certificate comes after the handshake, first of all; gRPC's servers
        # just close then. One that takes us may wait for our first word, or say something.
        secured.settimeout(_FIRST_WORD_S)
        try:
            if secured.recv(1):
                return ""
        except socket.timeout:
            return ""
        except OSError as error:
            return _refused(address, files, error)
    return (
        f"{files.certificate}: refused by the collector; see with `ascend-doctor pki show` whether it has expired, "
        "or is not from the CA of this cluster"
    )


def _silent(address: Address) -> str:
    return f"{address}: takes connections and says nothing; is it a collector, and is it stopped or overloaded?"


def _unverified(address: Address, files: TlsFiles, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code == _EXPIRED:
        return (
            f"{address}: the collector's certificate has expired; issue a new one for it, or set this machine's clock"
        )
    if error.verify_code == _NOT_YET_VALID:
        return f"{address}: the collector's certificate is not valid yet; compare the clocks of both machines"
    if error.verify_code == _WRONG_PURPOSE:
        return f"{address}: shows no collector's certificate; issue it with `--role collector`"
    if error.verify_code in _NAME_MISMATCHES:
        return (
            f"{address}: the collector's certificate is for another name; use the name it was issued for, "
            f"or issue it with `--address {address.host}`"
        )
    return f"{address}: the collector's certificate is not from the CA in {files.ca}; take the ca.crt of this cluster"


def _refused(address: Address, files: TlsFiles, error: OSError) -> str:
    reason = (getattr(error, "reason", "") or "").upper()
    if "WRONG_VERSION_NUMBER" in reason or "HTTP_REQUEST" in reason:
        return f"{address}: no TLS there; the collector listens in plaintext, or another program has the port"
    if "EXPIRED" in reason:
        return f"{files.certificate}: expired, says the collector; issue a new one (`ascend-doctor pki issue`)"
    if "UNKNOWN_CA" in reason or "CERTIFICATE" in reason:
        return f"{files.certificate}: refused by the collector; it has to come from the CA of this cluster"
    return f"{address}: the TLS handshake failed ({reason or error.strerror or error}); is it a collector?"
