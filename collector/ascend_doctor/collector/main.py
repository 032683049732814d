"""The whole collector in one event loop: gRPC for nodes and readers, HTTP for monitoring."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import time
from pathlib import Path
from typing import Callable, Collection, Iterator, Mapping, Optional

import attrs
import grpc.aio
import uvicorn

from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.engine import DEFAULTS, Settings
from ascend_doctor.collector.admission import Admission
from ascend_doctor.collector.committer import Committer
from ascend_doctor.collector.fleet import DEFAULT_DEADLINES, Deadlines, Fleet
from ascend_doctor.collector.ingest import IngestService
from ascend_doctor.collector.service import ReportService
from ascend_doctor.collector.sqlite_store import open_store
from ascend_doctor.collector.web import application
from ascend_doctor.v1 import ingest_pb2_grpc, report_pb2_grpc
from ascend_doctor.wire.channels import server_options
from ascend_doctor.wire.collector_session import DEFAULT_OFFER, Offer
from ascend_doctor.wire.credentials import Address, TlsFiles, require_tls

log = logging.getLogger(__name__)

GRACE_S = 3.0
RETURN_AFTER_S = 2.0


class ListenError(Exception):
    """A port cannot be listened on. The text names it and the remedy."""


@attrs.frozen
class CollectorSettings:
    """How one collector is run. `web` is None for no HTTP at all; `tls` is None on loopback only."""

    listen: Address
    store: Path
    tls: Optional[TlsFiles] = None
    web: Optional[Address] = None
    expected_nodes: Collection[str] = ()
    deadlines: Deadlines = DEFAULT_DEADLINES
    offer: Offer = DEFAULT_OFFER
    version: str = ""


@attrs.frozen
class Started:
    """Where a collector listens; the ports are the real ones where 0 was asked for."""

    listen: Address
    web: Optional[Address]


async def serve(
    settings: CollectorSettings,
    entries: Mapping[str, Entry],
    check_settings: Settings = DEFAULTS,
    *,
    started: Callable[[Started], None],
    stop: asyncio.Event,
) -> None:
    """Run a collector until `stop` is set; `started` is called once everything listens.

    Raises `CredentialError`, `StoreError` or `ListenError` when it cannot start.
    """
    require_tls(settings.listen, settings.tls)
    store = open_store(settings.store, time.time())
    try:
        fleet = Fleet(entries, check_settings, settings.deadlines, settings.expected_nodes, settings.version)
        fleet.restore(store.load())
        committer = Committer(store)
        secured = settings.tls is not None
        ingest = IngestService(fleet, committer, secured=secured, offer=settings.offer)
        admission = Admission(settings.tls)
        server = grpc.aio.server(options=server_options(), interceptors=[admission])
        ingest_pb2_grpc.add_IngestServiceServicer_to_server(ingest, server)
        report_pb2_grpc.add_ReportServiceServicer_to_server(ReportService(fleet), server)
        web = None if settings.web is None else _Web(settings.web, application(fleet, ingest, committer, admission))
        writer = asyncio.create_task(committer.run())
        watch = asyncio.create_task(admission.watch())
        try:
            port = _bind(server, settings.listen, admission)
            await server.start()
            if web is not None:
                await web.start()
            started(Started(attrs.evolve(settings.listen, port=port), None if web is None else web.address))
            await _either(stop, writer)
        finally:
            # Nodes go to another collector, or come back to the next process; what they sent is committed first.
            ingest.drain("the collector stops", RETURN_AFTER_S)
            await server.stop(GRACE_S)
            if web is not None:
                await web.stop()
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            committer.close()
            await writer
    finally:
        store.close()


async def _either(stop: asyncio.Event, writer: asyncio.Task[None]) -> None:
    """Wait until the collector is to stop. Without its writer it would go on and never acknowledge anything."""
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait((stopped, writer), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()


def _bind(server: grpc.aio.Server, listen: Address, admission: Admission) -> int:
    address = str(listen)
    try:
        if admission.follower is None:
            return server.add_insecure_port(address)
        return server.add_secure_port(address, admission.follower.credentials())
    except RuntimeError:
        raise ListenError(
            f"{address}: cannot be listened on; is the port taken, or the address not of this host?"
        ) from None


class _Web:
    """uvicorn inside a loop that is not its own: no signal handlers, and a socket bound beforehand."""

    def __init__(self, address: Address, app: object) -> None:
        self._socket = _listening_socket(address)
        self.address = attrs.evolve(address, port=self._socket.getsockname()[1])
        config = uvicorn.Config(
            app,  # type: ignore[arg-type]
            log_level="warning",
            access_log=False,
            lifespan="off",
            limit_concurrency=64,
            timeout_keep_alive=5,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._task: Optional[asyncio.Task[None]] = None

    async def start(self) -> None:
        self._server.capture_signals = _no_signals  # type: ignore[method-assign]
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started and not self._task.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        self._server.should_exit = True
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


async def run(
    settings: CollectorSettings,
    entries: Mapping[str, Entry],
    check_settings: Settings,
    started: Callable[[Started], None],
) -> None:
    """Run a collector as a program: until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(settings, entries, check_settings, started=started, stop=stop)
