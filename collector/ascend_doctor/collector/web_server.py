"""uvicorn inside a loop that is not its own, and with bounds that it has not itself."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import Any, Iterator, Optional

import attrs
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from ascend_doctor.wire.credentials import Address

HEAD_S = 10.0
"""How long a peer may take over the head of a request, from the first moment of a connection."""
WRITE_S = 60.0
"""How long a peer may leave an answer unread."""
MAX_CONNECTIONS = 256
MAX_HEAD = 64 << 10
"""Bytes of the head of a request: an URL may name some hundreds of nodes."""
STOP_S = 3


class ListenError(Exception):
    """A port cannot be listened on. The text names it and the remedy."""


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 for peers that may be slow, silent or many: none of them keeps the others out.

    A connection without a request ends after a while, and at once when there are too many and another one comes. So
    does one that does not read its answer.
    """

    def __init__(self, *words: Any, **more: Any) -> None:
        super().__init__(*words, **more)
        self._head_timer: Optional[asyncio.TimerHandle] = None
        self._write_timer: Optional[asyncio.TimerHandle] = None
        self.idle_since = time.monotonic()

    @property
    def is_idle(self) -> bool:
        """Whether the connection has no request that is being answered."""
        cycle: Optional[RequestResponseCycle] = self.cycle
        return cycle is None or cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Take a connection; end the one that has been idle for longest when there are too many."""
        super().connection_made(transport)
        self._expect()
        if len(self.connections) > MAX_CONNECTIONS:
            idle = [item for item in self.connections if isinstance(item, BoundedProtocol) and item.is_idle]
            min(idle, key=lambda item: item.idle_since).transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take some bytes; a head that is not whole after them keeps its deadline."""
        super().data_received(data)
        if not self.is_idle:
            self._head_timer = _cancel(self._head_timer)
        elif self._head_timer is None:
            self._expect()

    def on_response_complete(self) -> None:
        """Note when the connection became idle; uvicorn's own timer ends it when nothing comes any more."""
        self.idle_since = time.monotonic()
        super().on_response_complete()

    def connection_lost(self, exc: Optional[Exception]) -> None:
        """Let go of the timers."""
        self._head_timer = _cancel(self._head_timer)
        self._write_timer = _cancel(self._write_timer)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Begin to count when the peer does not read."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(WRITE_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop counting when the peer reads on."""
        super().resume_writing()
        self._write_timer = _cancel(self._write_timer)

    def _expect(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_S, self.transport.abort)


def _cancel(timer: Optional[asyncio.TimerHandle]) -> Optional[asyncio.TimerHandle]:
    """Cancel a timer, and return what is in its place: none."""
    if timer is not None:
        timer.cancel()
    return None


class _Server(uvicorn.Server):
    """Looks once a second what time it is, and not ten times whether it shall end: it is told."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ending = asyncio.Event()

    async def main_loop(self) -> None:
        """Be there until the end."""
        while not await self.on_tick(0):
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.ending.wait(), 1.0)


class WebServer:
    """Serves an application on a socket that is bound beforehand; signals are none of its business."""

    def __init__(self, address: Address, app: object) -> None:
        """Bind the socket. Raises `ListenError`."""
        self._socket = _listening_socket(address)
        self.address = attrs.evolve(address, port=self._socket.getsockname()[1])
        config = uvicorn.Config(
            app,  # type: ignore[arg-type]
            http=BoundedProtocol,
            log_level="warning",
            access_log=False,
            lifespan="off",
            limit_concurrency=2 * MAX_CONNECTIONS,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=STOP_S,
            h11_max_incomplete_event_size=MAX_HEAD,
            server_header=False,
            ws="none",
        )
        self._server = _Server(config)
        self._task: Optional[asyncio.Task[None]] = None

    async def start(self) -> None:
        """Begin to serve."""
        self._server.capture_signals = _no_signals  # type: ignore[method-assign]
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started and not self._task.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Answer what was asked, and end."""
        self._server.should_exit = True
        self._server.ending.set()
        if self._task is not None:
            await self._task
        self._socket.close()


@contextlib.contextmanager
def _no_signals() -> Iterator[None]:
    yield


def _listening_socket(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((address.host, address.port))
    except OSError as error:
        found.close()
        raise ListenError(
            f"{address}: {error.strerror or error}; choose another address (collector.web.listen)"
        ) from None
    return found
