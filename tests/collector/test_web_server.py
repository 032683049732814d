"""HTTP for peers that are slow, silent or many."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import AsyncIterator, List, Tuple

import pytest

from ascend_doctor.collector import web_server
from ascend_doctor.collector.web_server import ListenError, WebServer
from ascend_doctor.wire.credentials import Address
from reading import read_answer
from waiting import PATIENCE_S, until

BIG = b"x" * (32 << 20)


async def application(scope, receive, send) -> None:
    """Answer at once; a path of `/big` with more than buffers hold."""
    body = BIG if scope["path"] == "/big" else b"here\n"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    for start in range(0, len(body), 1 << 16):
        await send({"type": "http.response.body", "body": body[start : start + (1 << 16)], "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[WebServer]:
    """Serve the application until the block ends."""
    server = WebServer(Address("127.0.0.1", 0), application)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def connect(server: WebServer) -> Tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection."""
    return await asyncio.open_connection(server.address.host, server.address.port)


async def fetch(server: WebServer) -> bytes:
    """Ask for a page and return its body."""
    reader, writer = await connect(server)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()
    return read_answer(answer)[2]


async def ended(reader: asyncio.StreamReader) -> None:
    """Wait until the server ends a connection."""
    with contextlib.suppress(ConnectionError):
        while await asyncio.wait_for(reader.read(1 << 16), PATIENCE_S):
            pass


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_who_does_not_finish_a_head_is_cut_off(monkeypatch, said: bytes) -> None:
    """A connection that says nothing, or never ends what it says, ends after a while."""
    monkeypatch.setattr(web_server, "HEAD_S", 0.05)
    async with serving() as server:
        reader, writer = await connect(server)
        writer.write(said)
        await ended(reader)
        writer.close()
        assert b"here\n" == await fetch(server)


async def test_a_dripping_head_keeps_its_deadline(monkeypatch) -> None:
    """Byte after byte does not make the deadline begin anew."""
    monkeypatch.setattr(web_server, "HEAD_S", 0.2)
    async with serving() as server:
        reader, writer = await connect(server)
        began = asyncio.get_running_loop().time()
        ending = asyncio.ensure_future(ended(reader))
        while not ending.done():
            writer.write(b"a")
            await asyncio.wait((ending,), timeout=0.02)
        assert asyncio.get_running_loop().time() - began < PATIENCE_S / 2
        writer.close()


async def test_a_second_request_may_come_on_a_connection(monkeypatch) -> None:
    """The deadline is for a head, not for a connection: one that is used well lives on."""
    monkeypatch.setattr(web_server, "HEAD_S", 5.0)
    async with serving() as server:
        reader, writer = await connect(server)
        for part in (b"GET / HTTP/1.1\r\n", b"Host: x\r\n\r\n", b"GET / HT", b"TP/1.1\r\nHost: x\r\n\r\n"):
            writer.write(part)
            await writer.drain()
            if part.endswith(b"\r\n\r\n"):
                await asyncio.wait_for(reader.readuntil(b"here\n"), PATIENCE_S)
        writer.close()


async def test_idle_connections_do_not_keep_others_out(monkeypatch) -> None:
    """Whoever comes is served: the connection that has been idle for longest goes."""
    monkeypatch.setattr(web_server, "MAX_CONNECTIONS", 8)
    async with serving() as server:
        idle: List[Tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        for _ in range(30):
            idle.append(await connect(server))
            idle[-1][1].write(b"GET")
        assert b"here\n" == await fetch(server)
        await ended(idle[0][0])
        for _, writer in idle:
            writer.close()


async def test_who_does_not_read_is_cut_off(monkeypatch) -> None:
    """An answer that nobody reads does not lie in memory for ever."""
    monkeypatch.setattr(web_server, "WRITE_S", 0.1)
    async with serving() as server:
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        await asyncio.get_running_loop().sock_connect(deaf, (server.address.host, server.address.port))
        await asyncio.get_running_loop().sock_sendall(deaf, b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        state = server._server.server_state
        await until(lambda: state.connections)
        await until(lambda: not state.connections)
        deaf.close()


async def test_a_slow_reader_gets_it_all(monkeypatch) -> None:
    """Whoever reads on, however slowly, is not cut off."""
    async with serving() as server:
        reader, writer = await connect(server)
        writer.write(b"GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        size = 0
        while True:
            data = await asyncio.wait_for(reader.read(1 << 20), PATIENCE_S)
            if not data:
                break
            size += len(data)
            await asyncio.sleep(0)
        assert len(BIG) < size < len(BIG) + 1000
        writer.close()


def test_an_address_that_is_taken_is_told() -> None:
    """The error names the address and the remedy."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"127.0.0.1:{port}: .*; choose another address"):
            WebServer(Address("127.0.0.1", port), application)
