"""A small HTTP server for one page of metrics: bounded in connections, time and size, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import http
from typing import Callable, Mapping, Optional, Set, Tuple

import attrs

MAX_CONNECTIONS = 16
MAX_HEAD_BYTES = 8 * 1024
REQUEST_DEADLINE_S = 5.0
RESPONSE_DEADLINE_S = 10.0


@attrs.frozen
class Page:
    """What a path answers with."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"


Pages = Mapping[str, Callable[[], Page]]


class Endpoint:
    """Serves pages by GET and HEAD. To be used as `async with`; `port` is then the one that it listens on.

    Each connection carries one request. More than `MAX_CONNECTIONS` at a time are turned away.
    Entering raises OSError when the address cannot be used.
    """

    def __init__(self, host: str, port: int, pages: Pages) -> None:
        self._host = host
        self.port = port
        self._pages = pages
        self._server: Optional[asyncio.AbstractServer] = None
        self._connections: Set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Endpoint:  # noqa: PYI034 - `Self` is not in Python 3.9
        """Begin to listen."""
        self._server = await asyncio.start_server(
            self._accept, self._host, self.port, limit=MAX_HEAD_BYTES, backlog=MAX_CONNECTIONS
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening, and break off what is under way."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._connections):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._connections) >= MAX_CONNECTIONS:
            writer.close()
            return
        self._connections.add(task)
        try:
            writer.transport.set_write_buffer_limits(high=0)  # drained is then what has left this process
            head = await _head(reader)
            writer.write(self._respond(head))
            await asyncio.wait_for(writer.drain(), RESPONSE_DEADLINE_S)
        except (OSError, asyncio.TimeoutError, asyncio.CancelledError):
            # Whoever asked has gone away or does not read, or the server stops: a mere close would wait for the reader.
            writer.transport.abort()
        finally:
            self._connections.discard(task)
            writer.close()

    def _respond(self, head: Optional[bytes]) -> bytes:
        if head is None:
            return _response(http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        words = head.partition(b"\r\n")[0].split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            return _response(http.HTTPStatus.BAD_REQUEST)
        method, path = words[0], words[1].partition(b"?")[0].decode("ascii", "replace")
        if method not in (b"GET", b"HEAD"):
            return _response(http.HTTPStatus.METHOD_NOT_ALLOWED, more="Allow: GET, HEAD\r\n")
        page = self._pages.get(path)
        if page is None:
            there = ", ".join(self._pages)
            return _response(http.HTTPStatus.NOT_FOUND, Page(f"There are {there}.\n".encode()))
        return _response(http.HTTPStatus.OK, page(), with_body=method == b"GET")


async def _head(reader: asyncio.StreamReader) -> Optional[bytes]:
    """Return the head of a request, or what there is of it; None when it is too long."""
    try:
        return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), REQUEST_DEADLINE_S)
    except asyncio.LimitOverrunError:
        return None
    except asyncio.IncompleteReadError as error:
        return error.partial


def _response(status: http.HTTPStatus, page: Optional[Page] = None, *, with_body: bool = True, more: str = "") -> bytes:
    shown = Page(f"{status.phrase}\n".encode()) if page is None else page
    fields: Tuple[str, ...] = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: {shown.content_type}",
        f"Content-Length: {len(shown.body)}",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
        "Connection: close",
    )
    head = "\r\n".join(fields) + "\r\n" + more + "\r\n"
    return head.encode("ascii") + (shown.body if with_body else b"")
