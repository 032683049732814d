"""The collector over HTTP: metrics, whether it is alive and ready, the report as text, and the API."""

from __future__ import annotations

from typing import Callable, Iterable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ascend_doctor.collector.api import problems
from ascend_doctor.collector.api.answers import Kept, answer, packed
from ascend_doctor.collector.api.endpoints import Api
from ascend_doctor.collector.judged import Judged
from ascend_doctor.collector.readiness import Readiness
from ascend_doctor.collector.reports import Reports
from ascend_doctor.report import exposition
from ascend_doctor.report.doctor_metrics import fleet_families
from ascend_doctor.report.exposition import CONTENT_TYPE, Family

PAGE_WIDTH = 100


def application(
    reports: Reports, api: Api, readiness: Readiness, own_families: Callable[[], Iterable[Family]]
) -> Starlette:
    """Return the web application. Every page only reads."""

    async def make_page(judged: Judged) -> bytes:
        from ascend_doctor.report import terminal  # noqa: PLC0415 - 3 MB that a collector nobody looks at does not need

        return await reports.workers.do(lambda: terminal.render(judged.whole, width=PAGE_WIDTH).encode())

    async def make_metrics(judged: Judged) -> bytes:
        return await reports.scrapes.do(lambda: exposition.render(fleet_families(judged.whole)).encode())

    page, metrics = Kept(make_page), Kept(make_metrics)

    async def show_report(request: Request) -> Response:
        judged = await reports.judged()

        async def body(pack: bool) -> bytes:
            data = await page.of(judged)
            return await reports.workers.do(lambda: packed(data, pack=pack))

        return await answer(request, judged.seen.version, body, "text/plain")

    async def show_metrics(_request: Request) -> Response:
        data = await metrics.of(await reports.judged())
        return Response(data + exposition.render(own_families()).encode(), media_type=CONTENT_TYPE)

    async def alive(_request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def ready(_request: Request) -> Response:
        trouble = readiness.trouble
        return PlainTextResponse(f"not ready: {trouble}\n" if trouble else "ready\n", 503 if trouble else 200)

    return Starlette(
        routes=[
            Route("/", show_report),
            Route("/metrics", show_metrics),
            Route("/healthz", alive),
            Route("/readyz", ready),
            *api.routes(),
        ],
        exception_handlers=dict.fromkeys(problems.TOLD, problems.tell),
    )
