"""The port for gRPC, and what the kernel does for the connections that come to it."""

from __future__ import annotations

import logging
import os
import socket
import stat
from pathlib import Path
from typing import Iterator, Optional

import grpc
import grpc.aio

from ascend_doctor.collector.web_server import ListenError
from ascend_doctor.wire.credentials import Address

log = logging.getLogger(__name__)

IDLE_S = 15
"""When a peer has been silent for so long the kernel asks whether it is there,"""
ASK_EVERY_S = 5
"""and so often again,"""
GONE_S = 25
"""and ends the connection when nothing has come for so long, or what was sent is not confirmed so long after."""
_OPTIONS = {
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE): 1,
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE): IDLE_S,
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL): ASK_EVERY_S,
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT): (GONE_S - IDLE_S) // ASK_EVERY_S,
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT): GONE_S * 1000,
}


def bind(server: grpc.aio.Server, listen: Address, credentials: Optional[grpc.ServerCredentials]) -> int:
    """Let a server listen, without TLS when there are no credentials, and return the port.

    Whoever vanishes without a word is noticed within `GONE_S`, twice that where something is on its way to him. gRPC
    could ask peers itself: for nodes that rest this takes twice as much CPU as everything else (grpcio 1.80), and the
    kernel does it for nothing. Connections inherit what is set for the port. Raises `ListenError`.
    """
    address = str(listen)
    try:
        if credentials is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, credentials)
    except RuntimeError:
        raise ListenError(
            f"{address}: cannot be listened on; is the port taken, or the address not of this host?"
        ) from None
    listeners = list(_listeners(port))
    for descriptor in listeners:
        _set(descriptor)
    if not listeners:
        log.warning("%s: peers that vanish without a word may be noticed late: /proc/self/fd shows no port", address)
    return port


def _set(descriptor: int) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as listener:
        for (level, option), value in _OPTIONS.items():
            listener.setsockopt(level, option, value)


def _listeners(port: int) -> Iterator[int]:
    """Yield the descriptors of this process that listen on a port: gRPC keeps them to itself."""
    for descriptor in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        try:
            is_socket = stat.S_ISSOCK(os.fstat(descriptor).st_mode)
        except OSError:
            continue  # that of the listing, or one that was closed meanwhile
        if is_socket:
            with socket.socket(fileno=os.dup(descriptor)) as found:
                if found.family in (socket.AF_INET, socket.AF_INET6):
                    listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                    if listens and found.getsockname()[1] == port:
                        yield descriptor
