"""gRPC channels and server credentials out of TLS files: the only place where the two ends make them."""

from __future__ import annotations

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
    material = load(files)
    credentials = grpc.ssl_channel_credentials(material.ca, material.key, material.certificate)
    return grpc.aio.secure_channel(str(address), credentials, options=options)


def server_options() -> Options:
    """Return the options of a collector's server."""
    return [*SERVER_OPTIONS.items(), *_SIZES.items()]


def server_credentials(files: TlsFiles) -> grpc.ServerCredentials:
    """Return credentials that require a certificate of the CA from every peer and follow changes of the files.

    Raises `CredentialError` when the files cannot be used now. Files that become unusable later leave the last good
    ones in force.
    """
    seen = stamp(files)

    def configuration() -> grpc.ServerCertificateConfiguration:
        material = load(files)
        return grpc.ssl_server_certificate_configuration(
            [(material.key, material.certificate)], root_certificates=material.ca
        )

    def fetch() -> Optional[grpc.ServerCertificateConfiguration]:
        nonlocal seen
        now = stamp(files)
        if now == seen:
            return None
        try:
            fresh = configuration()
        except CredentialError:
            return None
        seen = now
        return fresh

    return grpc.dynamic_ssl_server_credentials(
        configuration(),
        fetch,  # type: ignore[arg-type] # None for "as before" is documented, the stubs do not know
        require_client_authentication=True,
    )
