"""Who a peer is, and the TLS material that proves it.

Every certificate of a cluster comes from one small CA (`ascend-doctor pki`). Its subject alternative names say whose it
is: DNS names and IP addresses name the holder, and one URI `ascend-doctor://role/ROLE` says what the holder may do.
"""

from __future__ import annotations

import enum
import ipaddress
import stat
from pathlib import Path
from typing import Dict, FrozenSet, Iterable, Mapping, Optional, Set, Tuple

import attrs

from ascend_doctor.model.subject import natural

ROLE_PREFIX = "ascend-doctor://role/"


class Role(enum.Enum):
    """What the holder of a certificate may do."""

    NODE = "node"
    """Send the results of the node that the certificate names."""
    READER = "reader"
    """Ask for reports."""
    OPERATOR = "operator"
    """Ask for reports, and ask nodes to look again."""
    COLLECTOR = "collector"
    """Be the server that nodes and readers talk to."""


READERS = frozenset({Role.READER, Role.OPERATOR, Role.COLLECTOR})
"""Who may ask for reports."""
OPERATORS = frozenset({Role.OPERATOR})
"""Who may ask for what changes something: that nodes look again, that a node is left out for a while."""
NODES = frozenset({Role.NODE})
"""Who may send results."""
EVERYBODY = frozenset(Role)
"""Whoever has a certificate with a role."""


class CredentialError(Exception):
    """TLS material cannot be used. The text names the file and the remedy."""


REVOCATIONS = "revoked.crl"
"""The name of the revocation list, beside the CA's certificate."""


class ClosedFileError(CredentialError):
    """This user may not read a file: nothing is said of what it holds."""


@attrs.frozen
class TlsFiles:
    """The three files of one holder: the CA's certificate, its own, and its key, all PEM.

    `ca` may hold several certificates, one behind the other, while a new CA takes the place of an old one.
    """

    ca: str
    certificate: str
    key: str

    @property
    def revocations(self) -> str:
        """Where the revocation list is, for those who have one: beside the CA's certificate."""
        return str(Path(self.ca).parent / REVOCATIONS)


@attrs.frozen
class TlsMaterial:
    """The contents of the three files."""

    ca: bytes
    certificate: bytes
    key: bytes = attrs.field(repr=False)


def load(files: TlsFiles) -> TlsMaterial:
    """Read the three files. Raises `CredentialError` for one that is missing, no PEM, or a key that others can read."""
    return TlsMaterial(_read(files.ca), _read(files.certificate), _read(files.key, secret=True))


def _read(name: str, *, secret: bool = False) -> bytes:
    path = Path(name)
    try:
        data = path.read_bytes()
        mode = stat.S_IMODE(path.stat().st_mode)
    except PermissionError:
        text = "this user may not read it; run this as root, or as the user of the service"
        raise ClosedFileError(f"{name}: {text}") from None
    except OSError as error:
        raise CredentialError(f"{name}: {error.strerror}; `ascend-doctor pki issue` makes it") from None
    if secret and mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP):
        raise CredentialError(f"{name}: others can read or change the key; run: chmod 0600 {name}")
    if b"-----BEGIN " not in data:
        raise CredentialError(f"{name}: no PEM file; give the one that `ascend-doctor pki issue` made")
    return data


def stamp(files: TlsFiles) -> Tuple[Tuple[int, int], ...]:
    """Return what changes when any of the files is replaced: its inode and modification time, zeros for a lost one."""
    return tuple(mark(Path(name)) for name in (files.ca, files.certificate, files.key))


def mark(path: Path) -> Tuple[int, int]:
    """Return the same for one file."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_ino, status.st_mtime_ns)


@attrs.frozen
class Identity:
    """Who a peer is by its certificate: its names, and its roles."""

    names: FrozenSet[str]
    roles: FrozenSet[Role]

    def may(self, roles: Iterable[Role]) -> bool:
        """Whether the peer has any of the roles."""
        return not self.roles.isdisjoint(roles)

    def __str__(self) -> str:
        names = ", ".join(sorted(self.names, key=natural)) or "nobody"
        roles = ", ".join(sorted(role.value for role in self.roles)) or "no role"
        return f"{names} ({roles})"


def identity_of(alternative_names: Iterable[bytes]) -> Identity:
    """Return the identity that the alternative names of a verified certificate give. Unknown roles are ignored."""
    names: Set[str] = set()
    roles: Set[Role] = set()
    for raw in alternative_names:
        text = raw.decode("utf-8", "replace")
        if text.startswith(ROLE_PREFIX):
            roles.update(role for role in Role if role.value == text[len(ROLE_PREFIX) :])
        else:
            names.add(text)
    return Identity(frozenset(names), frozenset(roles))


def identity_from_context(context: Mapping[str, Iterable[bytes]]) -> Identity:
    """Return the identity of a gRPC peer from its call's authentication context; nobody for a plaintext peer."""
    return identity_of(context.get("x509_subject_alternative_name", ()))


# --- Addresses -------------------------------------------------------------------------------------------------------


class AddressError(ValueError):
    """An address is no `HOST:PORT`. The text says what would be."""


@attrs.frozen
class Address:
    """Where a server listens or is to be reached. `host` is a name or an IP address without brackets."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether the address cannot leave this machine. A name other than `localhost` never counts."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_address(text: str) -> Address:
    """Return the address that a text `HOST:PORT` or `[IPV6]:PORT` names. Raises `AddressError` for any other."""
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""
    if not (colon and host and port.isascii() and port.isdecimal() and int(port) <= 65535):
        raise AddressError(f"{text!r} is no address; write HOST:PORT, such as collector.example:7443 or [::1]:7443")
    if not all(character.isalnum() or character in ".-_:" for character in host):
        raise AddressError(f"{text!r}: {host!r} is no host name or IP address")
    return Address(host, int(port))


def require_tls(address: Address, files: Optional[TlsFiles]) -> None:
    """Raise `CredentialError` when an address that leaves the machine would be used without TLS."""
    if files is None and not address.is_loopback:
        raise CredentialError(
            f"{address} is not a loopback address, and plaintext is for loopback only; give the TLS files "
            "(see `ascend-doctor pki --help`)"
        )


SERVER_OPTIONS: Dict[str, int] = {
    # The floor for pings must lie below the interval of the clients, or they are cut off with too_many_pings.
    "grpc.http2.min_ping_interval_without_data_ms": 10_000,
    "grpc.keepalive_permit_without_calls": 1,
    # It pings after every message to learn how fast the way is; what nodes say fits into the smallest window.
    "grpc.http2.bdp_probe": 0,
    "grpc.max_concurrent_streams": 8,
    # A peer that keeps a connection without a call on it.
    "grpc.max_connection_idle_ms": 300_000,
    # Who a peer is was seen when it connected, and its certificate may have expired since. Nodes are asked to come
    # again before this.
    "grpc.max_connection_age_ms": 30 * 3_600_000,
    "grpc.max_connection_age_grace_ms": 60_000,
    # Nothing compressed is taken: gRPC unpacks a message before it looks at its size, a GiB out of one (grpcio 1.80).
    "grpc.compression_enabled_algorithms_bitset": 1,
    "grpc.server_handshake_timeout_ms": 30_000,
    "grpc.so_reuseport": 0,
    # Buffers of TLS are made for the largest record: 10 KiB less for each of thousands of streams (with grpcio 1.80).
    "grpc.tsi.max_frame_size": 1_024,
    # What a peer's headers were is not kept: it sends them once.
    "grpc.http2.hpack_table_size.decoder": 0,
}
CLIENT_OPTIONS: Dict[str, int] = {
    # Only who waits in silence asks: nodes say something more often, and what they say has to be confirmed within the
    # same ten seconds.
    "grpc.keepalive_time_ms": 180_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.http2.max_pings_without_data": 0,
    "grpc.http2.bdp_probe": 0,
}
