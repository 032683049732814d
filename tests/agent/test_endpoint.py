"""The HTTP server for the metrics: one page, bounded in everything."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest

from ascend_doctor.agent import endpoint
from ascend_doctor.agent.endpoint import Endpoint, Page
from waiting import PATIENCE_S, until

PAGES = {"/metrics": lambda: Page(b"up 1\n", "text/plain; version=0.0.4")}


async def _ask(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()
    return answer


async def _status(request: bytes) -> bytes:
    async with Endpoint("127.0.0.1", 0, PAGES) as server:
        return (await _ask(server.port, request)).partition(b"\r\n")[0]


async def test_a_page_is_served_whole():
    """GET brings the page with its type and its length, and the connection ends."""
    async with Endpoint("127.0.0.1", 0, PAGES) as server:
        head, _, body = (await _ask(server.port, b"GET /metrics?x=1 HTTP/1.1\r\nHost: x\r\n\r\n")).partition(
            b"\r\n\r\n"
        )
    lines = head.split(b"\r\n")
    assert b"HTTP/1.1 200 OK" == lines[0]
    assert b"Content-Type: text/plain; version=0.0.4" in lines
    assert b"Content-Length: 5" in lines
    assert b"Connection: close" in lines
    assert b"up 1\n" == body


async def test_head_brings_no_body():
    """HEAD tells of the page without sending it."""
    async with Endpoint("127.0.0.1", 0, PAGES) as server:
        answer = await _ask(server.port, b"HEAD /metrics HTTP/1.1\r\n\r\n")
    assert b"Content-Length: 5" in answer
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 404 Not Found"),
        (b"GET /../etc/passwd HTTP/1.0\r\n\r\n", b"HTTP/1.1 404 Not Found"),
        (b"POST /metrics HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", b"HTTP/1.1 405 Method Not Allowed"),
        (b"\x16\x03\x01 a tls hello\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (b"GET /metrics SPDY/3\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n", b"HTTP/1.1 431 Request Header Fields Too Large"),
    ],
)
async def test_what_is_no_request_for_the_page_is_refused(request_: bytes, expected: bytes):
    """Anything else gets the status that says so."""
    assert expected == await _status(request_)


async def test_one_who_says_nothing_is_turned_out(monkeypatch: pytest.MonkeyPatch):
    """A connection that brings no request is closed at a deadline, without an answer."""
    monkeypatch.setattr(endpoint, "REQUEST_DEADLINE_S", 0.05)
    async with Endpoint("127.0.0.1", 0, PAGES) as server:
        with contextlib.suppress(ConnectionResetError):  # closed before it has read what we said
            assert await _ask(server.port, b"GET /metrics HT") == b""
        await until(lambda: not server._connections)


async def test_too_many_at_once_are_turned_away(monkeypatch: pytest.MonkeyPatch):
    """Idle connections cannot pile up; when they have gone, there is room again."""
    monkeypatch.setattr(endpoint, "MAX_CONNECTIONS", 2)
    async with Endpoint("127.0.0.1", 0, PAGES) as server:
        idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        await until(lambda: len(server._connections) == 2)
        assert await _ask(server.port, b"") == b""
        for _, writer in idle:
            writer.close()
        await until(lambda: not server._connections)
        assert (await _ask(server.port, b"GET /metrics HTTP/1.1\r\n\r\n")).endswith(b"up 1\n")


async def test_the_end_does_not_wait_for_idle_connections():
    """Leaving breaks off what is under way."""
    async with Endpoint("127.0.0.1", 0, PAGES) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await until(lambda: server._connections)
    assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
    writer.close()


async def test_a_taken_address_is_told():
    """Two servers cannot have one address."""
    async with Endpoint("127.0.0.1", 0, PAGES) as server:
        with pytest.raises(OSError, match="in use"):
            await Endpoint("127.0.0.1", server.port, PAGES).__aenter__()


async def test_one_who_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch):
    """An answer that nobody takes does not keep its connection: that is broken off at a deadline."""
    monkeypatch.setattr(endpoint, "RESPONSE_DEADLINE_S", 0.2)
    async with Endpoint("127.0.0.1", 0, {"/metrics": lambda: Page(b"x" * 32_000_000)}) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as peer:
            peer.setblocking(False)
            peer.send(b"GET /metrics HTTP/1.1\r\n\r\n")
            await until(lambda: server._connections)
            await until(lambda: not server._connections)
            got, part = 0, b"-"
            while part:
                part = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(peer, 1 << 20), PATIENCE_S)
                got += len(part)
            assert got < 32_000_000
