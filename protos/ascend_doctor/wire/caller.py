"""The client's end of TLS: what it shows, and whom it trusts, across the replacement of its files."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Dict, Optional, Set, Tuple

import attrs
import grpc.aio

from ascend_doctor.wire.certificates import load_into
from ascend_doctor.wire.channels import client_channel, load_fitting, secured_channel
from ascend_doctor.wire.credentials import Address, CredentialError, TlsFiles, TlsMaterial, require_tls, stamp
from ascend_doctor.wire.diagnosis import TIMEOUT_S, diagnose
from ascend_doctor.wire.expiry import Expiry
from ascend_doctor.wire.following import Revocations

MAX_VETTED = 8
"""Certificates that are kept for one address, behind which may be several collectors."""


class NotVettedError(Exception):
    """The collector's certificate could not be looked at. The text says why and what to do."""


@attrs.frozen
class Opened:
    """A channel, and what it was made with. `vetted` is None where the CA is trusted as a whole."""

    channel: grpc.aio.Channel
    mark: object
    vetted: Optional[Tuple[bytes, ...]] = None


class Caller:
    """Makes channels to collectors. With `files` None only to loopback addresses.

    gRPC looks at no revocation list. Where there is one, the collector's certificate is fetched by a handshake of its
    own, checked, and is then all that the channel trusts: whoever shows another one does not get through.

    Files that become unusable leave the last good ones in force.
    """

    def __init__(self, files: Optional[TlsFiles]) -> None:
        self._files = files
        self.expiry = None if files is None else Expiry(files)
        """Until when the certificates hold; None without TLS."""
        self._material: Optional[TlsMaterial] = None
        self._mark: object = None
        self._revocations: Optional[Revocations] = None
        self._vetted: Dict[Address, Tuple[bytes, ...]] = {}
        self._doubted: Set[Address] = set()
        self._unusable = ""

    @property
    def trouble(self) -> str:
        """Why the newest files are not in force; empty when they are."""
        return self._unusable or ("" if self._revocations is None else self._revocations.trouble)

    @property
    def revocations(self) -> Optional[Revocations]:
        """The revocation list in force; None without TLS, and before the first channel."""
        return self._revocations

    async def open(self, address: Address) -> Opened:
        """Return a channel to a collector.

        Raises `CredentialError` for files that cannot be used and for a collector whose certificate was revoked,
        `NotVettedError` when the certificate has to be looked at and cannot.
        """
        require_tls(address, self._files)
        if self._files is None:
            return Opened(client_channel(address, None), None)
        material = self._take_in(self._files)
        if self._revocations is None:
            self._revocations = Revocations(self._files)
        self._revocations.look()
        if not self._revocations.is_known:
            return Opened(secured_channel(address, material, material.ca), self._mark)
        vetted = await self._vet(address, self._files, self._revocations)
        return Opened(secured_channel(address, material, b"".join(vetted)), self._mark, vetted)

    def doubt(self, address: Address) -> None:
        """Look at the collector's certificate again before the next channel: the last one led nowhere."""
        self._doubted.add(address)

    def is_outdated(self, opened: Opened) -> bool:
        """Tell whether a channel should be given up: for new files, or because its collector was revoked."""
        if self._files is None or self._revocations is None:
            return False
        if self._revocations.look():
            if opened.vetted is None:
                return True
            return any(self._revocations.serial_of(certificate) is not None for certificate in opened.vetted)
        self._take_in(self._files)
        return self._mark != opened.mark

    def _take_in(self, files: TlsFiles) -> TlsMaterial:
        """Return what to show: what the files hold, or the last that could be used."""
        now = stamp(files)
        if self._material is not None and now == self._mark:
            self._unusable = ""
            return self._material
        try:
            self._material = load_fitting(files)
        except CredentialError as error:
            if self._material is None:
                raise
            self._unusable = f"{error}; the last good files stay in force"
        else:
            self._mark, self._unusable = now, ""
            self._vetted.clear()  # by the CA of before
        return self._material

    async def _vet(self, address: Address, files: TlsFiles, revocations: Revocations) -> Tuple[bytes, ...]:
        known = tuple(item for item in self._vetted.get(address, ()) if revocations.serial_of(item) is None)
        if not known or address in self._doubted:
            shown = await asyncio.get_running_loop().run_in_executor(None, _shown_by, address, files)
            serial = revocations.serial_of(shown)
            if serial is not None:
                raise CredentialError(
                    f"{address}: the collector's certificate has been revoked (serial number {serial:x}); "
                    "issue it a new one"
                )
            known = (*(item for item in known if item != shown), shown)[-MAX_VETTED:]
        self._vetted[address] = known
        self._doubted.discard(address)
        return known


def _shown_by(address: Address, files: TlsFiles) -> bytes:
    """Return the certificate that a collector shows, PEM, after everything but the revocation list was checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    load_into(context, files)
    context.set_alpn_protocols(["h2"])
    try:
        connection = socket.create_connection((address.host, address.port), timeout=TIMEOUT_S)
        with connection, context.wrap_socket(connection, server_hostname=address.host) as secured:
            return ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True) or b"").encode()
    except (OSError, ValueError) as error:  # ValueError: no name for the name service
        text = diagnose(address, files) or f"{address}: the TLS handshake failed ({error}); is it a collector?"
        raise NotVettedError(text) from None
