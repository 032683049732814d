"""The endpoints below `/api/v1`. All of them only read."""

from __future__ import annotations

import hashlib
import time
from typing import Callable, Collection, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ascend_doctor.collector.api import documents, openapi
from ascend_doctor.collector.api.answers import JSON, Kept, answer, packed
from ascend_doctor.collector.api.events import EVENTS, EventStream
from ascend_doctor.collector.api.parameters import Parameters
from ascend_doctor.collector.api.problems import NotKnownError
from ascend_doctor.collector.history import DEFAULT_PAGE, MAX_PAGE, History
from ascend_doctor.collector.judged import Judged
from ascend_doctor.collector.reports import Reports
from ascend_doctor.collector.service import DEFAULT_NODES, MAX_NODES
from ascend_doctor.collector.store import HistoryQuery
from ascend_doctor.collector.watching import Watchers
from ascend_doctor.report import json_report


class Api:
    """Answers over HTTP what the gRPC service answers."""

    def __init__(
        self,
        reports: Reports,
        history: History,
        watchers: Watchers,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._reports = reports
        self._history = history
        self._watchers = watchers
        self._clock = clock
        self._whole = Kept(lambda judged: self._made(lambda: json_report.render(judged.whole), pack=False))
        self._packed = Kept(self._packed_report)
        self._document = openapi.text()

    def routes(self) -> Sequence[Route]:
        """Return what is served where."""
        return [
            Route(openapi.REPORT, self.report),
            Route(openapi.NODES, self.nodes),
            Route(openapi.NODE, self.node),
            Route(openapi.HISTORY, self.history),
            Route(openapi.WATCH, self.watch),
            Route(openapi.DOCUMENT, self.document),
        ]

    async def report(self, request: Request) -> Response:
        """Answer with the report, as `ascend-doctor report --format json` prints it."""
        asked = Parameters(request.query_params, "node", "check", "passes")
        nodes, checks, passes = asked.nodes(), asked.checks(), asked.flag("passes")
        judged = await self._reports.judged()

        async def body(pack: bool) -> bytes:
            if not (nodes or checks or passes):
                return await (self._packed if pack else self._whole).of(judged)
            return await self._made(lambda: json_report.render(judged.report(nodes, checks, passes=passes)), pack=pack)

        return await answer(request, _tag(judged, nodes, checks, [str(passes)]), body)

    async def nodes(self, request: Request) -> Response:
        """Answer with one page of nodes."""
        asked = Parameters(request.query_params, "limit", "cursor")
        size, last = asked.count("limit", DEFAULT_NODES, MAX_NODES), asked.name("cursor")
        judged = await self._reports.judged()
        return await answer(
            request,
            _tag(judged, [last, str(size)]),
            lambda pack: self._made(lambda: documents.nodes_text(judged, last, size), pack=pack),
        )

    async def node(self, request: Request) -> Response:
        """Answer with all that there is to say of one node."""
        Parameters(request.query_params)
        name = request.path_params["name"]
        judged = await self._reports.judged()
        if name not in judged.summaries:
            raise NotKnownError("the collector does not know this node", f"{openapi.NODES} lists the names")
        return await answer(
            request,
            _tag(judged, [name]),
            lambda pack: self._made(lambda: documents.node_text(judged, name), pack=pack),
        )

    async def history(self, request: Request) -> Response:
        """Answer with one page of the history."""
        asked = Parameters(request.query_params, "node", "check", "since", "until", "limit", "cursor")
        now = self._clock()
        query = HistoryQuery(
            nodes=tuple(asked.nodes()),
            checks=tuple(asked.checks()),
            since=asked.moment("since", now) or 0.0,
            until=asked.moment("until", now),
            before_id=asked.number("cursor"),
            limit=asked.count("limit", DEFAULT_PAGE, MAX_PAGE),
        )
        page = await self._history.page(query)
        data = await self._made(lambda: documents.history_text(page), pack=False)
        return Response(data, media_type=JSON, headers={"Cache-Control": "no-store"})

    async def watch(self, request: Request) -> Response:
        """Answer with what is and then every change of it, as server-sent events."""
        asked = Parameters(request.query_params, "node", "check")
        if request.method == "HEAD":
            return Response(media_type=EVENTS)
        return EventStream(self._watchers, asked.nodes(), asked.checks())

    async def document(self, request: Request) -> Response:
        """Answer with the OpenAPI document of the API."""
        Parameters(request.query_params)

        async def body(pack: bool) -> bytes:
            return packed(self._document.encode(), pack=pack)

        return await answer(request, hashlib.sha256(self._document.encode()).hexdigest()[:16], body)

    async def _packed_report(self, judged: Judged) -> bytes:
        data = await self._whole.of(judged)
        return await self._reports.workers.do(lambda: packed(data, pack=True))

    async def _made(self, text: Callable[[], str], *, pack: bool) -> bytes:
        """Make a body beside the event loop."""
        return await self._reports.workers.do(lambda: packed(text().encode(), pack=pack))


def _tag(judged: Judged, *asked: Collection[str]) -> str:
    """Return a text that is another one for every judgement and every question."""
    words = "\n".join(" ".join(sorted(item)) for item in asked)
    return f"{judged.seen.version}-{hashlib.sha256(words.encode()).hexdigest()[:12]}"
