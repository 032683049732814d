"""The readers' end of the collector."""

from __future__ import annotations

import asyncio
from typing import Any, AsyncIterator

import grpc
import grpc.aio

from ascend_doctor.collector.reports import Reports, TooMuchError
from ascend_doctor.model.subject import is_node_name
from ascend_doctor.v1 import report_pb2, report_pb2_grpc
from ascend_doctor.wire.credentials import READERS, identity_from_context
from ascend_doctor.wire.reports import node_message, report_messages

DEFAULT_PAGE = 500
MAX_PAGE = 5000
MAX_NAMES = 10_000

Context = grpc.aio.ServicerContext[Any, Any]


class ReportService(report_pb2_grpc.ReportServiceServicer):
    """Answers for the fleet. With `secured` the caller has to show a reader's or an operator's certificate."""

    def __init__(self, reports: Reports, *, secured: bool) -> None:
        self._reports = reports
        self._secured = secured

    async def GetReport(  # noqa: N802 - the generated name
        self, request: report_pb2.GetReportRequest, context: Context
    ) -> AsyncIterator[report_pb2.GetReportResponse]:
        """Stream the report over the nodes that were asked for."""
        await self._admit(context)
        names = [*request.node_names, *request.job_hosts]
        if len(names) > MAX_NAMES or len(request.check_ids) > MAX_NAMES:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"more than {MAX_NAMES} names")
        wrong = next((name for name in names if not is_node_name(name)), None)
        if wrong is not None:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{wrong[:253]!r} is no name of a node")
        try:
            report = await self._reports.report(names, request.check_ids, passes=request.with_passes)
        except TooMuchError as error:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))
        for message in report_messages(report):
            yield message
            await asyncio.sleep(0)  # let the streams of the nodes have their turn

    async def ListNodes(  # noqa: N802 - the generated name
        self, request: report_pb2.ListNodesRequest, context: Context
    ) -> report_pb2.ListNodesResponse:
        """Return one page of nodes; the token is the name of the last one before it."""
        await self._admit(context)
        nodes = tuple((await self._reports.judged()).summaries.values())
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

    async def _admit(self, context: Context) -> None:
        if not self._secured:
            return
        identity = identity_from_context(context.auth_context())
        if not identity.may(READERS):
            text = f"{identity} may not read reports; issue a certificate with --role reader"
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, text)
