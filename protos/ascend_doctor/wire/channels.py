"""gRPC channels and server credentials out of TLS files: the only place where the two ends make them."""

from __future__ import annotations

import ssl
import threading
from typing import Any, List, Optional, Tuple

import grpc
import grpc.aio

from ascend_doctor.wire import limits
from ascend_doctor.wire.credentials import (
    CLIENT_OPTIONS,
    SERVER_OPTIONS,
    Address,
    CredentialError,
    TlsFiles,
    TlsMaterial,
    load,
    require_tls,
    stamp,
)

Options = List[Tuple[str, Any]]

_SIZES = {
    "grpc.max_receive_message_length": limits.MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": limits.MAX_MESSAGE_BYTES,
}


def client_channel(address: Address, files: Optional[TlsFiles]) -> grpc.aio.Channel:
    """Return a channel to a collector. Without TLS files the address has to be a loopback one.

    Raises `CredentialError` for files that cannot be used. A channel keeps the certificate it was made with: make a new
    one when the files change.
    """
    require_tls(address, files)
    options: Options = [*CLIENT_OPTIONS.items(), *_SIZES.items()]
    if files is None:
        return grpc.aio.insecure_channel(str(address), options=options)
    material = _load_fitting(files)
    credentials = grpc.ssl_channel_credentials(material.ca, material.key, material.certificate)
    return grpc.aio.secure_channel(str(address), credentials, options=options)


def _load_fitting(files: TlsFiles) -> TlsMaterial:
    """Load the files, which have to fit together: gRPC would only say that a port or an address does not work."""
    material = load(files)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(files.ca)
        context.load_cert_chain(files.certificate, files.key, password="")  # never ask at the terminal
    except ssl.SSLError as error:
        why = error.reason or "not readable"
        raise CredentialError(
            f"{files.certificate}: cannot be used with {files.key} and {files.ca} ({why}); issue it again"
        ) from None
    return material


def server_options() -> Options:
    """Return the options of a collector's server."""
    return [*SERVER_OPTIONS.items(), *_SIZES.items()]


def server_credentials(files: TlsFiles) -> grpc.ServerCredentials:
    """Return credentials that require a certificate of the CA from every peer and follow changes of the files.

    Raises `CredentialError` when the files cannot be used now. Files that become unusable later leave the last good
    ones in force.
    """
    return Follower(files).credentials()


class Follower:
    """Follows the files of a server. gRPC asks it before every handshake, from threads of its own."""

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._seen = stamp(files)
        self._lock = threading.Lock()
        self.handshakes = 0
        """How many handshakes were begun. Of those that fail gRPC tells nobody."""

    def credentials(self) -> grpc.ServerCredentials:
        """Return what `server_credentials` does."""
        return grpc.dynamic_ssl_server_credentials(
            self.read(),
            self._asked,  # type: ignore[arg-type] # None for "as before" is documented, the stubs do not know
            require_client_authentication=True,
        )

    def _asked(self) -> Optional[grpc.ServerCertificateConfiguration]:
        with self._lock:
            self.handshakes += 1
        return self.changed()

    def read(self) -> grpc.ServerCertificateConfiguration:
        """Return what the files hold. Raises `CredentialError` when they cannot be used."""
        material = _load_fitting(self._files)
        return grpc.ssl_server_certificate_configuration(
            [(material.key, material.certificate)], root_certificates=material.ca
        )

    def changed(self) -> Optional[grpc.ServerCertificateConfiguration]:
        """Return what the files hold when it differs from what was seen last; None when not, or when it is unusable."""
        now = stamp(self._files)
        if now == self._seen:
            return None
        try:
            fresh = self.read()
        except CredentialError:
            return None
        self._seen = now
        return fresh
