"""The collector over HTTP: metrics, and whether it is alive and ready."""

from __future__ import annotations

import time
from typing import Callable, List, Tuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ascend_doctor.collector.admission import Admission
from ascend_doctor.collector.committer import Committer
from ascend_doctor.collector.fleet import Fleet
from ascend_doctor.collector.ingest import IngestService
from ascend_doctor.report import exposition, terminal
from ascend_doctor.report.doctor_metrics import fleet_families
from ascend_doctor.report.exposition import Families, Family

EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"
KEPT_S = 1.0
"""A page that is asked for again within this time is not made again: many may ask at once."""


def application(
    fleet: Fleet,
    ingest: IngestService,
    committer: Committer,
    admission: Admission,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """Return the web application. Every page only reads."""
    metrics = _Kept(
        lambda: exposition.render(
            [*fleet_families(fleet.report(clock())), *own_families(ingest, committer), *admission.families()]
        )
    )
    front = _Kept(lambda: terminal.render(fleet.report(clock()), width=100))

    async def show_metrics(_request: Request) -> Response:
        return Response(metrics.text(), media_type=EXPOSITION)

    async def show_report(_request: Request) -> Response:
        return PlainTextResponse(front.text())

    async def alive(_request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def ready(_request: Request) -> Response:
        if committer.healthy:
            return PlainTextResponse("ready\n")
        return PlainTextResponse("not ready: the store cannot be written\n", status_code=503)

    return Starlette(
        routes=[
            Route("/", show_report),
            Route("/metrics", show_metrics),
            Route("/healthz", alive),
            Route("/readyz", ready),
        ]
    )


def own_families(ingest: IngestService, committer: Committer) -> Tuple[Family, ...]:
    """Return how the collector itself fares."""
    found = Families()
    found.add("ascend_doctor_collector_streams", "Nodes that have a stream now", len(ingest.connected))
    found.add("ascend_doctor_collector_store_up", "Whether the last commit to the store went well", committer.healthy)
    found.add("ascend_doctor_collector_store_backlog", "Changes that wait for the store", committer.backlog)
    about = "Changes in the store since the collector started"
    found.add("ascend_doctor_collector_commits_total", about, committer.committed)
    for reason, count in sorted(ingest.refused.items()):
        about = "Streams that the collector closed, by reason"
        found.add("ascend_doctor_collector_refused_streams_total", about, count, reason=reason)
    return tuple(found)


class _Kept:
    """A page that is made at most once in a while."""

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make
        self._made_at: List[float] = []
        self._text = ""

    def text(self) -> str:
        now = time.monotonic()
        if not self._made_at or now - self._made_at[0] > KEPT_S:
            self._text = self._make()
            self._made_at = [now]
        return self._text
