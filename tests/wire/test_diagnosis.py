"""Each way in which a connection fails gets its own sentence."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import struct
import threading

import attrs
import pytest

from ascend_doctor.collector import authority
from ascend_doctor.wire import diagnosis
from ascend_doctor.wire.credentials import Address, Role
from ascend_doctor.wire.diagnosis import diagnose, walk
from ascend_doctor.wire.steps import State
from certificates import LOOPBACK, NOW
from certificates import files as files_in
from collecting import collecting
from ports import free_port
from revocations import list_of, own_folder, put, serial_of
from waiting import PATIENCE_S


async def _diagnosed(address, files):
    return await asyncio.get_running_loop().run_in_executor(None, diagnose, address, files, PATIENCE_S)


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
        (
            "elsewhere",
            "node",
            "the collector's certificate is for another name (elsewhere.example); use the name it was issued for",
        ),
        ("expired_collector", "node", "the collector's certificate has expired"),
        ("early_collector", "node", "the collector's certificate is not valid yet, only from "),
        ("posing", "node", "shows no collector's certificate; issue it with `--role collector`"),
        ("none", "node", "no TLS there; the collector listens in plaintext, or another program has the port"),
        ("none", "none", ""),
    ],
)
async def test_tls_between_two_real_ends(tmp_path, certificates, monkeypatch, *, server, who, expected):
    """A collector and a client with certificates of every kind: the sentence names the one thing that is wrong."""
    monkeypatch.setattr(diagnosis, "_FIRST_WORD_S", PATIENCE_S)
    async with collecting(tmp_path, getattr(certificates, server, None)) as here:
        found = await _diagnosed(here.listen, getattr(certificates, who, None))
    assert expected in found
    assert bool(expected) == bool(found)


def test_nobody_listens():
    """A refused connection asks whether the collector runs."""
    address = Address("127.0.0.1", free_port())
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


def test_a_server_that_waits_for_our_word_is_sound(certificates, monkeypatch):
    """TLS servers that do not speak first are taken for sound when they keep the connection."""
    monkeypatch.setattr(diagnosis, "_FIRST_WORD_S", 0.1)
    with _tls(certificates.collector, _wait_for_the_end) as address:
        assert "" == diagnose(address, certificates.node)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("stranger", "tls.crt: refused by the collector; it has to come from the CA of this cluster"),
        ("expired", "tls.crt: expired, says the collector; renew it (`ascend-doctor pki renew`)"),
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


# --- Step by step ----------------------------------------------------------------------------------------------------


async def _walked(address, files, **more):
    def steps():
        return {step.what: step for step in walk(address, files, **more)}

    return await asyncio.get_running_loop().run_in_executor(None, steps)


async def test_a_sound_way(tmp_path, certificates):
    """Every step of a sound way is fine, in the order in which it is walked."""
    async with collecting(tmp_path, certificates.collector) as here:
        found = await _walked(here.listen, certificates.node)
    assert {State.FINE} == {step.state for step in found.values()}
    assert [
        diagnosis.NAME,
        diagnosis.CONNECTION,
        diagnosis.TLS,
        diagnosis.CA,
        diagnosis.ADDRESS,
        diagnosis.DATES,
        diagnosis.ROLE,
        diagnosis.REVOCATION,
        diagnosis.ACCEPTANCE,
    ] == list(found)
    assert f"{here.listen.host} is an address" == found[diagnosis.NAME].text


def test_a_name_is_told_with_its_addresses():
    """What a name leads to is part of the way; an address leads to itself."""
    name, *_ = walk(Address("localhost", free_port()), None)
    assert re.fullmatch(r"localhost is [0-9a-f.:, ]+", name.text)


async def test_everything_that_is_wrong_with_a_collector_is_told(tmp_path, certificates):
    """A certificate that is expired and for another name has both steps wrong, not only the first."""
    theirs = certificates.issue("old-elsewhere.example", Role.COLLECTOR, age_days=400)
    async with collecting(tmp_path, theirs) as here:
        found = await _walked(here.listen, certificates.node)
    assert [diagnosis.ADDRESS, diagnosis.DATES] == [what for what, step in found.items() if step.state is State.WRONG]


async def test_a_collector_whose_certificate_ends_soon(tmp_path, certificates):
    """From 30 days on there is a warning, which is no reason why a connection would not come about."""
    theirs = certificates.issue("collector.example", Role.COLLECTOR, LOOPBACK, age_days=340)
    async with collecting(tmp_path, theirs) as here:
        found = await _walked(here.listen, certificates.node)
        assert "" == await _diagnosed(here.listen, certificates.node)
    assert State.WARNING is found[diagnosis.DATES].state


async def test_a_revoked_collector(tmp_path, certificates):
    """A node that has the list refuses a collector on it, and says so; another collector is fine."""
    mine = own_folder(certificates.node, tmp_path / "mine")
    put(list_of(certificates, [certificates.collector]), mine)
    async with collecting(tmp_path, certificates.collector) as here:
        assert (
            f"{here.listen}: the collector's certificate has been revoked "
            f"(serial number {serial_of(certificates.collector):x}); issue it a new one"
        ) == await _diagnosed(here.listen, mine)
        put(list_of(certificates, [certificates.second]), mine)
        found = await _walked(here.listen, mine)
    assert "its certificate is not revoked" == found[diagnosis.REVOCATION].text


async def test_a_damaged_list_is_told(tmp_path, certificates):
    """A list that cannot be used keeps a connection from coming about, so it is named."""
    mine = own_folder(certificates.node, tmp_path / "mine")
    put(b"rubbish", mine)
    async with collecting(tmp_path, certificates.collector) as here:
        assert f"{mine.revocations}: no revocation list" in await _diagnosed(here.listen, mine)


async def test_a_server_certificate_without_our_role(tmp_path, certificates, monkeypatch):
    """One that another authority would issue works, and gets a warning."""
    monkeypatch.setattr(authority, "ROLE_PREFIX", "https://elsewhere.example/")
    folder = authority.issue(
        certificates.folder / "ca", "collector.example", Role.COLLECTOR, NOW, addresses=LOOPBACK, into=tmp_path / "x"
    )
    async with collecting(tmp_path, files_in(folder)) as here:
        found = await _walked(here.listen, certificates.node)
    assert State.WARNING is found[diagnosis.ROLE].state
    assert "its certificate names no role; issue it with `--role collector`" == str(found[diagnosis.ROLE])


async def test_a_clock_that_is_wrong(tmp_path, certificates):
    """With this machine's clock two years off the collector's certificate looks too old or too young."""
    async with collecting(tmp_path, certificates.collector) as here:
        for years, expected in ((2, "has expired on"), (-2, "is not valid yet, only from")):
            now = NOW.timestamp() + years * 365 * 86400
            found = await _walked(here.listen, certificates.node, clock=lambda now=now: now)
            assert State.WRONG is found[diagnosis.DATES].state
            assert expected in found[diagnosis.DATES].text
            assert "clock" in found[diagnosis.DATES].remedy


def test_a_blocked_way_ends_where_it_is_blocked(certificates, tmp_path):
    """Nothing is said of what lies behind a name that nobody knows, a port that is closed, or files that do not fit."""
    mine = own_folder(certificates.node, tmp_path / "mine")
    put(b"rubbish", mine)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        there = Address("127.0.0.1", listener.getsockname()[1])
        bad_files = list(walk(there, mine))
        silent = list(walk(there, certificates.node, 0.2))
    for steps, expected in (
        (list(walk(Address("no-such-host.invalid", 1), None)), diagnosis.NAME),
        (list(walk(there, None)), diagnosis.CONNECTION),
        (list(walk(Address("255.255.255.255", 1), None)), diagnosis.CONNECTION),
        (bad_files, diagnosis.OWN_FILES),
        (silent, diagnosis.TLS),
    ):
        assert expected == steps[-1].what
        assert [State.WRONG] == [step.state for step in steps if step.state is not State.FINE]


def test_an_address_that_swallows_everything():
    """A connection that neither comes about nor is refused is given up in time: a full queue drops what comes."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = Address("127.0.0.1", listener.getsockname()[1])
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((address.host, address.port))
        assert f"{address}: unreachable (timed out); check the network and firewalls on the way" == diagnose(
            address, None, 0.3
        )
