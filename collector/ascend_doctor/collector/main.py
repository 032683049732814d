"""The whole collector in one event loop: gRPC for nodes and readers, HTTP for monitoring."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from typing import Callable, Collection, Mapping, Optional

import attrs
import grpc.aio

from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.engine import DEFAULTS, Settings
from ascend_doctor.collector.admission import Admission
from ascend_doctor.collector.committer import Committer
from ascend_doctor.collector.fleet import DEFAULT_DEADLINES, Deadlines, Fleet
from ascend_doctor.collector.garbage import keep_settled
from ascend_doctor.collector.history import History
from ascend_doctor.collector.ingest import IngestService
from ascend_doctor.collector.listening import bind
from ascend_doctor.collector.readers import Readers
from ascend_doctor.collector.reports import Reports
from ascend_doctor.collector.store import DEFAULT_RETENTION, News, Retention
from ascend_doctor.collector.store_opening import open_store
from ascend_doctor.collector.web_server import WebServer
from ascend_doctor.v1 import ingest_pb2_grpc
from ascend_doctor.wire.channels import server_options
from ascend_doctor.wire.collector_session import DEFAULT_OFFER, Offer
from ascend_doctor.wire.credentials import Address, TlsFiles, require_tls

log = logging.getLogger(__name__)

GRACE_S = 3.0
RETURN_AFTER_S = 2.0


@attrs.frozen
class CollectorSettings:
    """How one collector is run.

    `store` is the path of a file, or `postgresql://...`. `web` is None for no HTTP; `tls` is None on loopback only.
    """

    listen: Address
    store: str
    tls: Optional[TlsFiles] = None
    web: Optional[Address] = None
    expected_nodes: Collection[str] = ()
    deadlines: Deadlines = DEFAULT_DEADLINES
    retention: Retention = DEFAULT_RETENTION
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

    Raises `CredentialError`, `StoreError` or `web_server.ListenError` when it cannot start.
    """
    require_tls(settings.listen, settings.tls)
    store = open_store(settings.store, time.time())
    try:
        fleet = Fleet(settings.deadlines, settings.expected_nodes)
        fleet.take_up(store.load())

        def heard(news: News) -> None:
            ingest.heard(news)

        committer = Committer(store, news=heard, retention=settings.retention)
        reports = Reports(fleet, entries, check_settings, settings.version)
        secured = settings.tls is not None
        ingest = IngestService(fleet, committer, secured=secured, offer=settings.offer)
        admission = Admission(settings.tls)
        server = grpc.aio.server(options=server_options(), interceptors=[admission])
        ingest_pb2_grpc.add_IngestServiceServicer_to_server(ingest, server)
        history = History(store)
        readers = Readers(reports, history, ingest, committer, admission)
        readers.add_to(server)
        web = None if settings.web is None else WebServer(settings.web, readers.application())
        writer = asyncio.create_task(committer.run())
        keepers = [asyncio.create_task(work) for work in (ingest.keep_time(), admission.watch(), keep_settled())]
        try:
            port = bind(server, settings.listen, admission.credentials())
            await server.start()
            if web is not None:
                await web.start()
            readers.readiness.is_started = True
            started(Started(attrs.evolve(settings.listen, port=port), None if web is None else web.address))
            await _any_of(stop, writer, *keepers)
        finally:
            # Nodes go to another collector, or come back to the next process; what they sent is committed first.
            readers.drain()
            ingest.drain("the collector stops", RETURN_AFTER_S)
            await server.stop(GRACE_S)
            for task in keepers:
                task.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            if web is not None:
                await web.stop()
            committer.close()
            await writer
            history.close()
            reports.close()
    finally:
        store.close()


async def _any_of(stop: asyncio.Event, *work: asyncio.Task[None]) -> None:
    """Wait until the collector is to stop, or a bug has ended a part of it, which nobody would notice otherwise.

    It would go on and acknowledge nothing, or let in who is revoked.
    """
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait((stopped, *work), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    for task in work:
        if task.done():
            task.result()


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
