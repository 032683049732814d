"""What the kernel does for the connections of a collector's port, seen at a connection that somebody opened."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import stat
from pathlib import Path

import grpc.aio

from ascend_doctor.collector import listening
from ascend_doctor.wire.credentials import Address
from waiting import until

HERE = Address("127.0.0.1", 0)


WORDS = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
)


def _options(port):
    """Return the options of this process's end of a connection from a port; None while there is none."""
    for descriptor in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                with socket.socket(fileno=os.dup(descriptor)) as found:
                    if found.family in (socket.AF_INET, socket.AF_INET6) and found.getpeername()[1] == port:
                        return [found.getsockopt(*word) for word in WORDS]
    return None


async def test_the_kernel_looks_after_the_connections():
    """A connection to the port has the times of the port, which gRPC leaves as they are."""
    server = grpc.aio.server()
    port = listening.bind(server, HERE, None)
    await server.start()
    with socket.create_connection(("127.0.0.1", port)) as client:
        _, number = client.getsockname()
        await until(lambda: _options(number) is not None)
        found = _options(number)
    await server.stop(0)
    assert [1, 15, 5, 2, 25_000] == found


async def test_a_port_that_is_not_found_is_told(monkeypatch, caplog):
    """Where the kernel cannot be asked the collector works all the same, and says what is missing."""
    monkeypatch.setattr(listening, "_listeners", lambda _port: iter(()))
    with caplog.at_level(logging.WARNING):
        server = grpc.aio.server()
        port = listening.bind(server, HERE, None)
    await server.start()
    await server.stop(0)
    assert port > 0
    assert "peers that vanish without a word may be noticed late" in caplog.text
