"""Each way in which a connection fails gets its own sentence."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading

import attrs
import pytest

from ascend_doctor.wire.credentials import Address
from ascend_doctor.wire.diagnosis import diagnose
from collecting import collecting


async def _diagnosed(address, files):
    return await asyncio.get_running_loop().run_in_executor(None, diagnose, address, files)


@contextlib.contextmanager
def _server(serve):
    """Listen on loopback, and let a function serve the one connection that comes, in a thread of its own."""

    def accept():
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            serve(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield Address("127.0.0.1", listener.getsockname()[1])
        finally:
            thread.join()


def _wait_for_the_end(connection):
    while connection.recv(4096):
        pass


def _reset(connection):
    """Break the connection off in the middle of the handshake."""
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _tls(files, serve, trusted=None):
    """Serve over the ssl module, which, other than gRPC, tells its peers why it refuses them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    if trusted is not None:
        context.load_verify_locations(trusted.ca)
        context.verify_mode = ssl.CERT_REQUIRED

    def secure(connection):
        with context.wrap_socket(connection, server_side=True) as secured:
            serve(secured)

    return _server(secure)


@pytest.mark.parametrize(
    ("server", "who", "expected"),
    [
        ("collector", "node", ""),
        ("collector", "none", "the collector uses TLS; give a folder with certificates"),
        ("collector", "stranger", "tls.crt: refused by the collector; see with `ascend-doctor pki show`"),
        ("collector", "expired", "tls.crt: refused by the collector; see with `ascend-doctor pki show`"),
        ("collector", "strange", "the collector's certificate is not from the CA in "),
        ("strange_collector", "node", "the collector's certificate is not from the CA in "),
        ("elsewhere", "node", "the collector's certificate is for another name; use the name it was issued for"),
        ("expired_collector", "node", "the collector's certificate has expired"),
        ("early_collector", "node", "the collector's certificate is not valid yet; compare the clocks"),
        ("posing", "node", "shows no collector's certificate; issue it with `--role collector`"),
        ("none", "node", "no TLS there; the collector listens in plaintext, or another program has the port"),
        ("none", "none", ""),
    ],
)
async def test_tls_between_two_real_ends(tmp_path, certificates, server, who, expected):
    """A collector and a client with certificates of every kind: the sentence names the one thing that is wrong."""
    async with collecting(tmp_path, getattr(certificates, server, None)) as here:
        found = await _diagnosed(here.listen, getattr(certificates, who, None))
    assert expected in found
    assert bool(expected) == bool(found)


def test_nobody_listens():
    """A refused connection asks whether the collector runs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address("127.0.0.1", listener.getsockname()[1])
    assert f"{address}: connection refused; is the collector running there? (`ascend-doctor collector`)" == diagnose(
        address, None
    )


@pytest.mark.parametrize("host", ["no-such-host.invalid", f"{'a' * 64}.invalid"])
def test_no_such_host(host):
    """A name that nobody knows, or that can be none, is called so."""
    assert f"{host}:7443: no such host; check the name, or give the IP address" == diagnose(Address(host, 7443), None)


def test_unreachable():
    """An address to which there is no way is called so: a broadcast address takes no connections."""
    assert "unreachable (" in diagnose(Address("255.255.255.255", 7443), None)


@pytest.mark.parametrize("secured", [True, False])
def test_a_server_that_says_nothing(certificates, secured):
    """A server that takes the connection and hangs is told from one that is sound."""
    with _server(_wait_for_the_end) as address:
        found = diagnose(address, certificates.node if secured else None, 0.2)
    assert (
        f"{address}: takes connections and says nothing; is it a collector, and is it stopped or overloaded?" == found
    )


def test_a_server_that_waits_for_our_word_is_sound(certificates):
    """TLS servers that do not speak first are taken for sound when they keep the connection."""
    with _tls(certificates.collector, _wait_for_the_end) as address:
        assert "" == diagnose(address, certificates.node)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("stranger", "tls.crt: refused by the collector; it has to come from the CA of this cluster"),
        ("expired", "tls.crt: expired, says the collector; issue a new one (`ascend-doctor pki issue`)"),
    ],
)
def test_a_server_that_says_why(certificates, who, expected):
    """The alert of a server that gives its reason is understood."""
    with _tls(certificates.collector, _wait_for_the_end, trusted=certificates.collector) as address:
        assert diagnose(address, getattr(certificates, who)).endswith(expected)


def test_a_connection_that_breaks(certificates):
    """A peer that hangs up in the middle of the handshake is asked whether it is a collector at all."""
    with _server(_reset) as address:
        assert "the TLS handshake failed (" in diagnose(address, certificates.node)


def test_own_files_that_do_not_fit(certificates):
    """A key that is not the certificate's is found before the server is asked."""
    files = attrs.evolve(certificates.node, key=certificates.second.key)
    with _server(_wait_for_the_end) as address:
        found = diagnose(address, files)
    assert f"{files.certificate}: cannot be used with {files.key}" in found
    assert "issue it again" in found
