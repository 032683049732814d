"""The readers' end of the collector."""

from __future__ import annotations

import asyncio
import time
from typing import Any, AsyncIterator, Callable

import grpc
import grpc.aio

from ascend_doctor.collector.fleet import Fleet
from ascend_doctor.model.subject import is_node_name
from ascend_doctor.v1 import report_pb2, report_pb2_grpc
from ascend_doctor.wire.reports import node_message, report_messages

DEFAULT_PAGE = 500
MAX_PAGE = 5000
MAX_NAMES = 10_000

Context = grpc.aio.ServicerContext[Any, Any]


class ReportService(report_pb2_grpc.ReportServiceServicer):
    """Answers for the fleet. `Admission` sees to who may ask."""

    def __init__(self, fleet: Fleet, *, clock: Callable[[], float] = time.time) -> None:
        self._fleet = fleet
        self._clock = clock

    async def GetReport(  # noqa: N802 - the generated name
        self, request: report_pb2.GetReportRequest, context: Context
    ) -> AsyncIterator[report_pb2.GetReportResponse]:
        """Stream the report over the nodes that were asked for."""
        names = [*request.node_names, *request.job_hosts]
        if len(names) > MAX_NAMES or len(request.check_ids) > MAX_NAMES:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"more than {MAX_NAMES} names")
        wrong = next((name for name in names if not is_node_name(name)), None)
        if wrong is not None:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{wrong[:253]!r} is no name of a node")
        report = self._fleet.report(self._clock(), names, request.check_ids, passes=not request.without_passes)
        for message in report_messages(report):
            yield message
            await asyncio.sleep(0)  # let the streams of the nodes have their turn

    async def ListNodes(  # noqa: N802 - the generated name
        self, request: report_pb2.ListNodesRequest, context: Context
    ) -> report_pb2.ListNodesResponse:
        """Return one page of nodes; the token is the name of the last one before it."""
        nodes = self._fleet.report(self._clock()).nodes
        start = 0
        if request.page_token:
            names = [node.name for node in nodes]
            if request.page_token not in names:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the page token names no node; begin anew")
            start = names.index(request.page_token) + 1
        size = min(request.page_size, MAX_PAGE) if request.page_size > 0 else DEFAULT_PAGE
        page = nodes[start : start + size]
        more = start + size < len(nodes)
        return report_pb2.ListNodesResponse(
            nodes=[node_message(node) for node in page], next_page_token=page[-1].name if page and more else ""
        )
