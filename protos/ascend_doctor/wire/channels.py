"""gRPC channels and server credentials out of TLS files: the only place where the two ends make them."""

from __future__ import annotations

import ssl
from typing import Any, List, Optional, Tuple

import grpc
import grpc.aio

from ascend_doctor.wire import limits
from ascend_doctor.wire.certificates import load_into
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

_TRIES = 3

_SIZES = {
    "grpc.max_receive_message_length": limits.MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": limits.MAX_MESSAGE_BYTES,
}


def client_channel(address: Address, files: Optional[TlsFiles]) -> grpc.aio.Channel:
    """Return a channel to a collector. Without TLS files the address has to be a loopback one.

    Raises `CredentialError` for files that cannot be used. A channel keeps the certificate it was made with, and does
    not look at revocation lists: see `Caller` for clients that run on.
    """
    require_tls(address, files)
    if files is None:
        return grpc.aio.insecure_channel(str(address), options=_client_options())
    material = load_fitting(files)
    return secured_channel(address, material, material.ca)


def secured_channel(address: Address, material: TlsMaterial, trusted: bytes) -> grpc.aio.Channel:
    """Return a channel that shows a certificate, to a collector whose certificate, or whose CA, is trusted (PEM)."""
    credentials = grpc.ssl_channel_credentials(trusted, material.key, material.certificate)
    return grpc.aio.secure_channel(str(address), credentials, options=_client_options())


def _client_options() -> Options:
    return [*CLIENT_OPTIONS.items(), *_SIZES.items()]


def load_fitting(files: TlsFiles) -> TlsMaterial:
    """Load the files, which have to fit together: gRPC would only say that a port or an address does not work.

    Files that are replaced meanwhile are read again, so that those of before and after do not mix.
    """
    for _ in range(_TRIES):
        before = stamp(files)
        try:
            material = load(files)
            load_into(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), files)
        except CredentialError:
            if stamp(files) == before:
                raise
        else:
            if stamp(files) == before:
                return material
    raise CredentialError(f"{files.certificate}: replaced again and again while it is read; try again")


def server_options() -> Options:
    """Return the options of a collector's server."""
    return [*SERVER_OPTIONS.items(), *_SIZES.items()]


class Follower:
    """Follows the files of a server. gRPC asks it before every handshake, from threads of its own.

    Files that become unusable leave the last good ones in force.
    """

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._seen = stamp(files)
        self.trouble = ""
        """Why the newest files are not in force; empty when they are."""
        self.handshakes = 0
        """How many connections came in, of strangers too."""

    def credentials(self) -> grpc.ServerCredentials:
        """Return credentials that require a certificate of the CA from every peer and follow changes of the files.

        Raises `CredentialError` when the files cannot be used now.
        """
        return grpc.dynamic_ssl_server_credentials(
            self.read(),
            self.changed,  # type: ignore[arg-type] # None for "as before" is documented, the stubs do not know
            require_client_authentication=True,
        )

    def read(self) -> grpc.ServerCertificateConfiguration:
        """Return what the files hold. Raises `CredentialError` when they cannot be used."""
        material = load_fitting(self._files)
        return grpc.ssl_server_certificate_configuration(
            [(material.key, material.certificate)], root_certificates=material.ca
        )

    def changed(self) -> Optional[grpc.ServerCertificateConfiguration]:
        """Return what the files hold when it differs from what was seen last; None when not, or when it is unusable."""
        self.handshakes += 1
        now = stamp(self._files)
        if now == self._seen:
            self.trouble = ""
            return None
        try:
            fresh = self.read()
        except CredentialError as error:
            self.trouble = f"{error}; the last good files stay in force"
            return None
        self._seen, self.trouble = now, ""
        return fresh
